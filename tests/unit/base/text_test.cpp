#include "base/text.hpp"
#include "base/utf8.hpp"

#include <doctest/doctest.h>
#include <set>

using namespace otpctl;

TEST_CASE("lower case touches ASCII letters only") {
  CHECK(to_lower("Bot5@EXAMPLE.com") == "bot5@example.com");
  CHECK(to_lower("İIıÄ") == "İiıÄ");
  CHECK(to_lower("[@`{") == "[@`{");
  CHECK(to_lower("") == "");
}

TEST_CASE("comparing without case is for ASCII and whole texts") {
  CHECK(equals_ignoring_case("Delivered-To", "DELIVERED-to"));
  CHECK_FALSE(equals_ignoring_case("To", "Tox"));
  CHECK_FALSE(equals_ignoring_case("ä", "Ä"));
  CHECK_FALSE(equals_ignoring_case("@", "`"));
}

TEST_CASE("trim takes white space of mail from both ends and no more") {
  CHECK(trim(" \t a b \r\n") == "a b");
  CHECK(trim("\r\n \t") == "");
  CHECK(trim("") == "");
  CHECK(trim("\v a") == "\v a");
}

TEST_CASE("UTF-8 as RFC 3629 has it") {
  CHECK(is_utf8(""));
  CHECK(is_utf8("Grüße 请 😀"));
  CHECK(is_utf8("\xF4\x8F\xBF\xBF"));        // U+10FFFF
  CHECK_FALSE(is_utf8("\xF4\x90\x80\x80"));  // above it
  CHECK_FALSE(is_utf8("\xC0\xAF"));          // overlong "/"
  CHECK_FALSE(is_utf8("\xE0\x80\xAF"));
  CHECK_FALSE(is_utf8("\xF0\x80\x80\xAF"));
  CHECK_FALSE(is_utf8("\xED\xA0\x80"));  // surrogate
  CHECK_FALSE(is_utf8("\xE2\x82"));      // truncated
  CHECK_FALSE(is_utf8("\x80"));
  CHECK_FALSE(is_utf8("\xFF"));
}

TEST_CASE("invalid bytes are replaced, valid ones around them stay") {
  CHECK(to_valid_utf8("a\xFF" "b") == "a\uFFFDb");
  CHECK(to_valid_utf8("\xE2\x82 4") == "\uFFFD\uFFFD 4");
  CHECK(to_valid_utf8("Şifre") == "Şifre");
  CHECK(is_utf8(to_valid_utf8("\xED\xA0\x80\xC3")));
}

TEST_CASE("a character is appended in its shortest form") {
  std::string out;
  for (const char32_t point : {U'A', U'ş', U'验', U'😀'}) append_utf8(out, point);
  CHECK(out == "Aş验😀");
  out.clear();
  append_utf8(out, 0xD800);
  append_utf8(out, 0x110000);
  CHECK(out == "\uFFFD\uFFFD");
}

TEST_CASE("printable: text from outside cannot forge a line or drive a terminal") {
  CHECK(printable("Fatih Şen") == "Fatih Şen");
  CHECK(printable("a\nb\r\tc") == "a\\x0ab\\x0d\\x09c");
  CHECK(printable("\x1b[31mred\x7f") == "\\x1b[31mred\\x7f");
  CHECK(printable(std::string_view("\0", 1)) == "\\x00");
  CHECK(printable("\u009b1m") == "\\u{009b}1m");        // C1: CSI in one character
  CHECK(printable("a\u202Eb\u2066") == "a\\u{202e}b\\u{2066}");
  CHECK(printable("a\u2028b") == "a\\u{2028}b");
  CHECK(printable("\xC3(") == "\\xc3(");
}

TEST_CASE("printable: what is cut is shown, and no character is cut in two") {
  CHECK(printable("abcdef", 6) == "abcdef");
  CHECK(printable("abcdefg", 6) == "abcdef…");
  CHECK(printable("aş", 2) == "a…");
  CHECK(printable("😀", 3) == "…");
  CHECK(printable("\x80\x80\x80\x80\x80", 2) == "\\x80\\x80…");
  CHECK(printable("abc", 0) == "…");
  CHECK(printable(std::string(1 << 20, 'x')).size() == 200 + std::string("…").size());
}

TEST_CASE("glob: star and question mark, whole text, ASCII case ignored") {
  CHECK(glob_match("*@bank.example", "No-Reply@BANK.example"));
  CHECK(glob_match("", ""));
  CHECK(glob_match("***", ""));
  CHECK(glob_match("a*b*c", "a-b-b-c"));
  CHECK(glob_match("?ifre", "Şifre"));
  CHECK_FALSE(glob_match("??", "Ş"));
  CHECK_FALSE(glob_match("", "a"));
  CHECK_FALSE(glob_match("bank", "bank.example"));
  CHECK_FALSE(glob_match("*@bank.example", "x@bank.example.org"));
  CHECK_FALSE(glob_match("a?", "a"));
  CHECK(glob_match("a.c", "a.c"));
  CHECK_FALSE(glob_match("a.c", "abc"));
}

TEST_CASE("glob: many stars against a long text end soon") {
  const std::string text(200'000, 'a');
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "*a";
  CHECK_FALSE(glob_match(pattern + "b", text));
}

TEST_CASE("nearest: the typing error, not just any word") {
  const std::vector<std::string> known = {"wait", "watch", "session", "timeout", "token-command"};
  CHECK(nearest("wiat", known) == "wait");
  CHECK(nearest("sesion", known) == "session");
  CHECK(nearest("WATCH", known) == "watch");
  CHECK(nearest("token_comand", known) == "token-command");
  CHECK(nearest("frobnicate", known) == std::nullopt);
  CHECK(nearest("", known) == std::nullopt);
  CHECK(nearest("wait", {}) == std::nullopt);
  CHECK(nearest("x", {"y"}) == std::nullopt);  // one letter away is everything of a one-letter name
  CHECK(nearest(std::string(100'000, 'w'), known) == std::nullopt);
}

TEST_CASE("a code is described, never shown") {
  CHECK(describe_code("482913") == "6 digits");
  CHECK(describe_code("7") == "1 digit");
  CHECK(describe_code("GW7C") == "4 characters");
  CHECK(describe_code("ş") == "1 character");
  CHECK(describe_code("") == "0 characters");
}

TEST_CASE("a random UUID has version 4 and comes once") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = random_uuid();
    REQUIRE(id.size() == 36);
    CHECK(id[14] == '4');
    CHECK(std::string("89ab").find(id[19]) != std::string::npos);
    CHECK(id.find_first_not_of("0123456789abcdef-") == std::string::npos);
    CHECK((id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-'));
    CHECK(seen.insert(id).second);
  }
}
