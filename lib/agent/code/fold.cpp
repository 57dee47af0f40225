#include "code/fold.hpp"

#include "base/digits.hpp"
#include "base/utf8.hpp"
#include "code/char_set.hpp"

#include <algorithm>
#include <array>
#include <utf8proc.h>

namespace otpctl::code {

namespace {

struct Mark {
  char32_t from;
  char to;
};
// clang-format off
constexpr std::array<Mark, 44> kMarks = {{
    {0x2010, '-'}, {0x2011, '-'}, {0x2012, '-'}, {0x2013, '-'}, {0x2014, '-'}, {0x2015, '-'}, {0x2212, '-'},
    {0x2018, '\''}, {0x2019, '\''}, {0x201A, '\''}, {0x201C, '"'}, {0x201D, '"'}, {0x201E, '"'}, {0xAB, '"'},
    {0xBB, '"'}, {0x2039, '\''}, {0x203A, '\''}, {0x3001, ';'}, {0xFF0C, ';'}, {0x3008, '<'},
    {0x3009, '>'}, {0x300A, '<'}, {0x300B, '>'}, {0x300C, '['}, {0x300D, ']'}, {0x300E, '['}, {0x300F, ']'}, {0x3010, '['}, {0x3011, ']'},
    {0x3014, '['}, {0x3015, ']'}, {0x2022, kMask}, {0x25CF, kMask}, {0x2219, kMask}, {0xD7, kMask},
    {0x2026, '.'}, {0x2192, '-'}, {0x60C, ';'}, {0x61B, ';'}, {0x5BE, '-'}, {0x5F3, '\''}, {0x5F4, '"'},
    {0xFF64, ','}, {0x55D, ':'},
}};
// clang-format on

bool is_zero_width(char32_t c) {
  return c == 0xAD || c == 0x34F || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2064) ||
         (c >= 0x2066 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFE00 && c <= 0xFE0F);
}

bool is_white(char32_t c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000;
}

char fold_ascii(char32_t c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c + ('a' - 'A'));
  if (is_white(c)) return ' ';
  return c == '\n' || c >= 0x20 ? static_cast<char>(c) : kOtherMark;
}

/// Marks that stand above or below a letter and say nothing that a table needs: accents, Hebrew and
/// Arabic vowel points. Not those of Thai and the Indic scripts: there they are vowels.
bool is_dropped_mark(char32_t c) {
  return (c >= 0x300 && c <= 0x36F) || (c >= 0x591 && c <= 0x5C7 && c != 0x5BE && c != 0x5C3) || (c >= 0x610 && c <= 0x61A) ||
         c == 0x640 || (c >= 0x64B && c <= 0x65F) || c == 0x670 || (c >= 0x6D6 && c <= 0x6ED) ||
         c == 0x93C || c == 0x9BC || c == 0xA3C;  // the nukta, which many leave out
}

/// Scripts that put no spaces between words, and Hangul, whose particles are joined to the word.
bool is_joined(char32_t c) {
  return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1100 && c <= 0x11FF) ||
         (c >= 0x1780 && c <= 0x17FF) || (c >= 0x3005 && c <= 0x3007) || (c >= 0x3040 && c <= 0x30FF) ||
         (c >= 0x3130 && c <= 0x318F) || (c >= 0x3400 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7AF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF66 && c <= 0xFF9F) || (c >= 0x20000 && c <= 0x3FFFF);
}

/// Letters that no decomposition brings to their plain one. Turkish ı and İ are i here: a keyword
/// is found with and without dots.
char32_t plain_letter(char32_t c) {
  switch (c) {
    case 0x131:
    case 0x130: return 'i';
    case 0xDF:
    case 0x1E9E: return 's';
    case 0xF8:
    case 0xD8: return 'o';
    case 0xE6:
    case 0xC6: return 0xE6;
    case 0x111:
    case 0x110: return 'd';
    case 0x142:
    case 0x141: return 'l';
    case 0x18F:
    case 0x259:
    case 0x1DD: return 'e';  // Azerbaijani ə
    case 0x6A9:
    case 0x6AA: return 0x643;  // Persian and Arabic kaf
    case 0x6CC:
    case 0x649:
    case 0x6D2: return 0x64A;            // and yeh
    case 0x6C1:
    case 0x6C3:
    case 0x6D5:
    case 0x629: return 0x647;  // and heh
    case 0x671: return 0x627;
    case 0x3C2: return 0x3C3;  // final sigma
    default: return 0;
  }
}

bool has_accents(char32_t c) {  // scripts whose accented letters are taken apart
  return (c >= 0xC0 && c <= 0x24F) || (c >= 0x370 && c <= 0x52F) || (c >= 0x622 && c <= 0x6D3) ||
         (c >= 0x929 && c <= 0x934) || (c >= 0x958 && c <= 0x95F) || (c >= 0x9DC && c <= 0x9DF) || c == 0xA33 || c == 0xA36 ||
         (c >= 0xA59 && c <= 0xA5E) || (c >= 0x1E00 && c <= 0x1FFF) || (c >= 0xFB1D && c <= 0xFB4F);
}

/// The letter as tables know it.
char32_t fold_letter(char32_t c) {
  if (const char32_t plain = plain_letter(c)) return plain;
  if (!has_accents(c)) return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
  std::array<utf8proc_int32_t, 8> parts{};
  int state = 0;
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(), parts.size(),
                                             static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE), &state);
  const utf8proc_int32_t base = count >= 1 ? parts[0] : static_cast<utf8proc_int32_t>(c);
  const auto lower = static_cast<char32_t>(utf8proc_tolower(base));
  const char32_t plain = plain_letter(lower);
  return plain ? plain : lower;
}

struct Both {
  char type;        // of Folded::text
  char32_t letter;  // of Folded::letters
};

Both both(char c) { return {c, static_cast<unsigned char>(c)}; }

Both fold_other(char32_t c) {
  if (is_white(c)) return both(' ');
  if (c == 0xFFFD) return both(kBlank);  // what could not be read cuts a number
  if (c == 0x85 || c == 0x2028 || c == 0x2029) return both('\n');
  if (c == 0x3002 || c == 0xFF61 || c == 0xFF01 || c == 0xFF1F || c == 0x964 || c == 0x965 ||
      c == 0x61F || c == 0x5C3 || c == 0x589 || c == 0x6D4 || c == 0x1362 || c == 0x104B || c == 0x17D4 || c == 0x203D)
    return both(kStop);
  if (const int digit = digit_value(c); digit >= 0) return both(static_cast<char>('0' + digit));
  const auto* mark = std::find_if(kMarks.begin(), kMarks.end(), [&](const Mark& m) { return m.from == c; });
  if (mark != kMarks.end()) return both(mark->to);
  if (c >= 0xFF01 && c <= 0xFF5E) return both(fold_ascii(c - 0xFEE0));  // full-width ASCII
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  if (category == UTF8PROC_CATEGORY_SC) return both(kCurrency);
  if (category < UTF8PROC_CATEGORY_LU || category > UTF8PROC_CATEGORY_NO) return both(kOtherMark);
  if (is_joined(c)) return {kJoinedLetter, c};
  const char32_t letter = fold_letter(c);
  if (letter < 0x80) return both(fold_ascii(letter));
  return {kOtherLetter, letter};
}

bool is_upper(char32_t c) {
  return c < 0x80 ? c >= 'A' && c <= 'Z'
                  : utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_LU;
}

constexpr CharSet kEndsLink(" \n\"'<>()[]{}\x01\x02\x04\x05");

bool is_link(std::string_view word) {
  if (word.starts_with("www.") || word.find("://") != word.npos) return true;
  if (word.find('@') != word.npos) return true;
  // "example.com/105876": a name with a dot, then a path
  const std::size_t slash = word.find('/');
  const std::size_t dot = word.find('.');
  return slash != word.npos && dot < slash && dot > 0 &&
         std::any_of(word.begin() + static_cast<std::ptrdiff_t>(dot),
                     word.begin() + static_cast<std::ptrdiff_t>(slash),
                     [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

Folded fold(std::string_view utf8) {
  Folded out;
  out.text.reserve(utf8.size());
  out.letters.reserve(utf8.size());
  out.upper.reserve(utf8.size());
  out.at.reserve(utf8.size() + 1);
  const auto put = [&out](Both c, std::size_t pos, bool upper) {
    out.text += c.type;
    out.letters += c.letter;
    out.at.push_back(static_cast<std::uint32_t>(pos));
    out.upper += upper ? '1' : '0';
  };
  for (std::size_t pos = 0; pos < utf8.size();) {
    const auto byte = static_cast<unsigned char>(utf8[pos]);
    if (byte < 0x80) {
      put(both(fold_ascii(byte)), pos++, byte >= 'A' && byte <= 'Z');
      continue;
    }
    const Utf8Char c = utf8_at(utf8, pos);
    if (!is_zero_width(c.point) && !is_dropped_mark(c.point)) put(fold_other(c.point), pos, is_upper(c.point));
    pos += c.size;
  }
  out.at.push_back(static_cast<std::uint32_t>(utf8.size()));
  return out;
}

char fold_type(char32_t letter) {
  if (letter < 0x80) return static_cast<char>(letter);
  return is_joined(letter) ? kJoinedLetter : kOtherLetter;
}

void blank_links(Folded& folded) {
  const std::string_view text = folded.text;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin;
    while (end < text.size() && !kEndsLink.has(text[end])) ++end;
    if (end - begin >= 4 && is_link(text.substr(begin, end - begin))) {
      folded.text.replace(begin, end - begin, end - begin, kBlank);
      folded.letters.replace(begin, end - begin, end - begin, U'\x03');
    }
    begin = end + 1;
  }
}

}  // namespace otpctl::code
