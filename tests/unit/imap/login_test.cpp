#include "imap/login.hpp"

#include "imap/refusal.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace otpctl::imap;  // NOLINT: a test of this namespace
using otpctl::ErrorCode;
using otpctl::Secret;

otpctl::Result<LoginScript> script(const Credentials& credentials, const char* offered) {
  Options options;
  options.host = "imap.example.com";
  return script_login(credentials, parse_capabilities(offered), options);
}

std::string command(const Credentials& credentials, const char* offered) {
  auto made = script(credentials, offered);
  return made ? std::string(made->command.reveal())
              : "error " + std::string(name_of(made.error().code));
}

Password password(std::string text, std::string user = "alice") {
  return {std::move(user), Secret(std::move(text))};
}
Bearer bearer(std::string text) { return {"alice", Secret(std::move(text))}; }

StatusResponse status(const char* line) {
  RawResponse raw;
  raw.text = line;
  return std::get<StatusResponse>(parse_response(std::move(raw)));
}

bool temporary(const char* line) { return is_temporary(status(line)); }

}  // namespace

TEST_CASE("a password prefers AUTHENTICATE PLAIN, and LOGIN is respected as disabled") {
  CHECK(command(password("x"), "IMAP4rev1 AUTH=PLAIN LOGINDISABLED") == "AUTHENTICATE PLAIN");
  CHECK(command(password("x"), "IMAP4rev1 AUTH=PLAIN SASL-IR") ==
        "AUTHENTICATE PLAIN AGFsaWNlAHg=");
  CHECK(command(password("x"), "IMAP4rev1") == "LOGIN \"alice\" \"x\"");
  CHECK(command(password("x"), "IMAP4rev1 LOGINDISABLED") == "error auth_rejected");
}

TEST_CASE("M18 nothing in a user name or password ends the line early") {
  CHECK(command(password("a b\"\\"), "IMAP4rev1") == "LOGIN \"alice\" \"a b\\\"\\\\\"");
  for (std::string bad : {std::string("a\r\nA9 DELETE INBOX"), std::string("a\nb"),
                          std::string("a\rb"), std::string("a\0b", 3)}) {
    CHECK(command(password(bad), "IMAP4rev1") == "error config");
    CHECK(command(password(bad), "IMAP4rev1 AUTH=PLAIN") == "error config");
    CHECK(command(password("x", bad), "IMAP4rev1") == "error config");
    CHECK(command(bearer(bad), "AUTH=XOAUTH2") == "error config");
  }
  CHECK(command(password("x", ""), "IMAP4rev1") == "error config");
  CHECK(command(bearer("tok en"), "AUTH=XOAUTH2") == "error config");
  CHECK(command(bearer(""), "AUTH=XOAUTH2") == "error config");
}

TEST_CASE("a literal is sent at once only where the server said so") {
  auto both = script(Password{"\xc3\xa4", Secret("\xc3\xb6")}, "IMAP4rev1");
  REQUIRE(both);
  CHECK(both->command.reveal() == "LOGIN {2}");
  REQUIRE(both->answers.size() == 2);
  CHECK(both->answers[0].reveal() == "\xc3\xa4 {2}");
  CHECK(both->answers[1].reveal() == "\xc3\xb6");
  CHECK(command(password("\xc3\xb6"), "LITERAL-") == "LOGIN \"alice\" {2+}\r\n\xc3\xb6");
  std::string big(4097, '\xff');
  CHECK(command(password(big), "LITERAL-") == "LOGIN \"alice\" {4097}");
  CHECK(command(password(big), "LITERAL+") == "LOGIN \"alice\" {4097+}\r\n" + big);
}

TEST_CASE("OAUTHBEARER escapes the user name, a token is never used as a password") {
  auto made = script(Bearer{"a=b,c", Secret("tok")}, "AUTH=OAUTHBEARER");
  REQUIRE(made);
  CHECK(made->command.reveal() == "AUTHENTICATE OAUTHBEARER");
  REQUIRE(made->answers.size() == 1);
  // n,a=a=3Db=2Cc,^Ahost=imap.example.com^Aport=993^Aauth=Bearer tok^A^A
  CHECK(made->answers[0].reveal() ==
        "bixhPWE9M0RiPTJDYywBaG9zdD1pbWFwLmV4YW1wbGUuY29tAXBvcnQ9OTkzAWF1dGg9QmVhcmVyIHRvawEB");
  CHECK(command(bearer("tok"), "IMAP4rev1 AUTH=PLAIN") == "error auth_rejected");
}

TEST_CASE("no error of the sign-in holds the secret") {
  for (const char* offered : {"IMAP4rev1 LOGINDISABLED", "IMAP4rev1"}) {
    auto refused = script(password("pa\rss-example"), offered);
    REQUIRE(!refused);
    CHECK(refused.error().message.find("ss-example") == std::string::npos);
  }
  auto refused = script(bearer("tok example"), "AUTH=XOAUTH2");
  REQUIRE(!refused);
  CHECK(refused.error().message.find("example") == std::string::npos);
}

TEST_CASE("I09 temporary and permanent refusals by code, by words where there is no code") {
  for (const char* line :
       {"A1 NO [UNAVAILABLE] x", "A1 NO [INUSE] x", "A1 NO [LIMIT] x", "A1 NO [SERVERBUG] x",
        "A1 NO [OVERQUOTA] Account exceeded bandwidth limits", "A1 NO System Error (Failure)",
        "A1 NO [ALERT] Too many simultaneous connections. (Failure)", "A1 NO try again later"}) {
    CAPTURE(line);
    CHECK(temporary(line));
  }
  for (const char* line :
       {"A1 NO [AUTHENTICATIONFAILED] Temporarily wrong password", "A1 NO LOGIN failed.",
        "A1 NO [WEBALERT https://example.com/] Web login required.", "A1 NO [EXPIRED] x",
        "A1 NO [ALERT] Application-specific password required",
        "A1 BAD Command Argument Error. 12"}) {
    CAPTURE(line);
    CHECK(!temporary(line));
  }
}

TEST_CASE("I10 the suggested pause: read, capped at 5 min, and nothing for garbage") {
  auto pause = [](const char* words) {
    auto failed = special_failure(status(
        (std::string("A1 NO Request is throttled. Suggested Backoff Time: ") + words).c_str()));
    REQUIRE(failed);
    CHECK(failed->error.code == ErrorCode::throttled);
    return failed->retry_after;
  };
  CHECK(*pause("1500 milliseconds") == std::chrono::milliseconds(1500));
  CHECK(*pause("300000 milliseconds") == std::chrono::minutes(5));
  CHECK(*pause("300001 milliseconds") == std::chrono::minutes(5));
  CHECK(*pause("99999999999999999999 milliseconds") == std::chrono::minutes(5));
  CHECK(!pause("-5 milliseconds"));
  CHECK(!pause("soon"));
  CHECK(!pause(""));
  CHECK(!special_failure(status("A1 OK Success [THROTTLED]")));
}

TEST_CASE("M06 words of the server are escaped") {
  CHECK(login_refused(status("A1 NO [X\x1b] bad\x1b]0;title\x07")).words ==
        "bad\\x1b]0;title\\x07");
  CHECK(login_refused(status("A1 NO [X\x1b] bad")).response_code == "X\\x1b");
}
