#include "smtp/command.hpp"

#include <doctest/doctest.h>

using namespace otpctl::smtp;

namespace {

std::string rcpt(const std::string& path) {
  const auto parsed = parse_rcpt("TO:" + path);
  return parsed ? *parsed : std::string(parsed.error().substr(0, 3));
}

std::string mail(const std::string& argument) {
  const auto parsed = parse_mail(argument);
  return parsed ? "<" + parsed->sender + ">" : std::string(parsed.error().substr(0, 3));
}

}  // namespace

TEST_CASE("verbs are known in any case and end at white space") {
  CHECK(parse_command("mAiL FROM:<>").verb == Verb::mail);
  CHECK(parse_command("MAIL  FROM:<> ").argument == "FROM:<>");
  CHECK(parse_command("DATA").verb == Verb::data);
  CHECK(parse_command("DATAX").verb == Verb::unknown);
  CHECK(parse_command(" NOOP").verb == Verb::unknown);
  CHECK(parse_command("").verb == Verb::unknown);
}

TEST_CASE("addresses as they come are taken") {
  CHECK(rcpt("<bot5@example.com>") == "bot5@example.com");
  CHECK(rcpt(" <bot5@example.com> ") == "bot5@example.com");
  CHECK(rcpt("<bot..5.@example.com>") ==
        "bot..5.@example.com");  // phone carriers hand such names out
  CHECK(rcpt("<şule@bücher.example>") == "şule@bücher.example");
  CHECK(rcpt("<\"a b>\\\"@c\"@example.com>") == "\"a b>\\\"@c\"@example.com");
  CHECK(rcpt("<a@[192.0.2.1]>") == "a@[192.0.2.1]");
  CHECK(rcpt("<a@[IPv6:2001:db8::1]>") == "a@[IPv6:2001:db8::1]");
  CHECK(rcpt("<postmaster>") == "postmaster");
  CHECK(rcpt("<@relay.example,@b.example:bot5@example.com>") == "bot5@example.com");
}

TEST_CASE("what could be a second recipient, a header or a control sequence is no address") {
  for (const std::string path :
       {"<>", "<a@example.com,b@example.com>", "<a b@example.com>", "<a@>", "<@example.com>",
        "<a@example.com;b>", "<a\x1b[2J@example.com>", "<\"a\x01\"@example.com>", "<a@b c>",
        "<\"a@example.com>", "<a<b@example.com>", "<\"a\"b@example.com>", "<a@[192.0.2.1>",
        "<a\xff@example.com>"})
    CHECK_MESSAGE(rcpt(path) == "501", path);
  CHECK(rcpt("<a" + std::string(1, '\0') + "@example.com>") == "501");
  CHECK(rcpt("bot5@example.com") == "501");
  CHECK(rcpt("<a@example.com>b") == "501");
  CHECK(parse_rcpt("FROM:<a@example.com>").error() == "501 5.5.4 write RCPT TO:<address>");
}

TEST_CASE("an address of 320 bytes is taken, of 321 not") {
  const std::string domain = "@" + std::string(300, 'd');
  CHECK(rcpt("<" + std::string(19, 'a') + domain + ">").size() == 320);
  CHECK(rcpt("<" + std::string(20, 'a') + domain + ">") == "501");
}

TEST_CASE("parameters that were offered are taken, others refused") {
  CHECK(mail("FROM:<>") == "<>");
  CHECK(mail("from: <a@example.com> size=5 body=8bitmime SMTPUTF8") == "<a@example.com>");
  CHECK(parse_mail("FROM:<> SIZE=5")->size == 5);
  CHECK_FALSE(parse_mail("FROM:<>")->size.has_value());
  CHECK(mail("FROM:<> BODY=7BIT") == "<>");
  for (const char* wrong : {"SIZE", "SIZE=", "SIZE=-1", "SIZE=5x", "SIZE=9999999999999999999",
                            "BODY=BINARYMIME", "BODY"})
    CHECK_MESSAGE(mail(std::string("FROM:<> ") + wrong) == "501", wrong);
  for (const char* unknown : {"RET=HDRS", "SMTPUTF8=1", "X"})
    CHECK_MESSAGE(mail(std::string("FROM:<> ") + unknown) == "555", unknown);
  CHECK(rcpt("<a@example.com> NOTIFY=NEVER") == "555");
  CHECK(mail("FROM:<a@example.com>SIZE=5") == "501");
  CHECK(mail("FROM <a@example.com>") == "501");
  CHECK(mail("FROM:<a@example.com") == "501");
}
