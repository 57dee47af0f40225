#include "code/fold.hpp"

#include "base/digits.hpp"
#include "base/utf8.hpp"

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
constexpr std::array<Mark, 37> kMarks = {{
    {0x2010, '-'}, {0x2011, '-'}, {0x2012, '-'}, {0x2013, '-'}, {0x2014, '-'}, {0x2015, '-'}, {0x2212, '-'},
    {0x2018, '\''}, {0x2019, '\''}, {0x201A, '\''}, {0x201C, '"'}, {0x201D, '"'}, {0x201E, '"'}, {0xAB, '"'},
    {0xBB, '"'}, {0x2039, '\''}, {0x203A, '\''}, {0x3001, ','}, {0x3002, '.'}, {0xFF61, '.'}, {0x3008, '<'},
    {0x3009, '>'}, {0x300A, '<'}, {0x300B, '>'}, {0x300C, '['}, {0x300D, ']'}, {0x3010, '['}, {0x3011, ']'},
    {0x3014, '['}, {0x3015, ']'}, {0x2022, kMask}, {0x25CF, kMask}, {0x2219, kMask}, {0xD7, kMask},
    {0x2026, '.'}, {0x1DD, 'e'}, {0x2192, '-'},
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

/// The ASCII letter below the accents, or 0. Turkish ı and İ are i here: a keyword is found with
/// and without dots.
char base_letter(char32_t c) {
  switch (c) {
    case 0x131:
    case 0x130: return 'i';
    case 0xDF:
    case 0x1E9E: return 's';
    case 0xF8:
    case 0xD8: return 'o';
    case 0x111:
    case 0x110: return 'd';
    case 0x142:
    case 0x141: return 'l';
    default: break;
  }
  if (c > 0x24F && (c < 0x1E00 || c > 0x1EFF)) return 0;
  std::array<utf8proc_int32_t, 8> parts{};
  int state = 0;
  const auto count =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(), parts.size(),
                              static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE), &state);
  if (count < 2) return 0;
  const auto base = static_cast<char32_t>(parts[0]);
  const bool letter = (base >= 'a' && base <= 'z') || (base >= 'A' && base <= 'Z');
  return letter ? fold_ascii(base) : '\0';
}

char fold_other(char32_t c) {
  if (is_white(c)) return ' ';
  if (c == 0x85 || c == 0x2028 || c == 0x2029) return '\n';
  if (c >= 0xFF01 && c <= 0xFF5E) return fold_ascii(c - 0xFEE0);  // full-width ASCII
  if (const int digit = digit_value(c); digit >= 0) return static_cast<char>('0' + digit);
  const auto* mark =
      std::find_if(kMarks.begin(), kMarks.end(), [&](const Mark& m) { return m.from == c; });
  if (mark != kMarks.end()) return mark->to;
  if (const char letter = base_letter(c)) return letter;
  const auto category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
  if (category == UTF8PROC_CATEGORY_SC) return kCurrency;
  const bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
  return letter ? kOtherLetter : kOtherMark;
}

bool is_combining(char32_t c) { return c >= 0x300 && c <= 0x36F; }

bool is_upper(char32_t c) {
  return c < 0x80 ? c >= 'A' && c <= 'Z'
                  : utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_LU;
}

bool ends_link(char c) {
  constexpr std::string_view kEnds = " \n\"'<>()[]{}\x01\x02";
  return kEnds.find(c) != kEnds.npos;
}

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
  out.at.reserve(utf8.size() + 1);
  for (std::size_t pos = 0; pos < utf8.size();) {
    const Utf8Char c = utf8_at(utf8, pos);
    if (!is_zero_width(c.point) && !is_combining(c.point)) {
      out.text += c.point < 0x80 ? fold_ascii(c.point) : fold_other(c.point);
      out.at.push_back(static_cast<std::uint32_t>(pos));
      out.upper += is_upper(c.point) ? '1' : '0';
    }
    pos += c.size;
  }
  out.at.push_back(static_cast<std::uint32_t>(utf8.size()));
  return out;
}

void blank_links(std::string& folded) {
  for (std::size_t begin = 0; begin < folded.size();) {
    std::size_t end = begin;
    while (end < folded.size() && !ends_link(folded[end])) ++end;
    if (end - begin >= 4 && is_link(std::string_view(folded).substr(begin, end - begin))) {
      std::fill(folded.begin() + static_cast<std::ptrdiff_t>(begin),
                folded.begin() + static_cast<std::ptrdiff_t>(end), kBlank);
    }
    begin = end + 1;
  }
}

}  // namespace otpctl::code
