// Text as the extractor reads it: one byte a character for the rules of layout, one code point a
// character for the words of the languages, and the way back to the original.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::code {

// What a character that is not ASCII becomes when no ASCII character stands for it.
inline constexpr char kOtherLetter = '\x01';  // of a script that puts spaces between words
inline constexpr char kOtherMark = '\x02';
inline constexpr char kJoinedLetter = '\x04';  // of one that does not: Han, kana, Hangul, Thai, …
inline constexpr char kStop = '\x05';          // the end of a sentence, no space needed: 。 ।
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
  // As text, but letters that have no ASCII one stay themselves: lower case, without accents and
  // vowel points, Persian and Arabic forms of a letter as one.
  std::u32string letters;

  std::size_t origin(std::size_t i) const { return at[i]; }
};

Folded fold(std::string_view utf8);

/// The byte of Folded::text that belongs to one of Folded::letters.
char fold_type(char32_t letter);

/// Overwrites URLs and e-mail addresses with kBlank: no digit in them is a code.
void blank_links(Folded& folded);

/// A letter of a script with spaces: beside it a word has not ended.
inline bool is_spaced_letter(char c) { return (c >= 'a' && c <= 'z') || c == kOtherLetter; }
inline bool is_letter(char c) { return is_spaced_letter(c) || c == kJoinedLetter; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace otpctl::code
