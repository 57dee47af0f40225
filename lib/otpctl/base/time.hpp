// Two clocks, both injected. Ages and deadlines run on Instant (CLOCK_BOOTTIME: goes on during suspend,
// never jumps); what is stored or shown is WallTime (UTC). Pure code gets a `Now`, it never asks.
#pragma once

#include "base/result.hpp"

#include <otpctl/types.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace otpctl {

struct BootClock {  // CLOCK_BOOTTIME
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
  static time_point now();
};
using Instant = BootClock::time_point;

struct Now {
  Instant instant{};
  WallTime wall{};
};

/// Reads both clocks; only io/, client/ and programs call it.
Now read_clocks();

/// "90s", "5m", "1h30m", "250ms", bare number = seconds. No sign, no spaces, at most 366 days.
/// Fails with `usage` and a message that names the text.
Result<Duration> parse_duration(std::string_view text);

/// As parse_duration, and "none" for std::nullopt (no limit).
Result<std::optional<Duration>> parse_duration_or_none(std::string_view text);

/// "90s", "1m30s", "250ms": the shortest text that parse_duration reads back.
std::string format_duration(Duration duration);

/// As exactly as anybody wants to read it: whole seconds from 10 s on, whole milliseconds from 10 ms on.
Duration rounded(Duration duration);

/// RFC 3339 in UTC with milliseconds: "2026-11-20T09:33:58.123Z".
std::string format_time(WallTime time);

/// Reads what format_time writes (fraction optional, offset Z only). `usage` when it is none.
Result<WallTime> parse_time(std::string_view text);

}  // namespace otpctl
