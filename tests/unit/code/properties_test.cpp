// What must hold for every message, tried on the cases of all tables: the verdict is the same however the text is
// dressed, the evidence points at the code, nothing is found in what has none.
#include "table_cases.hpp"

#include "code/fold.hpp"
#include "message/message.hpp"

#include <cstdint>

using namespace otpctl::code;
using namespace otpctl::code::test;

namespace {

/// The same numbers in each run.
class Dice {
 public:
  std::size_t roll(std::size_t sides) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state_ >> 33) % sides;
  }

 private:
  std::uint64_t state_ = 20261120;
};

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// As HTML: special characters escaped, `between(i)` in front of each character.
template <class Between>
std::string dressed(const std::string& text, Between between) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!continues(text[i])) out += between(i);
    if (text[i] == '<') out += "&lt;";
    else if (text[i] == '&') out += "&amp;";
    else if (text[i] == '\n') out += "<br>";
    else out += text[i];
  }
  return out;
}

std::string plain(const std::string& text) {
  return dressed(text, [](std::size_t) { return ""; });
}

std::string of_html(const std::string& html) { return answer(otpctl::message::read_letter({"", "", html})); }

/// Every third case that is a text, not a mail.
template <class Check>
void each_text(Check check) {
  std::size_t n = 0;
  for (const TableCases& table : all_cases()) {
    for (const TableCase& one : table.cases) {
      if (one.text.starts_with("Subject: ") || ++n % 3 != 0) continue;
      CAPTURE(table.language);
      CAPTURE(one.line);
      CAPTURE(one.text);
      check(one.text, answer(mail("", one.text)));
    }
  }
}

}  // namespace

TEST_CASE("a text in a paragraph or in a table has the verdict of the text") {
  each_text([](const std::string& text, const std::string& verdict) {
    CHECK(of_html("<p>" + plain(text) + "</p>") == verdict);
    CHECK(of_html("<table><tr><td>" + plain(text) + "</td></tr></table>") == verdict);
  });
}

TEST_CASE("inline tags between any two characters change nothing") {
  constexpr const char* kTags[] = {"<span>", "</span>", "<i>", "</i>", "<wbr>", "<!-- x -->", "<a href='#'>", "</a>"};
  Dice dice;
  each_text([&](const std::string& text, const std::string& verdict) {
    const std::string html = dressed(text, [&](std::size_t) { return dice.roll(3) == 0 ? kTags[dice.roll(8)] : ""; });
    CHECK(of_html("<p>" + html + "</p>") == verdict);
  });
}

TEST_CASE("characters without width between the digits change nothing") {
  constexpr const char* kNothing[] = {"\u200B", "\u2060", "\u00AD", "\uFEFF", "\u034F", "\u200E"};
  Dice dice;
  each_text([&](const std::string& text, const std::string& verdict) {
    std::string padded;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool digit = i > 0 && text[i] >= '0' && text[i] <= '9' && text[i - 1] >= '0' && text[i - 1] <= '9';
      if (digit) padded += kNothing[dice.roll(6)];
      padded += text[i];
    }
    CHECK(answer(mail("", padded)) == verdict);
  });
}

TEST_CASE("the evidence is the code as it stands there") {
  each_text([](const std::string& text, const std::string&) {
    const auto message = mail("", text);
    for (const Code& code : extract(message, {}).codes) {
      REQUIRE(code.evidence.end <= text.size());
      CHECK(text.substr(code.evidence.begin, code.evidence.end - code.evidence.begin) == code.raw);
    }
  });
}

TEST_CASE("each folded character knows where it came from") {
  each_text([](const std::string& text, const std::string&) {
    const Folded folded = fold(text);
    REQUIRE(folded.at.size() == folded.text.size() + 1);
    CHECK(folded.letters.size() == folded.text.size());
    CHECK(folded.upper.size() == folded.text.size());
    CHECK(folded.at.back() == text.size());
    for (std::size_t i = 0; i < folded.text.size(); ++i) {
      const std::size_t at = folded.origin(i);
      if (at >= folded.origin(i + 1) || continues(text[at])) FAIL_CHECK("offset " << i);
      const bool ascii = static_cast<unsigned char>(text[at]) < 0x80;
      if (ascii && is_digit(text[at]) && folded.text[i] != text[at]) FAIL_CHECK("digit " << i);
    }
  });
}
