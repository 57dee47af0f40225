// The conversation: greeting, commands and their order, answers to a mail.
#include "words.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::smtp;

TEST_CASE("the greeting names the protocol and comes before a byte was read") {
  CHECK(Player().collect() == "220 localhost LMTP otpctl\r\n");
  Options smtp;
  smtp.lmtp = false;
  smtp.name = "mx.example.com\r\n250 forged";
  CHECK(Player(smtp).collect() == "220 mx.example.com??250 forged ESMTP otpctl\r\n");
}

TEST_CASE("LHLO lists what RFC 2033 asks for and the size") {
  Player player;
  player.collect();
  CHECK(player.send(kHello) ==
        "250-localhost\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-"
        "SMTPUTF8\r\n"
        "250 SIZE 52428800\r\n");
}

TEST_CASE("one mail goes through and its envelope is as given") {
  Player player;
  player.collect();
  player.send(kHello);
  CHECK(player.send("MAIL FROM:<shop@example.com> SIZE=200 BODY=8BITMIME SMTPUTF8\r\n") ==
        "250 2.1.0 sender taken\r\n");
  CHECK(player.send("RCPT TO:<Bot5+x@Example.net>\r\n") == "250 2.1.5 recipient taken\r\n");
  CHECK(starts(player.send("DATA\r\n"), "354 "));
  CHECK(player.send(kMail + ".\r\n") == "250 2.0.0 taken\r\n");
  REQUIRE(player.mails.size() == 1);
  CHECK(player.mails[0].sender == "shop@example.com");
  CHECK(player.mails[0].recipients == std::vector<std::string>{"Bot5+x@Example.net"});
  CHECK(player.mails[0].bytes == kMail);
  CHECK(player.mails[0].size == kMail.size());
  CHECK(player.open());
}

TEST_CASE("LMTP answers once for each recipient, SMTP once for the mail") {
  Options options;
  for (const bool lmtp : {true, false}) {
    options.lmtp = lmtp;
    Player player(options);
    player.send((lmtp ? "LHLO" : "EHLO") +
                std::string(" c\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\n"
                            "RCPT TO:<b@example.com>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n"));
    CHECK(lines(player.send("\r\n.\r\n")) == (lmtp ? 3 : 1));
    REQUIRE(player.mails.size() == 1);
    CHECK(player.mails[0].recipients.size() == 3);
  }
}

TEST_CASE("a refusal reaches each recipient with its class of code and in one ASCII line") {
  Player player({}, false);
  player.send(
      kHello +
      "MAIL FROM:<>\r\nRCPT TO:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n\r\n.\r\n");
  REQUIRE(player.mails.size() == 1);
  CHECK(player.said.find("taken\r\n2") != player.said.npos);
  player.session.refused(452, "disk full\r\n250 ş");
  CHECK(player.collect() == "452 4.3.0 disk full??250 ??\r\n452 4.3.0 disk full??250 ??\r\n");
  player.send(kEnvelope + "DATA\r\n\r\n.\r\n");
  player.session.refused(554, "no");
  CHECK(player.collect() == "554 5.3.0 no\r\n");
  player.send(kEnvelope + "DATA\r\n\r\n.\r\n");
  player.session.refused(250, "a refusal cannot say yes");
  CHECK(starts(player.collect(), "451 4.3.0"));
}

TEST_CASE("nothing is said after the final dot until the mail is safe") {
  Player player({}, false);
  player.send(kHello + kEnvelope + "DATA\r\n");
  CHECK(player.send(kMail + ".\r\n") == "");
  CHECK(player.session.deadline() == std::nullopt);
  CHECK(player.pass(3600) == "");
  player.session.taken();
  CHECK(player.collect() == "250 2.0.0 taken\r\n");
  player.session.taken();
  player.session.refused(451, "twice");
  CHECK(player.collect() == "");
}

TEST_CASE("what is pipelined behind a mail waits for its answer and keeps its order") {
  Player player({}, false);
  player.send(kHello + kEnvelope + "DATA\r\n");
  CHECK(player.send("one\r\n.\r\nRSET\r\nMAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n") ==
        "");
  player.session.taken();
  const std::string said = player.collect();
  CHECK(starts(said, "250 2.0.0 taken\r\n250 2.0.0 forgotten\r\n250 2.1.0 "));
  CHECK(contains(said, "354 "));
  player.send("two\r\n.\r\n");
  REQUIRE(player.mails.size() == 2);
  CHECK(player.mails[1].recipients == std::vector<std::string>{"b@example.com"});
}

TEST_CASE("more than a megabyte behind an open mail ends the session") {
  Player player({}, false);
  player.send(kHello + kEnvelope + "DATA\r\n.\r\n");
  for (int i = 0; i < 1024; ++i) player.send(std::string(1024, 'x'));
  CHECK(player.open());
  CHECK(contains(player.send("x"), "421 4.7.0"));
  CHECK_FALSE(player.open());
}

TEST_CASE("a second mail needs its own sender and recipients") {
  Player player = in_data();
  player.send(".\r\n");
  CHECK(starts(player.send("RCPT TO:<a@example.com>\r\n"), "503 "));
  CHECK(starts(player.send("DATA\r\n"), "503 "));
  CHECK(starts(player.send("MAIL FROM:<>\r\n"), "250 "));
  CHECK(starts(player.send("DATA\r\n"), "503 "));
}

TEST_CASE("commands out of order are refused and change nothing") {
  Player player;
  player.collect();
  CHECK(starts(player.send("MAIL FROM:<>\r\n"), "503 5.5.1 say LHLO"));
  CHECK(starts(player.send("EHLO c\r\n"), "500 5.5.1 this is LMTP"));
  CHECK(starts(player.send("HELO c\r\n"), "500 "));
  CHECK(starts(player.send("LHLO\r\n"), "501 "));
  player.send(kHello);
  CHECK(starts(player.send("RCPT TO:<a@example.com>\r\n"), "503 "));
  CHECK(starts(player.send("MAIL FROM:<a@example.com>\r\n"), "250 "));
  CHECK(starts(player.send("MAIL FROM:<b@example.com>\r\n"), "503 "));
  CHECK(starts(player.send("RCPT TO:<c@example.com>\r\n"), "250 "));
  CHECK(starts(player.send("DATA now\r\n"), "501 "));
  player.send("DATA\r\n.\r\n");
  CHECK(player.mails.at(0).sender == "a@example.com");
}

TEST_CASE("RSET and another LHLO forget the mail that was begun") {
  for (const std::string& again : {std::string("RSET\r\n"), kHello}) {
    Player player;
    player.send(kHello + kEnvelope);
    player.send(again);
    CHECK(starts(player.send("DATA\r\n"), "503 "));
    player.send("MAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n.\r\n");
    CHECK(player.mails.at(0).recipients == std::vector<std::string>{"b@example.com"});
  }
}

TEST_CASE("SMTP mode answers HELO in one line and refuses LHLO") {
  Options options;
  options.lmtp = false;
  Player player(options);
  player.collect();
  CHECK(starts(player.send("LHLO c\r\n"), "500 "));
  CHECK(player.send("HELO c\r\n") == "250 localhost\r\n");
  CHECK(starts(player.send("MAIL FROM:<>\r\n"), "250 "));
}

TEST_CASE("small talk is answered, what is not offered is said so") {
  Player player;
  player.collect();
  CHECK(starts(player.send("noop anything\r\n"), "250 "));
  CHECK(starts(player.send("VRFY bot5\r\n"), "252 "));
  CHECK(starts(player.send("HELP\r\n"), "214 "));
  for (const char* command :
       {"STARTTLS", "AUTH PLAIN AGEAYg==", "BDAT 5 LAST", "EXPN list", "XCLIENT NAME=x"})
    CHECK(starts(player.send(std::string(command) + "\r\n"), "502 "));
  CHECK(starts(player.send("WIBBLE\r\n"), "500 "));
  CHECK(starts(player.send("\r\n"), "500 "));
  CHECK(player.open());
}

TEST_CASE("QUIT says good bye, ends the session and drops what follows") {
  Player player;
  player.collect();
  CHECK(player.send("QUIT\r\nLHLO c\r\n") == "221 2.0.0 bye\r\n");
  REQUIRE(player.closed.size() == 1);
  CHECK_FALSE(player.closed[0].why.has_value());
  CHECK(player.send(kHello) == "");
  CHECK(player.end() == "");
  CHECK(player.pass(100000) == "");
  CHECK(player.closed.size() == 1);
  CHECK(player.session.deadline() == std::nullopt);
}
