#include "message/message.hpp"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace otpctl;
using namespace otpctl::message;

namespace {

using List = std::vector<std::string>;

Recipients of(const std::string& headers, const MailOptions& options = {"catchall@example.com", {}},
              List door = {}) {
  return read_mail({std::move(door), headers + "\r\nbody\r\n"}, options).recipients;
}

const std::string kReceived =
    "Received: from mx.example.net by mail.example.com; Fri, 20 Nov 2026 09:33:58 +0000\r\n";

}  // namespace

TEST_CASE("a stamp above the topmost Received decides, To and Cc are only claims") {
  const auto found = of("Delivered-To: Bot5@example.com\r\n" + kReceived +
                        "To: bot6@example.com\r\nCc: bot7@example.com\r\n");
  CHECK(found.stamped == List{"bot5@example.com"});
  CHECK(found.claimed == List{"bot6@example.com", "bot7@example.com"});
  CHECK_FALSE(found.to_mailbox_itself);
}

TEST_CASE("F09 a stamp below the topmost Received is the sender's text") {
  for (const char* name :
       {"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Gm-Original-To",
        "X-Real-To", "X-Rcpt-To", "X-Forwarded-To", "Apparently-To", "Resent-To"}) {
    CAPTURE(name);
    const auto found =
        of("Delivered-To: bot5@example.com\r\n" + kReceived + name + ": bot6@example.com\r\n");
    CHECK(found.stamped == List{"bot5@example.com"});
    CHECK(found.claimed.empty());
  }
}

TEST_CASE("F09 a forged stamp alone is no stamp") {
  const auto found = of(kReceived + "Delivered-To: bot6@example.com\r\nTo: bot5@example.com\r\n");
  CHECK(found.stamped.empty());
  CHECK(found.claimed == List{"bot5@example.com"});
}

TEST_CASE("the classes of stamps come in order, each address once") {
  const auto found =
      of("Delivered-To: final@example.com\r\nX-Forwarded-To: fwd@example.com\r\nX-Original-To: "
         "bot5@example.com\r\n"
         "Delivered-To: bot5@example.com\r\nEnvelope-To: bot6@example.com, bot7@example.com\r\n" +
         kReceived);
  CHECK(found.stamped == List{"bot5@example.com", "bot6@example.com", "bot7@example.com",
                              "final@example.com", "fwd@example.com"});
}

TEST_CASE("the mailbox's own address is flagged and left out") {
  const auto found =
      of("Delivered-To: CatchAll@example.com\r\nDelivered-To: bot5@example.com\r\n" + kReceived);
  CHECK(found.stamped == List{"bot5@example.com"});
  CHECK(found.to_mailbox_itself);
}

TEST_CASE("a stamp that is only the mailbox itself does not count: the claims decide") {
  const auto found =
      of("Delivered-To: catchall@example.com\r\n" + kReceived + "To: bot5@example.com\r\n");
  CHECK(found.stamped.empty());
  CHECK(found.claimed == List{"bot5@example.com"});
  CHECK(found.to_mailbox_itself);
}

TEST_CASE("F10 several claims stay several, in order") {
  const auto found =
      of(kReceived + "To: bot5@example.com, bot6@example.com\r\nCc: bot5@EXAMPLE.com\r\n");
  CHECK(found.stamped.empty());
  CHECK(found.claimed == List{"bot5@example.com", "bot6@example.com"});
}

TEST_CASE("recipients of our own door come before everything and decide alone") {
  const auto found =
      of("Delivered-To: bot6@example.com\r\n" + kReceived + "To: bot7@example.com\r\n", {},
         {"BOT5@example.com"});
  CHECK(found.stamped == List{"bot5@example.com"});
  CHECK(found.claimed.empty());
}

TEST_CASE("a door that knows only the mailbox itself leaves it to the header") {
  const auto found = of("X-Original-To: bot5@example.com\r\n" + kReceived,
                        {"catchall@example.com", {}}, {"catchall@example.com"});
  CHECK(found.stamped == List{"bot5@example.com"});
  CHECK(found.to_mailbox_itself);
}

TEST_CASE("a door's recipient that is no address is named as a problem") {
  const Message message = read_mail({{"nobody"}, kReceived + "To: bot5@example.com\r\n\r\n"}, {});
  CHECK(message.recipients.claimed == List{"bot5@example.com"});
  CHECK(message.problems == List{"a recipient of the transport is no address"});
}

TEST_CASE("without any Received the unbroken run of trace fields at the top is the server's") {
  const auto found =
      of("Return-Path: <a@example.net>\r\nDelivered-To: bot5@example.com\r\nFrom: a@example.net\r\n"
         "X-Original-To: bot6@example.com\r\nTo: bot7@example.com\r\n");
  CHECK(found.stamped == List{"bot5@example.com"});
  CHECK(found.claimed == List{"bot7@example.com"});
}

TEST_CASE("without any Received a stamp behind a field of the sender is none") {
  const auto found = of("Subject: x\r\nDelivered-To: bot6@example.com\r\nTo: bot5@example.com\r\n");
  CHECK(found.stamped.empty());
  CHECK(found.claimed == List{"bot5@example.com"});
}

TEST_CASE("configured names are exclusive") {
  const MailOptions options{"catchall@example.com", {"X-Bot"}};
  const auto found = of("Delivered-To: bot6@example.com\r\nX-Bot: bot5@example.com\r\n" +
                            kReceived + "To: bot7@example.com\r\n",
                        options);
  CHECK(found.stamped == List{"bot5@example.com"});
  CHECK(found.claimed.empty());
  const auto none =
      of("Delivered-To: bot6@example.com\r\n" + kReceived + "To: bot7@example.com\r\n", options);
  CHECK(none.stamped.empty());
  CHECK(none.claimed.empty());
}

TEST_CASE("a configured name behind an own further hop: its topmost instance counts, no other") {
  const MailOptions options{"", {"Envelope-To"}};
  const auto found = of(kReceived + "Envelope-to: bot5@example.com\r\n" + kReceived +
                            "Envelope-to: forged@example.com\r\n",
                        options);
  CHECK(found.stamped == List{"bot5@example.com"});
}

TEST_CASE("To as a configured name stays a claim") {
  const auto found = of(
      "Delivered-To: bot6@example.com\r\n" + kReceived + "To: bot7@example.com\r\n", {"", {"to"}});
  CHECK(found.stamped.empty());
  CHECK(found.claimed == List{"bot7@example.com"});
}

TEST_CASE("X-Forwarded-For names the target second") {
  const auto found = of("X-Forwarded-For: account@example.net bot5@example.com\r\n" + kReceived);
  CHECK(found.stamped == List{"bot5@example.com"});
}

TEST_CASE("F23 groups, comments, quoted names and encoded words") {
  const auto found =
      of(kReceived +
         "To: Team: \"Doe, Jane\" <jane@example.com> (work (new)), bot5@example.com;,\r\n"
         " =?utf-8?q?G=C3=BCl?= <gul@example.com>, \"odd name\"@example.com\r\n");
  CHECK(found.claimed == List{"jane@example.com", "bot5@example.com", "gul@example.com",
                              "\"odd name\"@example.com"});
}

TEST_CASE("F23 undisclosed recipients are nobody") {
  const auto found = of(kReceived + "To: undisclosed-recipients:;\r\n");
  CHECK(found.stamped.empty());
  CHECK(found.claimed.empty());
}

TEST_CASE("the topmost Received says for whom when To and Cc name nobody") {
  const std::string top =
      "Received: from a by b with ESMTPS id 1\r\n\tfor <Bot5@example.com>; Fri, 20 Nov 2026 "
      "09:33:58 +0000\r\n";
  const std::string below =
      "Received: from x by y for <bot6@example.com>; Fri, 20 Nov 2026 09:33:57 +0000\r\n";
  CHECK(of(top + below + "To: undisclosed-recipients:;\r\n").claimed == List{"bot5@example.com"});
  CHECK(of(top + below + "To: bot7@example.com\r\n").claimed == List{"bot7@example.com"});
  CHECK(of(kReceived + below).claimed.empty());
}

TEST_CASE("RFC 6531 addresses and U-labels in To") {
  const auto found = of(kReceived + "To: büro@bücher.example\r\n");
  CHECK(found.claimed == List{"büro@xn--bcher-kva.example"});
}

TEST_CASE("F23 200 addresses are kept, one more is a problem") {
  std::string to;
  for (int i = 0; i < 200; ++i) to += (i ? ", bot" : "bot") + std::to_string(i) + "@example.com";
  const Message fits = read_mail({{}, kReceived + "To: " + to + "\r\n\r\n"}, {});
  CHECK(fits.recipients.claimed.size() == 200);
  CHECK(fits.problems.empty());
  const Message over = read_mail({{}, kReceived + "To: " + to + ", more@example.com\r\n\r\n"}, {});
  CHECK(over.recipients.claimed.size() == 200);
  CHECK(over.problems == List{"over 200 addresses"});
}

TEST_CASE("F23 groups within groups 30,000 deep are refused, not followed") {
  std::string to = "To: ";
  for (int i = 0; i < 30'000; ++i) to += "a:";
  const Message message = read_mail({{}, kReceived + to + "\r\nCc: bot5@example.com\r\n\r\n"}, {});
  CHECK(message.recipients.claimed == List{"bot5@example.com"});
  CHECK(message.problems == List{"an address field nested too deeply"});
}

TEST_CASE("what is no address in a stamp is left out") {
  CHECK(of("Delivered-To: <>\r\nX-Original-To: \r\nDelivered-To: bot5\r\n" + kReceived)
            .stamped.empty());
}
