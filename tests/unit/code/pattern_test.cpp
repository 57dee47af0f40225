#include "code/pattern.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <string>

using namespace otpctl;
using code::Pattern;

namespace {

std::string found(const char* regex, std::string_view text) {
  const auto match = Pattern::compile(regex)->find(text);
  return match ? match->value : "-";
}

}  // namespace

TEST_CASE("the group is the code, with its place in the text") {
  const std::string text = "Hello\nPIN: 7788 or PIN: 9900";
  const auto match = Pattern::compile("PIN[:\\s]+(\\d{4})")->find(text);
  REQUIRE(match);
  CHECK(match->value == "7788");
  CHECK(text.substr(match->begin, match->end - match->begin) == "7788");
  CHECK(found("^(\\d+)$", "a1\n22\nb") == "22");
  CHECK(found("(?i)pin (?:is|=) (\\w+)", "My PIN is Abc") == "Abc");
  CHECK(found("(x)", "") == "-");
  CHECK(found("a(b)?c", "ac\nabc") == "b");
}

TEST_CASE("a pattern looks at one line at a time, at most 500 bytes of it") {
  CHECK(found("a\\s+(b)", "a\nb") == "-");
  CHECK(found("(\\d+)$", std::string(496, 'x') + "4829") == "4829");
  CHECK(found("(\\d+)", std::string(500, 'x') + "4829") == "-");
}

TEST_CASE("what is no printable line is no match") {
  CHECK(found("a(.*)b", "ab") == "-");
  CHECK(found("a(.*)b", "a\x1b[1mb") == "-");
  CHECK(found("(.)", "\xc5\x9f") == "-");  // half a character
  CHECK(found("(..)", "\xc5\x9f") == "\xc5\x9f");
}

TEST_CASE("patterns that cannot be meant are refused with the reason") {
  for (const char* regex : {"", "abc", "(a)(b)", "(", "[", "(a{5,2})", "(?<x", "*(a)", "(?:a)",
                            "(a(?1))", "(a)(?R)", "(a(?R)?)", "(?<n>a(?&n)?)", "(a(?-1)?)"}) {
    CAPTURE(regex);
    const auto result = Pattern::compile(regex);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::usage);
    CHECK(result.error().message.find('\n') == std::string::npos);
  }
  CHECK(Pattern::compile("(" + std::string(498, 'a') + ")"));
  CHECK_FALSE(Pattern::compile("(" + std::string(499, 'a') + ")"));
  CHECK_FALSE(Pattern::compile(std::string(400, '(') + "a" + std::string(99, ')')));
}

TEST_CASE("a pattern can be copied and keeps its source") {
  const Pattern one = *Pattern::compile("(\\d+)");
  const Pattern two = one;
  CHECK(two.source() == "(\\d+)");
  CHECK(two.find("a1")->value == "1");
}

TEST_CASE("M19 evil patterns on evil lines end soon, say so and do not match") {
  const std::string line = std::string(499, 'a') + "!";
  const std::string text = line + "\n" + line + "\n" + line + "\n" + line;
  std::string longest;  // Boost's own bound grows with the square of the pattern
  while (longest.size() < 480) longest += "(?:a+)+";
  longest += "(b)";
  for (const char* regex :
       {longest.c_str(), "(a+)+$", "((?:a|aa)+)$", "((?:(?:a*)*)*)*b", "(?:.*a){20}(x)",
        "(?:a?){200}a{200}(b)", "(a|a)*$", "(?=(?:a+)+b)(a)", "((?:a|b|c|ab|aa|ac)*)z",
        "(?:(?:|a){0,1000}){0,1000}(b)", "(?:a+)+(?:a+)+(?:a+)+(b)"}) {
    CAPTURE(regex);
    bool bounded = false;
    const auto pattern = Pattern::compile(regex);
    REQUIRE(pattern);
    const auto begin = std::chrono::steady_clock::now();
    const auto match = pattern->find(text, &bounded);
    const auto took = std::chrono::steady_clock::now() - begin;
    if (!match) CHECK(bounded);
#ifdef OTPCTL_SANITIZED
    CHECK(took < std::chrono::seconds(5));
#else
    CHECK(took < std::chrono::milliseconds(100));  // 2 lines of at most 50 ms
#endif
  }
}

TEST_CASE("M19 a line that runs into the bound does not hide the line behind it") {
  bool bounded = false;
  const auto match =
      Pattern::compile("(?:a+)+(\\d)$")->find(std::string(499, 'a') + "!\naa7", &bounded);
  REQUIRE(match);
  CHECK(match->value == "7");
}

TEST_CASE("M19 what may be spent on a message is shared by all that is tried on it") {
  const auto pattern = *Pattern::compile("PIN (\\d{4})");
  std::size_t steps = 1'000'000;
  CHECK(pattern.find("Your PIN 4829", nullptr, &steps)->value == "4829");
  CHECK(steps < 1'000'000);
  CHECK(steps > 999'000);
  steps = 10;
  bool bounded = false;
  CHECK_FALSE(pattern.find("Your PIN 4829\nPIN 4829", &bounded, &steps));
  CHECK(bounded);
  CHECK(steps == 0);
  CHECK_FALSE(pattern.find("PIN 4829", &bounded, &steps));
}

TEST_CASE("an honest pattern on 256 KiB of honest text is not bounded") {
  std::string text;
  while (text.size() < 256 * 1024)
    text += "Lorem ipsum dolor sit amet, consectetur adipiscing elit 2026.\n";
  bool bounded = false;
  CHECK_FALSE(Pattern::compile(".*code.*?(\\d{6})")->find(text, &bounded));
  CHECK_FALSE(Pattern::compile("PIN[:\\s]+(\\d{4})")->find(text, &bounded));
  CHECK_FALSE(Pattern::compile(".*code.*(\\d{6})")->find(std::string(500, 'x'), &bounded));
  CHECK_FALSE(bounded);
}
