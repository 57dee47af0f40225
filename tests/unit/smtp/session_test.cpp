#include "smtp/session.hpp"

#include "player.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::smtp;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}
bool starts(const std::string& text, const std::string& part) { return text.rfind(part, 0) == 0; }

std::size_t lines(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += c == '\n';
  return count;
}

const std::string kHello = "LHLO client.example\r\n";
const std::string kEnvelope = "MAIL FROM:<shop@example.com>\r\nRCPT TO:<bot5@example.net>\r\n";
const std::string kMail = "Subject: hello\r\n\r\ntext\r\n";

/// A session in which one recipient was taken and DATA was said.
Player in_data(Options options = {}) {
  Player player(options);
  player.send((options.lmtp ? kHello : "EHLO client.example\r\n") + kEnvelope + "DATA\r\n");
  return player;
}

std::string mail_of(const std::string& stuffed) {
  Player player = in_data();
  player.send(stuffed);
  REQUIRE(player.mails.size() == 1);
  CHECK(player.mails[0].size == player.mails[0].bytes.size());
  return player.mails[0].bytes;
}

std::string why(const Player& player) {
  REQUIRE(player.closed.size() == 1);
  return player.closed[0].why ? player.closed[0].why->message : "";
}

}  // namespace

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

// ---- data ----

TEST_CASE("stuffed dots are taken out and no other") {
  CHECK(mail_of("..\r\n.\r\n") == ".\r\n");
  CHECK(mail_of("...a\r\n.b\r\nc.\r\n.\r\n") == "..a\r\nb\r\nc.\r\n");
  CHECK(mail_of("a\r\n..\r\n\r\n.\r\n") == "a\r\n.\r\n\r\n");
  CHECK(mail_of(".\r\n") == "");
}

TEST_CASE("only CRLF.CRLF ends a mail, whatever a bare CR or LF pretends") {
  for (const std::string trick : {"a\n.\nb", "a\n.\r\nb", "a\r.\r\nb", "a\r\n.\nb", "a\r\n.\rb",
                                  "a\r.\rb", "a\n\n.\r\r\nb"}) {
    Player player = in_data();
    player.send(trick);
    CHECK_MESSAGE(player.mails.empty(), trick);
    player.send("\r\n.\r\n");
    REQUIRE(player.mails.size() == 1);
    CHECK(player.mails[0].bytes.back() == '\n');
    CHECK(contains(player.mails[0].bytes, "b\r\n"));
    CHECK(player.open());
  }
}

TEST_CASE("a smuggled second mail stays text of the first") {
  const std::string inner =
      "\n.\r\nMAIL FROM:<root@example.com>\r\nRCPT TO:<bot1@example.net>\r\nDATA\r\ncode\r\n";
  Player player = in_data();
  player.send("outer" + inner + "\r\n.\r\n");
  REQUIRE(player.mails.size() == 1);
  CHECK(contains(player.mails[0].bytes, "RCPT TO:<bot1@example.net>"));
}

TEST_CASE("bytes of any value pass, NUL and 8 bit too") {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(mail_of(all + "\r\n.\r\n") == all + "\r\n");
}

TEST_CASE("a mail of exactly the limit is taken, one byte more is refused for each recipient") {
  Options options;
  options.max_message = 1000;
  Player player(options);
  player.send(kHello);
  const std::string envelope =
      "MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n";
  player.send(envelope);
  CHECK(player.send(std::string(998, 'x') + "\r\n.\r\n") ==
        "250 2.0.0 taken\r\n250 2.0.0 taken\r\n");
  CHECK(player.mails.at(0).size == 1000);
  player.send(envelope);
  CHECK(player.send(std::string(999, 'x') + "\r\n.\r\n") ==
        "552 5.3.4 the message is too large\r\n552 5.3.4 the message is too large\r\n");
  CHECK(player.mails.size() == 1);
  player.send(envelope);
  CHECK(player.send("next\r\n.\r\n") == "250 2.0.0 taken\r\n250 2.0.0 taken\r\n");
}

TEST_CASE("a size announced over the limit is refused before the mail is sent") {
  Options options;
  options.max_message = 1000;
  Player player(options);
  player.send(kHello);
  CHECK(starts(player.send("MAIL FROM:<> SIZE=1001\r\n"), "552 5.3.4"));
  CHECK(starts(player.send("MAIL FROM:<> SIZE=999999999999999999\r\n"), "552 5.3.4"));
  CHECK(starts(player.send("MAIL FROM:<> SIZE=1000\r\n"), "250 "));
}

TEST_CASE("of a long mail the first bytes are kept and all are counted") {
  Options options;
  options.keep_message = 10;
  Player player = in_data(options);
  player.send("0123456789abcdef\r\n.\r\n");
  CHECK(player.mails.at(0).bytes == "0123456789");
  CHECK(player.mails.at(0).size == 18);
  player.send(kEnvelope + "DATA\r\n01234567\r\n.\r\n");
  CHECK(player.mails.at(1).bytes == "01234567\r\n");
}

TEST_CASE("a mail of 25 MB costs no more memory than what is kept") {
  Player player = in_data();
  const std::string block(64 * 1024, 'x');
  for (int i = 0; i < 399; ++i) player.send(block);
  player.send("\r\n.\r\n");
  REQUIRE(player.mails.size() == 1);
  CHECK(player.mails[0].bytes.size() == 512 * 1024);
  CHECK(player.mails[0].bytes.capacity() < 2 * 512 * 1024);
  CHECK(player.mails[0].size == 399 * block.size() + 2);
}

// ---- limits ----

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

// ---- time and end of file ----

TEST_CASE("a silent client is told and closed at the deadline, not before") {
  Player player;
  player.collect();
  CHECK(player.session.deadline() == at(300).instant);
  CHECK(player.pass(299) == "");
  CHECK(player.pass(1) == "421 4.4.2 idle for too long\r\n");
  REQUIRE(player.closed.size() == 1);
  REQUIRE(player.closed[0].why.has_value());
  CHECK(player.closed[0].why->code == ErrorCode::timeout);
}

TEST_CASE("bytes that come together with the deadline are obeyed and renew it") {
  Player player;
  player.collect();
  player.pass(299);
  player.session.feed("NOOP\r\n");
  CHECK(starts(player.pass(1), "250 "));
  CHECK(player.open());
  CHECK(player.session.deadline() == at(600).instant);
}

TEST_CASE("the deadline counts again from the answer to a mail") {
  Player player({}, false);
  player.send(kHello + kEnvelope + "DATA\r\n.\r\n");
  player.pass(1000);
  player.session.taken();
  CHECK(player.pass(0) == "250 2.0.0 taken\r\n");
  CHECK(player.open());
  CHECK(player.session.deadline() == at(1300).instant);
}

TEST_CASE("the end of the connection between two mails is no fault, in the middle of one it is") {
  Player between;
  between.send(kHello);
  between.end();
  CHECK(why(between) == "");
  for (const std::string part :
       {"MAIL FROM:<>\r\n", "MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\ntext\r\n."}) {
    Player player;
    player.send(kHello + part);
    player.end();
    CHECK(contains(why(player), "middle of a mail"));
    CHECK(player.closed[0].why->code == ErrorCode::network);
    CHECK(player.mails.empty());
  }
}

TEST_CASE("a client that sends everything and closes its side still gets all replies") {
  Player player({}, false);
  player.collect();
  player.send(kHello + kEnvelope + "DATA\r\ntext\r\n.\r\nQUIT\r\n");
  CHECK(player.end() == "");
  CHECK(player.open());
  REQUIRE(player.mails.size() == 1);
  player.session.taken();
  CHECK(player.collect() == "250 2.0.0 taken\r\n221 2.0.0 bye\r\n");
  CHECK(why(player) == "");
}

TEST_CASE("after the end of file Closed comes only when the open mail was answered") {
  Player player({}, false);
  player.send(kHello + kEnvelope + "DATA\r\n.\r\n");
  player.end();
  CHECK(player.open());
  player.session.refused(451, "later");
  CHECK(starts(player.collect(), "451 "));
  CHECK(why(player) == "");
}

TEST_CASE("a session moves with all it holds") {
  Player player;
  player.send(kHello + kEnvelope + "DATA\r\nhalf");
  Session moved = std::move(player.session);
  moved.feed(" whole\r\n.\r\n");
  const auto event = moved.next();
  REQUIRE(event.has_value());
  CHECK(std::get<Mail>(*event).bytes == "half whole\r\n");
  player.session = std::move(moved);
  player.session.taken();
  CHECK(player.session.take_output() == "250 2.0.0 taken\r\n");
}
