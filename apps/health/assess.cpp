#include "health/assess.hpp"

#include "base/text.hpp"
#include "rpc/messages.hpp"
#include "shared/output.hpp"

#include <algorithm>

namespace otpctl::apps::health {

namespace {

Status by_time(Duration down, const Thresholds& thresholds) {
  if (down >= thresholds.critical) return Status::critical;
  return down >= thresholds.warning ? Status::warning : Status::ok;
}

/// What its state says alone, however long it lasts.
Status by_state(SourceState state) {
  switch (state) {
    case SourceState::signed_out: return Status::critical;  // nothing helps but a person
    case SourceState::throttled: return Status::warning;
    case SourceState::starting:
    case SourceState::live:
    case SourceState::unreachable: break;
  }
  return Status::ok;
}

std::string in_words(const SourceStatus& source, Duration down) {
  std::string text = printable(source.name) + " ";
  const std::string span = ago(WallTime{}, WallTime{down});
  if (source.state == SourceState::live)
    return text + "has been silent for " + span + " longer than it may";
  std::string state(rpc::name_of(source.state));
  std::replace(state.begin(), state.end(), '_', ' ');
  text += state + " for " + span;
  return source.detail.empty() ? text : text + " (" + printable(source.detail, 300) + ")";
}

}  // namespace

Duration down_for(const SourceHealth& source, WallTime now) {
  if (source.status.state != SourceState::live)
    return std::max<Duration>(now - source.down_since.value_or(source.status.since), Duration(0));
  if (source.due_every <= Duration(0) || !source.alive_age) return Duration(0);
  return std::max<Duration>(*source.alive_age - source.due_every, Duration(0));
}

Assessment assess(const HealthReport& report, const Thresholds& thresholds, WallTime now) {
  Assessment found;
  if (!report.store_trouble.empty()) {
    found.problems.push_back(
        {Status::critical, "the store cannot be written: " + printable(report.store_trouble, 300)});
  }
  for (const SourceHealth& source : report.sources) {
    const Duration down = down_for(source, now);
    found.down.push_back(down);
    const bool is_down = source.status.state != SourceState::live || down > Duration(0);
    const Status in_time = is_down ? by_time(down, thresholds) : Status::ok;  // whatever the thresholds: 0 is "at once"
    const Status status = std::max(in_time, by_state(source.status.state));
    if (status != Status::ok) found.problems.push_back({status, in_words(source.status, down)});
  }
  if (report.more > 0) {
    found.problems.push_back(
        {Status::warning, std::to_string(report.more) + " sources more that nothing is known of"});
  }
  std::stable_sort(found.problems.begin(), found.problems.end(),
                   [](const Problem& a, const Problem& b) { return a.status > b.status; });
  if (!found.problems.empty()) found.status = found.problems.front().status;
  return found;
}

Status assess(const Error& error) {
  return error.code == ErrorCode::agent_unreachable ? Status::critical : Status::unknown;
}

std::string_view name_of(Status status) {
  switch (status) {
    case Status::ok: return "ok";
    case Status::warning: return "warning";
    case Status::critical: return "critical";
    case Status::unknown: break;
  }
  return "unknown";
}

}  // namespace otpctl::apps::health
