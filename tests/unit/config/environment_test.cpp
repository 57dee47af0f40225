#include "support.hpp"

#include <map>

using namespace otpctl;
using namespace otpctl::config;
using namespace std::chrono_literals;
using Variables = std::map<std::string, std::string>;

namespace {

Result<Config> from(const Variables& variables) {
  return from_environment([&](const char* name) {
    CHECK_FALSE(contains(name, "PASSWORD"));  // only their names are handed on
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  });
}

Mailbox mailbox_of(const Variables& variables) {
  const auto config = from(variables);
  REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().message));
  REQUIRE(config->mailboxes.size() == 1);
  CHECK(config->path.empty());
  return config->mailboxes[0];
}

std::string refusal(const Variables& variables) {
  const auto config = from(variables);
  REQUIRE_FALSE(config.has_value());
  CHECK(config.error().code == ErrorCode::config);
  return config.error().message;
}

SecretSource variable(const std::string& name) { return {SecretSource::Kind::env, {}, name}; }

}  // namespace

TEST_CASE("without any of the names nothing is filled") {
  const auto config = from({{"HOME", "/home/bot"}});
  REQUIRE(config.has_value());
  CHECK(*config == Config());
}

TEST_CASE("OTPCTL_MAILBOX names user, host, port and folder") {
  Mailbox expected;
  expected.name = "main";
  expected.address = "me@example.com";
  expected.user = "me@example.com";
  expected.host = "imap.example.com";
  expected.port = 1993;
  expected.folders = {"Codes/2026 ü"};
  expected.password = variable("OTPCTL_PASSWORD");
  CHECK(mailbox_of({{"OTPCTL_MAILBOX",
                     "imaps://me%40example.com@imap.example.com:1993/Codes/2026%20%C3%BC"}}) ==
        expected);
}

TEST_CASE("OTPCTL_MAILBOX takes its defaults, a user with a bare @ and STARTTLS by imap://") {
  const Mailbox bare = mailbox_of({{"OTPCTL_MAILBOX", "imaps://me@example.com@imap.example.com"}});
  CHECK(bare.user == "me@example.com");
  CHECK(bare.host == "imap.example.com");
  CHECK(bare.port == 993);
  CHECK(bare.folders == std::vector<std::string>{"INBOX"});
  const Mailbox starttls = mailbox_of({{"OTPCTL_MAILBOX", "IMAP://reader@[2001:db8::1]/"}});
  CHECK(starttls.tls == Tls::starttls);
  CHECK(starttls.port == 143);
  CHECK(starttls.host == "2001:db8::1");
  CHECK(starttls.address.empty());
  CHECK(mailbox_of({{"OTPCTL_MAILBOX", "imaps://u@[2001:db8::1]:1993"}}).port == 1993);
}

TEST_CASE("an OTPCTL_MAILBOX that cannot be meant is refused and never repeated") {
  for (const char* wrong :
       {"me@example.com", "pop3://hunter2x@h", "imaps://h", "imaps://@h", "imaps://hunter2x@",
        "imaps://hunter2x@h:0", "imaps://hunter2x@h:65536",
        "imaps://hunter2x@h:", "imaps://hunter2x@h:99x", "imaps://hunter2x%4@h",
        "imaps://hunter2x%zz@h", "imaps://hunter2x%0d%0a@h", "imaps://hunter2x%00@h",
        "imaps://hunter2x@a b", "imaps://hunter2x@h/a%0ab", "imaps://hunter2x%ff@h",
        "imaps://hunter2x@[::1", "imaps://hunter2x@[::1]x", "imaps://hunter2x@[h]"}) {
    const std::string message = refusal({{"OTPCTL_MAILBOX", wrong}});
    CHECK_MESSAGE(starts(message, "OTPCTL_MAILBOX: write imaps://user@"), wrong);
    CHECK_FALSE(contains(message, "hunter"));
  }
}

TEST_CASE("a password in the URL is refused with the fix") {
  const std::string message = refusal({{"OTPCTL_MAILBOX", "imaps://me:hunter2x@imap.example.com"}});
  CHECK(contains(message, "OTPCTL_PASSWORD"));
  CHECK_FALSE(contains(message, "hunter"));
  CHECK_FALSE(
      contains(refusal({{"OTPCTL_MAILBOX", "imaps://me:hun/ter2x@imap.example.com"}}), "ter2x"));
}

TEST_CASE("the names people have: the host is guessed from the domain") {
  const Mailbox gmail = mailbox_of({{"OTP_MANAGER_EMAIL", "Me@Gmail.com"}});
  CHECK(gmail.host == "imap.gmail.com");
  CHECK(gmail.user == "Me@Gmail.com");
  CHECK(gmail.address == "Me@Gmail.com");
  CHECK(gmail.password == variable("OTP_MANAGER_APP_PASSWORD"));
  const Mailbox outlook = mailbox_of({{"M365_EMAIL", "me@outlook.com"}});
  CHECK(outlook.host == "outlook.office365.com");
  CHECK(outlook.password == variable("M365_APP_PASSWORD"));
}

TEST_CASE("a domain that is not known needs OTPCTL_MAILBOX_HOST, and the error says so") {
  CHECK(contains(refusal({{"OTP_MANAGER_EMAIL", "me@example.com"}}), "set OTPCTL_MAILBOX_HOST"));
  CHECK(contains(refusal({{"M365_EMAIL", "me@example.com"}}), "outlook.office365.com"));
  CHECK(mailbox_of(
            {{"M365_EMAIL", "me@example.com"}, {"OTPCTL_MAILBOX_HOST", "outlook.office365.com"}})
            .host == "outlook.office365.com");
  CHECK(mailbox_of({{"OTP_MANAGER_EMAIL", "me@gmail.com"},
                    {"OTPCTL_MAILBOX_HOST", "imap.example.com:1993"}})
            .port == 1993);
  CHECK(starts(refusal({{"M365_EMAIL", "me@example.com"}, {"OTPCTL_MAILBOX_HOST", "imaps://x"}}),
               "OTPCTL_MAILBOX_HOST: write"));
}

TEST_CASE("an address that is none is refused with its variable") {
  CHECK(refusal({{"OTP_MANAGER_EMAIL", "bot"}}) == "OTP_MANAGER_EMAIL: 'bot' is no mail address");
  CHECK(starts(refusal({{"M365_EMAIL", "a b@example.com"}}), "M365_EMAIL:"));
}

TEST_CASE("our own name wins over the older ones") {
  const Variables all{{"OTPCTL_MAILBOX", "imaps://a@h"},
                      {"OTP_MANAGER_EMAIL", "b@gmail.com"},
                      {"M365_EMAIL", "c@outlook.com"}};
  CHECK(mailbox_of(all).user == "a");
  CHECK(mailbox_of({{"OTP_MANAGER_EMAIL", "b@gmail.com"}, {"M365_EMAIL", "c@outlook.com"}}).user ==
        "b@gmail.com");
}

TEST_CASE("the time-outs people have are seconds or durations") {
  const auto config = from({{"OTP_MANAGER_TIMEOUT", "45"}, {"OTP_MANAGER_SESSION_TIMEOUT", "15m"}});
  REQUIRE(config.has_value());
  CHECK(config->wait_timeout == 45s);
  CHECK(config->session_ttl == 15min);
  CHECK(config->mailboxes.empty());
  CHECK(starts(refusal({{"OTP_MANAGER_TIMEOUT", "soon"}}), "OTP_MANAGER_TIMEOUT: 'soon'"));
  CHECK(contains(refusal({{"OTP_MANAGER_SESSION_TIMEOUT", "0"}}), "at least 1s"));
}

TEST_CASE("known providers are whole domains in any case, nothing that only looks like one") {
  CHECK(known_imap_host("gmail.com") == "imap.gmail.com");
  CHECK(known_imap_host("GoogleMail.com") == "imap.gmail.com");
  CHECK(known_imap_host("hotmail.com.tr") == "outlook.office365.com");
  CHECK(known_imap_host("contoso.onmicrosoft.com") == "outlook.office365.com");
  CHECK(known_imap_host("me.com") == "imap.mail.me.com");
  CHECK(known_imap_host("yahoo.co.uk") == "imap.mail.yahoo.com");
  CHECK(known_imap_host("yahoo.co.jp") == "imap.mail.yahoo.co.jp");
  CHECK(known_imap_host("fastmail.com") == "imap.fastmail.com");
  CHECK(known_imap_host("gmx.de") == "imap.gmx.net");
  CHECK(known_imap_host("gmx.com") == "imap.gmx.com");
  CHECK(known_imap_host("web.de") == "imap.web.de");
  CHECK(known_imap_host("yandex.ru") == "imap.yandex.com");
  CHECK(known_imap_host("mail.ru") == "imap.mail.ru");
  CHECK(known_imap_host("zoho.eu") == "imap.zoho.eu");
  for (const char* unknown :
       {"", " ", "example.com", "mail.gmail.com", "gmail.com.example", "outlook.example", "com",
        "ail.ru", ".onmicrosoft.com", "gmail.com googlemail.com", "live"})
    CHECK_MESSAGE(known_imap_host(unknown) == std::nullopt, unknown);
}
