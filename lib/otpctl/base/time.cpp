#include "base/time.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ctime>

namespace otpctl {

namespace {

using std::chrono::microseconds;

struct Unit {
  std::string_view name;
  std::int64_t size;  // microseconds
};
// From the largest down: a duration names each at most once, in this order.
constexpr std::array<Unit, 6> kUnits{{{"d", 86'400'000'000},
                                      {"h", 3'600'000'000},
                                      {"m", 60'000'000},
                                      {"s", 1'000'000},
                                      {"ms", 1'000},
                                      {"us", 1}}};
constexpr std::int64_t kLongest = 366 * kUnits[0].size;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

tl::unexpected<Error> no_duration(std::string_view text) {
  return fail(ErrorCode::usage,
              "'" + printable(text, 40) +
                  "' is no duration: write 90s, 5m, 1h30m or 250ms (a bare number is seconds)");
}

/// Takes the digits at the front of `text`; nothing when there are none or they exceed any
/// duration.
std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    value = value * 10 + (text[digits] - '0');
    if (value > kLongest) return std::nullopt;
    ++digits;
  }
  text.remove_prefix(digits);
  if (digits == 0) return std::nullopt;
  return value;
}

std::string_view take_letters(std::string_view& text) {
  std::size_t size = 0;
  while (size < text.size() && is_letter(text[size])) ++size;
  const std::string_view name = text.substr(0, size);
  text.remove_prefix(size);
  return name;
}

Instant::duration read(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::chrono::seconds(time.tv_sec) +
         std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(time.tv_nsec));
}

/// `digits` decimal digits at `pos`, or -1.
int number_at(std::string_view text, std::size_t pos, std::size_t digits) {
  int value = 0;
  for (std::size_t i = pos; i < pos + digits; ++i) {
    if (i >= text.size() || !is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// What stands behind the seconds: nothing or "." and 1 to 9 digits, then "Z".
std::optional<microseconds> fraction_and_zone(std::string_view text) {
  if (text == "Z") return microseconds(0);
  if (text.size() < 3 || text.size() > 11 || text.front() != '.' || text.back() != 'Z')
    return std::nullopt;
  const std::string_view digits = text.substr(1, text.size() - 2);
  std::int64_t value = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (!is_digit(digits[i])) return std::nullopt;
    if (i < 6) value = value * 10 + (digits[i] - '0');
  }
  for (std::size_t i = digits.size(); i < 6; ++i) value *= 10;
  return microseconds(value);
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

}  // namespace

BootClock::time_point BootClock::now() { return time_point(read(CLOCK_BOOTTIME)); }

Now read_clocks() { return Now{BootClock::now(), WallTime(read(CLOCK_REALTIME))}; }

namespace {

Result<Duration> read_duration(std::string_view text, const char* too_long) {
  std::string_view rest = text;
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  if (rest.empty()) return no_duration(text);
  while (!rest.empty()) {
    const bool first = rest.size() == text.size();
    const auto number = take_number(rest);
    if (!number) return no_duration(text);
    std::string_view name = take_letters(rest);
    if (name.empty() && first && rest.empty()) name = "s";
    const auto* unit = std::find_if(kUnits.begin() + next_unit, kUnits.end(),
                                    [&](const Unit& u) { return u.name == name; });
    if (unit == kUnits.end()) return no_duration(text);
    next_unit = static_cast<std::size_t>(unit - kUnits.begin()) + 1;
    if (*number > (kLongest - total) / unit->size) {
      return fail(ErrorCode::usage,
                  "'" + printable(text, 40) + "' is longer than 366 days" + too_long);
    }
    total += *number * unit->size;
  }
  return Duration(total);
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) { return read_duration(text, ""); }

Result<std::optional<Duration>> parse_duration_or_none(std::string_view text) {
  if (text == "none") return std::optional<Duration>();
  auto duration = read_duration(text, "; 'none' means no limit");
  if (!duration) return fail(duration.error());
  return std::optional<Duration>(*duration);
}

std::string format_duration(Duration duration) {
  if (duration <= Duration(0)) return "0s";
  std::string best;
  for (std::size_t start = 0; start < kUnits.size(); ++start) {
    std::string text;
    std::int64_t rest = duration.count();
    for (std::size_t i = start; i < kUnits.size() && rest > 0; ++i) {
      if (rest < kUnits[i].size) continue;
      text += std::to_string(rest / kUnits[i].size);
      text += kUnits[i].name;
      rest %= kUnits[i].size;
    }
    if (best.empty() || text.size() < best.size()) best = text;
  }
  return best;
}

Duration rounded(Duration duration) {
  using namespace std::chrono;
  if (duration >= seconds(10)) return floor<seconds>(duration);
  return duration >= milliseconds(10) ? floor<milliseconds>(duration) : duration;
}

std::string format_time(WallTime time) {
  using namespace std::chrono_literals;
  const auto earliest = WallTime(std::chrono::sys_days(std::chrono::January / 1 / 0));
  const auto latest =
      WallTime(std::chrono::sys_days(std::chrono::December / 31 / 9999)) + 24h - 1us;
  const WallTime shown = std::clamp(time, earliest, latest);
  const auto day = std::chrono::floor<std::chrono::days>(shown);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(shown - day));
  std::string out;
  append_padded(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_padded(out, clock.hours().count(), 2);
  out += ':';
  append_padded(out, clock.minutes().count(), 2);
  out += ':';
  append_padded(out, clock.seconds().count(), 2);
  out += '.';
  append_padded(out, clock.subseconds().count(), 3);
  return out + 'Z';
}

Result<WallTime> parse_time(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorCode::usage,
                "'" + printable(text, 40) + "' is no time: write 2026-11-20T09:33:58Z");
  };
  // 0123-56-89T12:45:78
  constexpr std::size_t kSeconds = 19;
  if (text.size() <= kSeconds || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':') {
    return wrong();
  }
  const int year = number_at(text, 0, 4), month = number_at(text, 5, 2),
            day = number_at(text, 8, 2);
  const int hour = number_at(text, 11, 2), minute = number_at(text, 14, 2),
            second = number_at(text, 17, 2);
  if (std::min({year, month, day, hour, minute, second}) < 0) return wrong();
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  const auto fraction = fraction_and_zone(text.substr(kSeconds));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59 || !fraction) return wrong();
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second) + *fraction;
}

}  // namespace otpctl
