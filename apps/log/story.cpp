#include "log/story.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace otpctl::apps::log {

namespace {

std::vector<EventType> all_types() { return {rpc::kEventTypes.begin(), rpc::kEventTypes.end()}; }

}  // namespace

bool explains(EventType type) { return type == EventType::agent || type == EventType::source; }

Belongs Story::look(const Event& event) {
  const bool of_session = options_.session.empty() || is_of_session(event);
  if (!is_wanted(event.type) || (until_ && event.at > *until_)) return Belongs::no;
  const bool all = options_.session.empty() && options_.recipient.empty();
  if (explains(event.type) && ended_) return Belongs::no;
  // Asked for by name they are no by-work.
  if (explains(event.type) && !all && options_.types.empty()) return Belongs::explains;
  if (explains(event.type)) return Belongs::yes;
  return of_session ? Belongs::yes : Belongs::no;
}

bool Story::is_over(const Event& event) const {
  return until_ && event.at > *until_ + kSlack;
}

bool Story::is_wanted(EventType type) const {
  const auto& types = options_.types;
  return types.empty() || std::find(types.begin(), types.end(), type) != types.end();
}

/// Another session may begin with the same characters.
void Story::note_end(const Event& event) {
  if (event.type != EventType::session) return;
  ended_ = event.state == "closed" || event.state == "expired";
}

bool Story::is_of_session(const Event& event) {
  if (!event.session.empty()) {
    if (event.session.rfind(options_.session, 0) != 0) return false;
    note_end(event);
    for (const std::string* each : {&event.target.email, &event.target.phone}) {
      if (!each->empty()) recipients_.insert(to_lower(*each));
    }
    return true;
  }
  return !ended_ && std::any_of(event.recipients.begin(), event.recipients.end(),
                     [&](const std::string& each) { return recipients_.count(to_lower(each)) > 0; });
}

std::vector<rpc::Events> questions(const Options& options, WallTime since) {
  rpc::Events all;
  all.since = since;
  all.recipient = options.recipient;
  if (!options.session.empty() || options.recipient.empty()) {
    // A session's recipients are learnt from entries that --type may not ask for.
    if (options.session.empty()) all.types = options.types;
    return {all};
  }
  // Whoever names a recipient is asked for with it, types that only a newer agent knows too.
  rpc::Events others;
  others.since = since;
  for (const EventType type : options.types.empty() ? all_types() : options.types)
    (explains(type) ? others : all).types.push_back(type);
  std::vector<rpc::Events> found;
  if (!all.types.empty()) found.push_back(all);
  if (options.types.empty()) found.front().types.clear();
  if (!others.types.empty()) found.push_back(others);
  return found;
}

}  // namespace otpctl::apps::log
