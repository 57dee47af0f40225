#include "base/digits.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <array>

namespace otpctl {

namespace {

// The zero of each block of ten.
constexpr std::array<char32_t, 22> kZeros = {
    '0',    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66,
    0x0CE6, 0x0D66, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x17E0, 0x1810, 0x1946, 0x19D0, 0xFF10};

/// Between groups of digits, or around them where a text that is written from the right was copied.
bool separates(char32_t c) {
  const bool blank = c == ' ' || c == '\t' || c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x3000;
  const bool dash = c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFF0D;
  const bool unseen = (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) ||
                      c == 0x061C || c == 0x2060 || c == 0xFEFF;
  return blank || dash || unseen || c == '.';
}

}  // namespace

int digit_value(char32_t point) {
  for (const char32_t zero : kZeros) {
    if (point >= zero && point <= zero + 9) return static_cast<int>(point - zero);
  }
  return -1;
}

std::string fold_digits(std::string_view text) {
  std::string folded;
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_at(text, pos);
    const int value = c.valid ? digit_value(c.point) : -1;
    if (value < 0) {
      folded += text.substr(pos, c.size);
    } else {
      folded += static_cast<char>('0' + value);
    }
    pos += c.size;
  }
  return folded;
}

std::string as_code(std::string_view typed) {
  const std::string_view text = trim(typed);
  std::string digits;
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_at(text, pos);
    const int value = c.valid ? digit_value(c.point) : -1;
    if (value >= 0) {
      digits += static_cast<char>('0' + value);
    } else if (!c.valid || !separates(c.point)) {
      return std::string(text);
    }
    pos += c.size;
  }
  return digits;
}

}  // namespace otpctl
