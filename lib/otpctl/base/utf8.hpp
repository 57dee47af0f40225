// UTF-8, one character at a time: what text.cpp, the HTML reader and the extractor walk text with.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace otpctl {

struct Utf8Char {
  char32_t point = 0;    // U+FFFD when !valid
  std::size_t size = 1;  // bytes taken: 1 to 4; 1 when !valid
  bool valid = false;
};

/// The character that begins at `text[pos]` (pos < text.size()). RFC 3629: no surrogates, no overlong forms,
/// nothing above U+10FFFF; a truncated sequence is not valid.
Utf8Char utf8_at(std::string_view text, std::size_t pos);

/// Appends `point`; a surrogate or anything above U+10FFFF is appended as U+FFFD.
void append_utf8(std::string& out, char32_t point);

}  // namespace otpctl
