// Text in columns, what changes on a screen, what a terminal can show.
#include "shared/cells.hpp"
#include "shared/terminal.hpp"

#include <doctest/doctest.h>

namespace otpctl::apps {
namespace {

TEST_CASE("wide characters take two columns, combining ones none") {
  CHECK(cells("") == 0);
  CHECK(cells("bot5") == 4);
  CHECK(cells("日本") == 4);
  CHECK(cells("e\u0301") == 1);
  CHECK(cells("ğüşİ") == 4);
  CHECK(cells("🔑") == 2);
}

TEST_CASE("what outsiders wrote can neither drive a terminal nor hide its width") {
  CHECK(shown("a\x1b[2Jb", true) == "a\\x1b[2Jb");
  CHECK(shown("a\nb\tc", true) == "a\\x0ab\\x09c");
  CHECK(shown("\xff\u202e", true) == "\\xff\\u{202e}");
  CHECK(shown("❤\uFE0F x\u200Dy", true) == "❤ xy");
  CHECK(shown("Müller 日本 …", false) == "M?ller ?? ...");
  CHECK(cells(shown("\U000E0041\u0378", true)) <= 2);
}

TEST_CASE("a name is cut in its middle, and what looks like room in it is one space") {
  CHECK(fit_middle("bot5@example.com", 16, true) == "bot5@example.com");
  CHECK(fit_middle("bot5@mail.example.com", 12, true) == "bot5@m…e.com");
  CHECK(fit_middle("bot5@mail.example.com", 12, false) == "bot5@m~e.com");
  CHECK(fit_middle("日本語日本語", 6, true) == "日…語");
  CHECK(cells(fit_middle("日本語日本語", 7, true)) <= 7);
  CHECK(fit_middle("abcdef", 2, true) == "a…");
  CHECK(fit_middle("abcdef", 0, true) == "");
  CHECK(without_blanks("  B \u3000\u00A0  2) 999999  ") == "B 2) 999999");
  CHECK(without_blanks("") == "");
}

TEST_CASE("a text that is cut says so and never exceeds its columns") {
  CHECK(fit("bot5@example.com", 16, true) == "bot5@example.com");
  CHECK(fit("bot5@example.com", 8, true) == "bot5@ex…");
  CHECK(fit("bot5@example.com", 8, false) == "bot5@ex~");
  CHECK(fit("日本語", 4, true) == "日…");
  CHECK(fit("日本語", 5, true) == "日本…");
  CHECK(fit("abc", 1, true) == "…");
  CHECK(fit("abc", 0, true) == "");
  CHECK(fit("abc", -3, true) == "");
  CHECK(pad("日本語", 6, true) == "日本語");
  CHECK(pad("日本語", 4, true) == "日… ");
  CHECK(pad("a", 3, true) == "a  ");
}

TEST_CASE("lines are broken at spaces, long words anywhere, and none is lost") {
  CHECK(wrap("one two three", 7, 2) == std::vector<std::string>{"one two", " three"});
  CHECK(wrap("one two three four", 12, 3) == std::vector<std::string>{"one two", "   three", "   four"});
  CHECK(wrap("abcdefghij", 4, 0) == std::vector<std::string>{"abcd", "efgh", "ij"});
  CHECK(wrap("", 10, 2) == std::vector<std::string>{""});
  CHECK(wrap("日本語", 1, 0).size() == 3);
  for (int columns = 1; columns < 60; ++columns) {
    std::string all;
    for (const std::string& line : wrap("wait ended, exit 124: 2 messages with no code in it 日本語テキスト", columns, 8)) {
      CHECK(cells(line) <= std::max(columns, 2));
      for (const char c : line) {
        if (c != ' ') all += c;
      }
    }
    CHECK(all == "waitended,exit124:2messageswithnocodeinit日本語テキスト");
  }
}

const std::vector<Column> kColumns{{"NAME", 0, true}, {"STATE", 0, false}, {"AGE", 1, false}, {"DETAIL", 2, true}};
const std::vector<std::vector<std::string>> kRows{{"main/INBOX", "live", "3s", "IDLE"},
                                                  {"日本/INBOX", "signed out", "12m", "the server said no at length"}};

TEST_CASE("a table gives up details first, then ages, and shortens last") {
  CHECK(in_columns(kColumns, kRows, 80, true) ==
        std::vector<std::string>{"NAME        STATE       AGE  DETAIL", "main/INBOX  live        3s   IDLE",
                                 "日本/INBOX  signed out  12m  the server said no at length"});
  CHECK(in_columns(kColumns, kRows, 40, true)[2] == "日本/INBOX  signed out  12m  the server…");
  CHECK(in_columns(kColumns, kRows, 30, true)[2] == "日本/INBOX  signed out  12m");
  CHECK(in_columns(kColumns, kRows, 20, true)[2] == "日本/IN…  signed out");
  for (int columns = 0; columns < 90; ++columns) {
    for (const std::string& line : in_columns(kColumns, kRows, columns, columns % 2 == 0))
      CHECK(cells(line) <= columns);
  }
}

TEST_CASE("only lines that changed are written") {
  Screen screen(false);
  const Size size{20, 3};
  const std::string first = screen.change_to({{"a", Tone::plain}, {"b", Tone::plain}}, size);
  CHECK(first == "\x1b[2J\x1b[1;1H\x1b[Ka\x1b[2;1H\x1b[Kb");
  CHECK(screen.change_to({{"a", Tone::plain}, {"b", Tone::plain}}, size) == "");
  CHECK(screen.change_to({{"a", Tone::plain}, {"c", Tone::plain}}, size) == "\x1b[2;1H\x1b[Kc");
  CHECK(screen.change_to({{"a", Tone::plain}}, size) == "\x1b[2;1H\x1b[K");
  CHECK(screen.change_to({{"a", Tone::plain}}, Size{30, 3}) == "\x1b[2J\x1b[1;1H\x1b[Ka");
  screen.forget();
  CHECK(screen.change_to({{"a", Tone::plain}}, Size{30, 3}) == "\x1b[2J\x1b[1;1H\x1b[Ka");
}

TEST_CASE("more lines than rows are never written") {
  Screen screen(true);
  const std::string bytes = screen.change_to({{"a", Tone::bad}, {"b", Tone::plain}}, Size{20, 1});
  CHECK(bytes == "\x1b[2J\x1b[1;1H\x1b[K\x1b[31ma\x1b[0m");
}

TEST_CASE("what a terminal can show is told by TERM, NO_COLOR and the locale's name") {
  const auto utf8 = [](std::map<std::string, std::string> environment) {
    const TestContext test("watch", "", std::move(environment));
    return looks_of(test.context).utf8;
  };
  CHECK(utf8({{"LANG", "tr_TR.UTF-8"}}));
  CHECK(utf8({{"LANG", "C.utf8"}}));
  CHECK_FALSE(utf8({{"LANG", "tr_TR.UTF-8"}, {"LC_ALL", "C"}}));
  CHECK_FALSE(utf8({{"LC_CTYPE", "POSIX"}, {"LANG", "C.UTF-8"}}));
  CHECK_FALSE(utf8({}));
  const TestContext buffer("watch", "", {{"TERM", "xterm"}});
  CHECK_FALSE(looks_of(buffer.context).escapes);
}

TEST_CASE("a terminal that tells no size is COLUMNS by LINES, else 80 by 24") {
  CHECK(size_of(TestContext("watch").context) == Size{80, 24});
  CHECK(size_of(TestContext("watch", "", {{"COLUMNS", "40"}, {"LINES", "9"}}).context) == Size{40, 9});
  CHECK(size_of(TestContext("watch", "", {{"COLUMNS", "-1"}, {"LINES", "x"}}).context) == Size{80, 24});
  CHECK(size_of(TestContext("watch", "", {{"COLUMNS", "9999"}, {"LINES", "9999"}}).context) == Size{1000, 1000});
}

}  // namespace
}  // namespace otpctl::apps
