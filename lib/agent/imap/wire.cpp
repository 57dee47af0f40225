#include "imap/wire.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace otpctl::imap {

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::size_t kFolderLimit = 1000;

/// Without padding; `last` stands for the 64th digit.
std::string base64_digits(std::string_view bytes, char last) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t buffer = 0;
  int bits = 0;
  auto put = [&](std::uint32_t value) { out += value == 63 ? last : kBase64[value]; };
  for (unsigned char byte : bytes) {
    buffer = (buffer << 8 | byte) & 0xFFFF;
    for (bits += 8; bits >= 6; bits -= 6) put(buffer >> (bits - 6) & 63);
  }
  if (bits > 0) put(buffer << (6 - bits) & 63);
  return out;
}

void append_utf16(std::string& out, char32_t point) {
  auto put = [&](char32_t unit) {
    out += static_cast<char>(unit >> 8);
    out += static_cast<char>(unit & 0xFF);
  };
  if (point < 0x10000) return put(point);
  put(0xD800 + ((point - 0x10000) >> 10));
  put(0xDC00 + ((point - 0x10000) & 0x3FF));
}

/// RFC 3501 5.1.3: printable ASCII stands for itself, "&" is "&-", all else UTF-16 in base64 with
/// ",".
std::string modified_utf7(std::string_view utf8) {
  std::string out, shifted;
  auto unshift = [&] {
    if (!shifted.empty()) out += '&' + base64_digits(shifted, ',') + '-';
    shifted.clear();
  };
  for (std::size_t at = 0; at < utf8.size();) {
    Utf8Char next = utf8_at(utf8, at);
    at += next.size;
    if (next.point < 0x20 || next.point > 0x7E) {
      append_utf16(shifted, next.point);
      continue;
    }
    unshift();
    out += static_cast<char>(next.point);
    if (next.point == '&') out += '-';
  }
  unshift();
  return out;
}

std::optional<int> digits(std::string_view text) {
  int value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.front() == '-' || error != std::errc() ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint32_t> set_number(std::string_view text) {
  std::uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

/// Calls `each(first, last)` for every range of a set; false for bad grammar or when `each` says
/// so.
template <class Each>
bool each_range(std::string_view set, Each each) {
  while (true) {
    std::size_t comma = set.find(',');
    std::string_view part = set.substr(0, comma);
    std::size_t colon = part.find(':');
    auto first = set_number(part.substr(0, colon));
    auto last = colon == std::string_view::npos ? first : set_number(part.substr(colon + 1));
    if (!first || !last) return false;
    if (!each(std::uint64_t{std::min(*first, *last)}, std::uint64_t{std::max(*first, *last)}))
      return false;
    if (comma == std::string_view::npos) return true;
    set.remove_prefix(comma + 1);
  }
}

}  // namespace

std::string to_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
  }
  return out;
}

bool can_be_quoted(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c != '\0' && c != '\r' && c != '\n' && static_cast<unsigned char>(c) < 0x80;
  });
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

Result<std::string> folder_argument(std::string_view name) {
  if (name.empty()) return fail(ErrorCode::config, "the folder has no name");
  if (name.size() > kFolderLimit) return fail(ErrorCode::config, "the folder's name is too long");
  bool control = std::any_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (control || !is_utf8(name)) {
    return fail(ErrorCode::config, "the folder's name is not printable UTF-8: " + printable(name));
  }
  return quoted(modified_utf7(name));
}

std::string base64(std::string_view bytes) {
  std::string out = base64_digits(bytes, '/');
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::optional<WallTime> parse_internal_date(std::string_view text) {
  // "17-Jul-1996 02:44:25 -0700"; the positions are fixed
  if (text.size() != 26 || text[2] != '-' || text[6] != '-' || text[11] != ' ' || text[14] != ':' ||
      text[17] != ':' || text[20] != ' ' || (text[21] != '+' && text[21] != '-')) {
    return std::nullopt;
  }
  auto month = std::find_if(kMonths.begin(), kMonths.end(), [&](std::string_view name) {
    return equals_ignoring_case(name, text.substr(3, 3));
  });
  auto day = digits(text[0] == ' ' ? text.substr(1, 1) : text.substr(0, 2));
  auto year = digits(text.substr(7, 4));
  auto hour = digits(text.substr(12, 2)), minute = digits(text.substr(15, 2)),
       second = digits(text.substr(18, 2));
  auto zone_hours = digits(text.substr(22, 2)), zone_minutes = digits(text.substr(24, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second || !zone_hours ||
      !zone_minutes || *hour > 23 || *minute > 59 || *second > 60 || *zone_hours > 23 ||
      *zone_minutes > 59) {
    return std::nullopt;
  }
  auto number = static_cast<unsigned>(month - kMonths.begin()) + 1;
  std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(number),
                                   std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  auto zone = std::chrono::hours(*zone_hours) + std::chrono::minutes(*zone_minutes);
  WallTime local = std::chrono::sys_days(date) + std::chrono::hours(*hour) +
                   std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  return text[21] == '+' ? local - zone : local + zone;
}

std::string search_date(WallTime time) {
  std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(time)};
  unsigned month = static_cast<unsigned>(date.month());
  char text[32];
  std::snprintf(text, sizeof text, "%u-%s-%04d", static_cast<unsigned>(date.day()),
                kMonths[month - 1].data(), static_cast<int>(date.year()));
  return text;
}

std::string uid_set(const std::vector<std::uint32_t>& ascending) {
  std::string out;
  for (std::size_t i = 0; i < ascending.size();) {
    std::size_t last = i;
    while (last + 1 < ascending.size() && ascending[last + 1] == ascending[last] + 1) ++last;
    if (!out.empty()) out += ',';
    out += std::to_string(ascending[i]);
    if (last > i) out += ':' + std::to_string(ascending[last]);
    i = last + 1;
  }
  return out;
}

std::optional<std::vector<std::uint32_t>> expand_set(std::string_view set, std::size_t limit) {
  std::vector<std::uint32_t> numbers;
  bool good = each_range(set, [&](std::uint64_t first, std::uint64_t last) {
    if (last - first >= limit - numbers.size()) return false;
    for (; first <= last; ++first) numbers.push_back(static_cast<std::uint32_t>(first));
    return true;
  });
  if (!good) return std::nullopt;
  return numbers;
}

std::optional<std::uint64_t> count_set(std::string_view set) {
  std::uint64_t count = 0;
  bool good = each_range(set, [&](std::uint64_t first, std::uint64_t last) {
    count += last - first + 1;
    return true;
  });
  if (!good) return std::nullopt;
  return count;
}

}  // namespace otpctl::imap
