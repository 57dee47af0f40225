// The mail itself: stuffed dots, its end, its size.
#include "words.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::smtp;

namespace {

std::string mail_of(const std::string& stuffed) {
  Player player = in_data();
  player.send(stuffed);
  REQUIRE(player.mails.size() == 1);
  CHECK(player.mails[0].size == player.mails[0].bytes.size());
  return player.mails[0].bytes;
}

}  // namespace

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
