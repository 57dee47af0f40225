#include "server/health.hpp"

#include <algorithm>
#include <cmath>

namespace otpctl::server {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kHalfHours = 49;  // 24 hours, and the one that runs
constexpr double kFirstBound = 62.5;     // µs

std::int64_t half_hour_of(Now now) { return now.instant.time_since_epoch() / Duration(30min); }

}  // namespace

std::size_t Health::class_of(Duration took) {
  const auto micros = static_cast<double>(took.count());
  if (micros <= kFirstBound) return 0;
  const auto index = static_cast<std::size_t>(std::ceil(2 * std::log2(micros / kFirstBound)));
  return std::min(index, kClasses - 1);
}

Duration Health::bound_of(std::size_t index) {
  return Duration(std::llround(kFirstBound * std::exp2(static_cast<double>(index) / 2)));
}

Health::HalfHour& Health::current(const std::string& source, Now now) {
  auto& half_hours = sources_[source].half_hours;
  const auto number = half_hour_of(now);
  while (!half_hours.empty() && half_hours.front().number <= number - kHalfHours) half_hours.pop_front();
  if (half_hours.empty() || half_hours.back().number < number) half_hours.emplace_back().number = number;
  return half_hours.back();
}

void Health::add_door(const std::string& name, const std::string& detail, Now now) {
  Door door;
  door.status.name = name;
  door.status.kind = name;
  door.status.state = SourceState::live;
  door.status.detail = detail;
  door.status.since = now.wall;
  doors_.push_back(std::move(door));
}

void Health::source_is(const SourceStatus& status, Now now) {
  auto& source = sources_[status.name];
  if (status.state == SourceState::live) {
    source.down_since.reset();
  } else if (!source.down_since) {
    source.down_since = now.wall;
  }
  if (status.reconnects == source.reconnects) return;
  // Fewer than before: it was replaced, and counts anew.
  const auto more = status.reconnects > source.reconnects ? status.reconnects - source.reconnects : status.reconnects;
  source.reconnects = status.reconnects;
  if (more > 0) current(status.name, now).reconnects += static_cast<std::uint32_t>(more);
}

void Health::try_failed(const std::string& source, Now now) { ++current(source, now).errors; }

void Health::source_gone(const std::string& source) { sources_.erase(source); }

void Health::message(const std::string& source, Now now) {
  ++current(source, now).messages;
  for (auto& door : doors_) {
    if (door.status.name != source) continue;
    ++door.status.messages;
    door.status.last_alive = now.wall;
    door.last_byte = now.instant;
  }
}

void Health::recall(const std::string& source, Past what, Duration age, Now now) {
  if (age < Duration(0) || age >= Duration(24h)) return;
  auto& half_hours = sources_[source].half_hours;
  const auto number = half_hour_of(now) - age / Duration(30min);
  const auto place = std::find_if(half_hours.begin(), half_hours.end(),
                                  [&](const HalfHour& each) { return each.number >= number; });
  const bool there = place != half_hours.end() && place->number == number;
  HalfHour& half_hour = there ? *place : *half_hours.emplace(place);
  half_hour.number = number;
  switch (what) {
    case Past::message: ++half_hour.messages; break;
    case Past::error: ++half_hour.errors; break;
    case Past::reconnect: ++half_hour.reconnects; break;
  }
}

void Health::processed(const std::string& source, Duration took, Now now) {
  auto& half_hour = current(source, now);
  ++half_hour.processed;
  half_hour.took += took;
  half_hour.longest = std::max(half_hour.longest, took);
  ++half_hour.classes[class_of(took)];
}

/// What 95 of 100 did not exceed: the upper bound of their class, or the longest of all, as it is of fewer than 20.
Duration Health::percentile_95(const HalfHour& day) {
  const double wanted = 0.95 * static_cast<double>(day.processed);
  double so_far = 0;
  for (std::size_t index = 0; index + 1 < kClasses; ++index) {
    so_far += day.classes[index];
    if (so_far >= wanted) return std::min(bound_of(index), day.longest);
  }
  return day.longest;
}

SourceHealth Health::of(const source::Vitals& vitals, Now now) const {
  SourceHealth health;
  health.status = vitals.status;
  health.due_every = vitals.due_every;
  if (vitals.last_byte) health.alive_age = std::max<Duration>(now.instant - *vitals.last_byte, Duration(0));
  const auto found = sources_.find(vitals.status.name);
  if (vitals.status.state != SourceState::live) {
    health.down_since = found != sources_.end() && found->second.down_since ? *found->second.down_since : now.wall;
  }
  if (found == sources_.end()) return health;
  HalfHour day;
  for (const auto& half_hour : found->second.half_hours) {
    if (half_hour.number <= half_hour_of(now) - kHalfHours) continue;
    day.messages += half_hour.messages;
    day.errors += half_hour.errors;
    day.reconnects += half_hour.reconnects;
    day.processed += half_hour.processed;
    day.took += half_hour.took;
    day.longest = std::max(day.longest, half_hour.longest);
    for (std::size_t i = 0; i < kClasses; ++i) day.classes[i] += half_hour.classes[i];
  }
  health.messages = day.messages;
  health.errors = day.errors;
  health.reconnects = day.reconnects;
  health.processed = day.processed;
  if (day.processed > 0) {
    health.processing_mean = day.took / day.processed;
    health.processing_p95 = percentile_95(day);
  }
  return health;
}

std::vector<SourceHealth> Health::report(const std::vector<source::Vitals>& sources, Now now) const {
  std::vector<SourceHealth> all;
  for (const auto& vitals : sources) all.push_back(of(vitals, now));
  for (const auto& door : doors_) all.push_back(of({door.status, door.last_byte, Duration(0)}, now));
  if (all.size() > 100) {
    std::stable_partition(all.begin(), all.end(), [](const SourceHealth& each) { return each.down_since.has_value(); });
  }
  return all;
}

}  // namespace otpctl::server
