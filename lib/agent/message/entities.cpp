#include "message/entities.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <array>

namespace otpctl::message {

namespace {

constexpr std::size_t kLongestName = 32;        // CounterClockwiseContourIntegral has 31
constexpr std::size_t kLongestLegacyName = 6;   // "&Aacute"
constexpr std::size_t kShortestLegacyName = 2;  // "&lt"
constexpr char kEnd = '\1';

// HTML 13.2.5.80: numbers of the C1 controls mean what windows-1252 has there.
constexpr std::array<char16_t, 32> kWindows1252 = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

struct Named {
  std::string_view value;  // empty: no such name
  bool legacy = false;     // counts without a semicolon
};

std::size_t length_of_name(std::string_view entry) {
  std::size_t end = 0;
  while (end < entry.size() && is_alnum(entry[end])) ++end;
  return end;
}

/// Bisects the text: from the middle back to the begin of the entry there.
Named bisect(std::string_view name) {
  const std::string_view all = kNamedCharacters;
  std::size_t low = 0, high = all.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    const std::size_t mark = middle == 0 ? all.npos : all.rfind(kEnd, middle - 1);
    const std::size_t begin = mark == all.npos ? 0 : mark + 1;
    const std::size_t end = all.find(kEnd, begin);
    const std::string_view entry = all.substr(begin, end - begin);
    const std::size_t size = length_of_name(entry);
    const int order = entry.substr(0, size).compare(name);
    if (order == 0) return {entry.substr(size + 1), entry[size] == '&'};
    (order < 0 ? low : high) = order < 0 ? end + 1 : begin;
  }
  return {};
}

/// What fills the space behind a preheader comes by the hundred: these without a search.
Named find_named(std::string_view name) {
  struct Common {
    std::string_view name;
    Named named;
  };
  static constexpr Common kCommon[] = {{"nbsp", {"\u00A0", true}}, {"zwnj", {"\u200C", false}},
                                       {"amp", {"&", true}},       {"shy", {"\u00AD", true}},
                                       {"lt", {"<", true}},        {"gt", {">", true}}};
  for (const Common& common : kCommon) {
    if (common.name == name) return common.named;
  }
  return bisect(name);
}

int digit_value(char c, unsigned base) {
  const int value = c >= '0' && c <= '9'                     ? c - '0'
                    : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                             : 99;
  return value < static_cast<int>(base) ? value : -1;
}

std::size_t numeric(std::string_view text, std::size_t pos, std::string& out) {
  std::size_t at = pos + 2;
  const bool hex = at < text.size() && (text[at] | 0x20) == 'x';
  const unsigned base = hex ? 16 : 10;
  if (hex) ++at;
  const std::size_t begin = at;
  char32_t point = 0;
  for (; at < text.size() && digit_value(text[at], base) >= 0; ++at) {
    point = std::min<char32_t>(point * base + static_cast<char32_t>(digit_value(text[at], base)),
                               0x110000);
  }
  if (at == begin) return 0;
  if (point >= 0x80 && point <= 0x9F) point = kWindows1252[point - 0x80];
  append_utf8(out, point == 0 ? 0xFFFD : point);
  if (at < text.size() && text[at] == ';') ++at;
  return at - pos;
}

}  // namespace

std::size_t decode_entity(std::string_view text, std::size_t pos, std::string& out, Place place) {
  if (pos + 1 < text.size() && text[pos + 1] == '#') return numeric(text, pos, out);
  std::size_t end = pos + 1;
  while (end < text.size() && end - pos <= kLongestName && is_alnum(text[end])) ++end;
  const std::string_view name = text.substr(pos + 1, end - pos - 1);
  if (name.size() < kShortestLegacyName) return 0;
  if (end < text.size() && text[end] == ';') {
    if (const Named named = find_named(name); !named.value.empty()) {
      out += named.value;
      return end + 1 - pos;
    }
  }
  for (std::size_t size = std::min(name.size(), kLongestLegacyName); size >= kShortestLegacyName; --size) {
    const Named named = find_named(name.substr(0, size));
    if (!named.legacy) continue;
    const std::size_t next = pos + 1 + size;
    if (place == Place::attribute && next < text.size() && (text[next] == '=' || is_alnum(text[next]))) return 0;
    out += named.value;
    return 1 + size;
  }
  return 0;
}

}  // namespace otpctl::message
