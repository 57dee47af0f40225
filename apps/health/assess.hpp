// Is it well? A report of the agent and two thresholds → a status and what makes it so. Pure.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <otpctl/types.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace otpctl::apps::health {

/// The numbers are the exit codes that monitoring systems know.
enum class Status { ok = 0, warning = 1, critical = 2, unknown = 3 };

/// How long a source may be down: a planned reconnect must not wake anybody.
struct Thresholds {
  Duration warning = std::chrono::seconds(60);
  Duration critical = std::chrono::minutes(5);
  bool operator==(const Thresholds&) const = default;
};

struct Problem {
  Status status = Status::ok;
  std::string text;  // "main/INBOX unreachable for 7m (connection refused)"; printable
};

struct Assessment {
  Status status = Status::ok;
  std::vector<Problem> problems;  // the worst first
  std::vector<Duration> down;     // of each source of the report, in its order; 0: it is not
};

/// A source that is not live is down since it stopped being so; one that says it is live, but owes a
/// sign of life, since that was due.
Duration down_for(const SourceHealth& source, WallTime now);

Assessment assess(const HealthReport& report, const Thresholds& thresholds, WallTime now);

/// No report could be had: without an agent, or with one that hangs, no code comes to anybody
/// (critical); all else says nothing about it (unknown).
Status assess(const Error& error);

std::string_view name_of(Status status);  // "ok", "warning", "critical", "unknown"

}  // namespace otpctl::apps::health
