// What a client may not do for ever: long lines, many recipients, wrong commands, other protocols.
#include "words.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::smtp;

TEST_CASE(
    "a line of exactly the limit is obeyed, one byte more is refused and the next line is fine") {
  Options options;
  options.max_line = 100;
  Player player(options);
  player.collect();
  CHECK(starts(player.send("NOOP " + std::string(93, 'x') + "\r\n"), "250 "));
  CHECK(starts(player.send("NOOP " + std::string(94, 'x') + "\r\n"),
               "500 5.5.2 the line is too long"));
  CHECK(starts(player.send("NOOP\r\n"), "250 "));
}

TEST_CASE("a line without an end is not kept") {
  Player player;
  player.collect();
  for (int i = 0; i < 1000; ++i) CHECK(player.send(std::string(10'000, 'x')) == "");
  CHECK(starts(player.send("\r\n"), "500 "));
  CHECK(player.open());
}

TEST_CASE("recipients up to the limit are taken, one more is deferred and the mail still goes") {
  Options options;
  options.max_recipients = 3;
  Player player(options);
  player.send(kHello + "MAIL FROM:<>\r\n");
  for (int i = 0; i < 3; ++i)
    CHECK(starts(player.send("RCPT TO:<b" + std::to_string(i) + "@example.com>\r\n"), "250 "));
  CHECK(starts(player.send("RCPT TO:<b3@example.com>\r\n"), "452 4.5.3"));
  CHECK(lines(player.send("DATA\r\n.\r\n")) == 1 + 3);
  CHECK(player.mails.at(0).recipients.size() == 3);
}

TEST_CASE("too many wrong commands end the session with 421") {
  Options options;
  options.max_errors = 3;
  Player player(options);
  player.collect();
  player.send("WIBBLE\r\nWIBBLE\r\n");
  CHECK(player.open());
  CHECK(player.send("WIBBLE\r\nLHLO c\r\n") ==
        "500 5.5.2 unknown command\r\n421 4.7.0 too many errors\r\n");
  CHECK(contains(why(player), "too many wrong commands"));
}

TEST_CASE("idle commands are free a few times between two mails") {
  Options options;
  options.max_idle_commands = 4;
  Player player(options);
  player.send(kHello + "NOOP\r\nRSET\r\n" + kEnvelope + "DATA\r\n.\r\n");
  CHECK(contains(player.send("NOOP\r\nNOOP\r\nVRFY x\r\n"), "252 "));
  CHECK(player.open());
  CHECK(contains(player.send("NOOP\r\n"), "421 4.7.0"));
  CHECK_FALSE(player.open());
}

TEST_CASE("what speaks HTTP is closed at its first line") {
  for (const std::string request :
       {"GET / HTTP/1.1\r\n", "POST /x HTTP/1.0\r\n", "Host: localhost\r\n", "PRI * HTTP/2.0\r\n",
        "CONNECT a:25 HTTP/1.1\r\n", "User-Agent: x\r\n"}) {
    Player player;
    player.collect();
    CHECK(player.send(request + "LHLO c\r\nMAIL FROM:<>\r\n") ==
          "421 4.7.0 this is a mail server\r\n");
    CHECK(contains(why(player), "HTTP"));
  }
}

TEST_CASE("a bare LF or CR in a command ends the session and nothing of it is obeyed") {
  for (const std::string line :
       {"LHLO c\nNOOP\r\n", "LHLO c\rNOOP\r\n", "\n", "NOOP\r\rNOOP\r\n", "LHLO c\n"}) {
    Player player;
    player.collect();
    CHECK(player.send(line) == "521 5.5.2 a line ends with CR LF\r\n");
    CHECK(player.closed.size() == 1);
  }
}
