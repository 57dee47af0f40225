// What health prints: for Nagios and its relatives, for Prometheus, as JSON. Pure.
#pragma once

#include "health/assess.hpp"

#include <string>

namespace otpctl::apps::health {

/// What could be learned, either a report or why there is none, and what follows from it.
struct Outcome {
  Result<HealthReport> report;
  Assessment assessment;  // of the report; without one its status only
  Thresholds thresholds;
  bool chosen = false;  // the sources by --source: then the agent's own doors count as what they are
};

/// The plugin form: one line with the status, its reason and performance data behind the only '|'; then
/// a line or two a source.
std::string plugin_text(const Outcome& outcome, WallTime now);

/// Text exposition format 0.0.4. Without an agent `otpctl_up 0`.
std::string prometheus_text(const Outcome& outcome);

/// The agent's object, or the error object, with "status" behind "v". No LF.
std::string json_text(const Outcome& outcome);

/// "OTPCTL UNKNOWN - …": what could not even be tried.
std::string plugin_line(Status status, const std::string& reason);

}  // namespace otpctl::apps::health
