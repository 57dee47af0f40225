// The one property that holds the machine together: it does not matter how the bytes were cut.
#include "player.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

using namespace otpctl;
using namespace otpctl::smtp;

namespace {

Options small_limits() {
  Options options;
  options.max_message = 200;
  options.keep_message = 50;
  options.max_recipients = 3;
  options.max_line = 60;
  options.max_errors = 4;
  options.max_idle_commands = 8;
  return options;
}

std::string play(const std::string& bytes, const std::vector<std::size_t>& cuts) {
  Player player(small_limits());
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    player.send(std::string_view(bytes).substr(begin, cut - begin));
    begin = cut;
  }
  player.send(std::string_view(bytes).substr(begin));
  player.end();
  CHECK(player.closed.size() == 1);
  return account_of(player);
}

std::vector<std::size_t> every_byte(const std::string& bytes) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i < bytes.size(); ++i) cuts.push_back(i);
  return cuts;
}

const std::vector<std::string>& conversations() {
  static const std::vector<std::string> all{
      "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nRCPT "
      "TO:<b@example.com>\r\nDATA\r\n..a\r\n.\r\r\n.\r\n"
      "RSET\r\nMAIL FROM:<x@example.com>\r\nRCPT TO:<c@example.com>\r\nDATA\r\n" +
          std::string(150, 'y') + "\r\n\n.\n\r.\r\n\r\n.\r\nQUIT\r\nignored",
      "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n" +
          std::string(300, 'z') + "\r\n.\r\nNOOP\r\nDATA\r\n",
      "NOOP " + std::string(100, 'n') +
          "\r\nLHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<1@a>\r\nRCPT TO:<2@a>\r\nRCPT TO:<3@a>\r\n"
          "RCPT TO:<4@a>\r\nDATA\r\n.\r\nBAD\r\nBAD\r\nBAD\r\nBAD\r\nNOOP\r\n",
      "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\nhalf a mail\r\n.\r",
      "LHLO c\r\nNOOP\nNOOP\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
      "\r",
      "LHLO c\rx\r\n",
      "NOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\nNOOP\r\n",
  };
  return all;
}

}  // namespace

TEST_CASE("any cut of a conversation gives the same events and the same replies") {
  std::mt19937 random(7);
  for (const std::string& bytes : conversations()) {
    const std::string whole = play(bytes, {});
    CHECK(play(bytes, every_byte(bytes)) == whole);
    for (std::size_t i = 1; i < bytes.size(); ++i) REQUIRE(play(bytes, {i}) == whole);
    for (int round = 0; round < 50; ++round) {
      std::vector<std::size_t> cuts;
      for (std::size_t i = 1; i < bytes.size(); ++i)
        if (random() % 7 == 0) cuts.push_back(i);
      REQUIRE(play(bytes, cuts) == whole);
    }
  }
}

TEST_CASE("the recorded conversations may be cut anywhere too") {
  int played = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(OTPCTL_TEST_DIR "/transcripts/lmtp")) {
    if (entry.path().extension() != ".txt") continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const std::string whole = play(bytes, {});
    CHECK(whole.find("MAIL ") != whole.npos);
    for (std::size_t i = 1; i < bytes.size(); ++i) REQUIRE(play(bytes, {i}) == whole);
    ++played;
  }
  CHECK(played >= 3);
}

TEST_CASE("whatever tokens are thrown together, cuts do not matter and it ends exactly once") {
  static const char* tokens[] = {"LHLO c\r\n",
                                 "MAIL FROM:<>\r\n",
                                 "RCPT TO:<a@example.com>\r\n",
                                 "DATA\r\n",
                                 ".\r\n",
                                 "\r\n.\r\n",
                                 "..",
                                 ".",
                                 "\r",
                                 "\n",
                                 "\r\n",
                                 "text",
                                 "RSET\r\n",
                                 "QUIT\r\n",
                                 "NOOP\r\n",
                                 "x:",
                                 " ",
                                 "\"",
                                 "<"};
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes =
        round % 4 ? "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n" : "";
    const std::size_t count = random() % 30;
    for (std::size_t i = 0; i < count; ++i) bytes += tokens[random() % std::size(tokens)];
    REQUIRE(play(bytes, every_byte(bytes)) == play(bytes, {}));
  }
}
