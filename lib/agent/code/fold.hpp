// Text as the extractor reads it: one byte a character, so that tables and rules need no Unicode,
// and the way back to the original.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::code {

// What a character that is not ASCII becomes when no ASCII character stands for it.
inline constexpr char kOtherLetter = '\x01';
inline constexpr char kOtherMark = '\x02';
inline constexpr char kCurrency = '$';
inline constexpr char kMask = '*';      // bullets, as in a card number
inline constexpr char kBlank = '\x03';  // inside a URL or an e-mail address (blank_links)

struct Folded {
  // Lower case without accents (ş → s, ü → u, ß → s), digits of every script as 0-9, typographic
  // marks as their ASCII ones, any white space but \n as ' ', nothing of zero width.
  std::string text;
  std::vector<std::uint32_t>
      at;             // at[i]: byte offset of text[i] in the original; one more for the end
  std::string upper;  // '1' where the original was an upper-case letter, else '0'

  std::size_t origin(std::size_t i) const { return at[i]; }
};

Folded fold(std::string_view utf8);

/// Overwrites URLs and e-mail addresses with kBlank: no digit in them is a code.
void blank_links(std::string& folded);

}  // namespace otpctl::code
