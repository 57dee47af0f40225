// Digits of every script, and a code as a person types it.
#include "base/digits.hpp"

#include <doctest/doctest.h>

namespace otpctl {
namespace {

TEST_CASE("digits of other scripts are those that everybody knows") {
  CHECK(digit_value(U'0') == 0);
  CHECK(digit_value(U'9') == 9);
  CHECK(digit_value(0x0664) == 4);   // Arabic-Indic
  CHECK(digit_value(0x06F9) == 9);   // Persian
  CHECK(digit_value(0x096E) == 8);   // Devanagari
  CHECK(digit_value(0xFF13) == 3);   // full width
  for (const char32_t none : {U'a', U' ', U'/', U':', char32_t(0x00B2), char32_t(0x2460)}) CHECK(digit_value(none) == -1);
  CHECK(fold_digits("bot٥@example.com") == "bot5@example.com");
  CHECK(fold_digits("\xff\xd9 5") == "\xff\xd9 5");
}

TEST_CASE("a typed code is its digits alone, in whatever script and however they are grouped") {
  for (const char* typed : {"482913", " 482 913 \r\n", "482-913", "4.8.2.9.1.3", "٤٨٢٩١٣", "٤٨٢ ٩١٣", "۴۸۲۹۱۳", "४८२९१३", "４８２９１３",
                            "482\xc2\xa0" "913", "482–913", "\xe2\x80\x8f" "482913\xe2\x80\x8e", "\xef\xbb\xbf" "482913"}) {
    CAPTURE(typed);
    CHECK(as_code(typed) == "482913");
  }
}

TEST_CASE("what is no number stays as it was typed") {
  CHECK(as_code(" G-482913 ") == "G-482913");
  CHECK(as_code("correct horse") == "correct horse");
  CHECK(as_code("AB٤٨") == "AB٤٨");
  for (const char* broken : {"12\n34", "12\xc2\x85" "34", "12\xe2\x80\xa8" "34", "12\x1b" "34"}) CHECK(as_code(broken) == broken);
  CHECK(as_code("12\xff") == "12\xff");
  CHECK(as_code(" - ") == "");
  CHECK(as_code("") == "");
}

}  // namespace
}  // namespace otpctl
