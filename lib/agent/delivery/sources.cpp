#include "delivery/sources.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace otpctl::delivery {

bool is_door(const std::string& kind) {
  static constexpr std::array<std::string_view, 6> kDoors{"lmtp",    "smtp", "pipe",
                                                          "webhook", "sms",  "person"};
  return std::find(kDoors.begin(), kDoors.end(), kind) != kDoors.end();
}

void Sources::update(const SourceUpdate& update, Now now) {
  Source& source = sources_[update.status.name];
  const bool was_live = source.status.state == SourceState::live && !source.status.name.empty();
  source.status = update.status;
  source.brings_email = update.brings_email;
  source.brings_sms = update.brings_sms;
  const bool live = update.status.state == SourceState::live;
  if (was_live || live) source.last_live = now.instant;
  // A position from before the connection was lost says nothing about now.
  if (!live) reported_.erase(update.status.name);
}

void Sources::remove(const std::string& name) {
  sources_.erase(name);
  reported_.erase(name);
}

void Sources::set_position(const std::string& name, Position position, bool reported) {
  positions_[name] = position;
  if (reported) reported_.insert(name);
}

std::optional<Position> Sources::position(const std::string& name) const {
  const auto found = positions_.find(name);
  if (found == positions_.end()) return std::nullopt;
  return found->second;
}

Positions Sources::live_positions() const {
  Positions live;
  for (const std::string& name : reported_) {
    const auto source = sources_.find(name);
    if (source != sources_.end() && source->second.status.state == SourceState::live)
      live.emplace(name, positions_.at(name));
  }
  return live;
}

std::vector<SourceStatus> Sources::statuses() const {
  std::vector<SourceStatus> all;
  for (const auto& [name, source] : sources_) all.push_back(source.status);
  return all;
}

std::vector<SourceStatus> Sources::statuses(bool email, bool sms) const {
  std::vector<SourceStatus> all;
  for (const auto& [name, source] : sources_) {
    if (source.brings(email, sms)) all.push_back(source.status);
  }
  return all;
}

std::vector<std::string> Sources::askable(bool email, bool sms) const {
  std::vector<std::string> names;
  for (const auto& [name, source] : sources_) {
    const bool there =
        source.status.state == SourceState::live || source.status.state == SourceState::starting;
    if (there && source.brings(email, sms) && !is_door(source.status.kind)) names.push_back(name);
  }
  return names;
}

bool Sources::any(bool email, bool sms) const {
  return std::any_of(sources_.begin(), sources_.end(),
                     [&](const auto& s) { return s.second.brings(email, sms); });
}

bool Sources::cannot_say(bool email, bool sms) const {
  return std::any_of(sources_.begin(), sources_.end(), [&](const auto& s) {
    const SourceState state = s.second.status.state;
    return s.second.brings(email, sms) && !is_door(s.second.status.kind) &&
           state != SourceState::live && state != SourceState::starting;
  });
}

bool Sources::signed_out(bool email, bool sms) const {
  return std::any_of(sources_.begin(), sources_.end(), [&](const auto& s) {
    return s.second.brings(email, sms) && s.second.status.state == SourceState::signed_out;
  });
}

bool Sources::unreachable_since(bool email, bool sms, Instant since) const {
  bool fetches = false;
  for (const auto& [name, source] : sources_) {
    if (!source.brings(email, sms) || is_door(source.status.kind)) continue;
    fetches = true;
    if (source.status.state == SourceState::live || (source.last_live && *source.last_live > since))
      return false;
  }
  return fetches;
}

bool Sources::none_works(bool email, bool sms) const {
  return cannot_say(email, sms) && askable(email, sms).empty();
}

bool Sources::unreachable_now(bool email, bool sms) const {
  bool fetches = false;
  for (const auto& [name, source] : sources_) {
    if (!source.brings(email, sms) || is_door(source.status.kind)) continue;
    fetches = true;
    if (source.status.state == SourceState::live || source.status.state == SourceState::starting)
      return false;
  }
  return fetches;
}

}  // namespace otpctl::delivery
