// Names of enumerators in JSON. Stable: scripts compare them.
#include "base/text.hpp"
#include "rpc/messages.hpp"

namespace otpctl::rpc {

std::string_view name_of(SourceState state) {
  switch (state) {
    case SourceState::starting: return "starting";
    case SourceState::live: return "live";
    case SourceState::unreachable: return "unreachable";
    case SourceState::signed_out: return "signed_out";
    case SourceState::throttled: return "throttled";
  }
  return "starting";
}

std::string_view name_of(SessionState state) {
  switch (state) {
    case SessionState::open: return "open";
    case SessionState::waiting: return "waiting";
    case SessionState::received: return "received";
    case SessionState::expired: return "expired";
    case SessionState::closed: return "closed";
  }
  return "open";
}

std::string_view name_of(Unmatched reason) {
  switch (reason) {
    case Unmatched::no_code: return "no_code";
    case Unmatched::ambiguous_code: return "ambiguous_code";
    case Unmatched::ambiguous_sender: return "ambiguous_sender";
    case Unmatched::other_recipient: return "other_recipient";
    case Unmatched::ambiguous_recipient: return "ambiguous_recipient";
    case Unmatched::before_mark: return "before_mark";
    case Unmatched::filtered: return "filtered";
    case Unmatched::taken: return "taken";
    case Unmatched::superseded: return "superseded";
  }
  return "no_code";
}

std::string_view name_of(EventType type) {
  switch (type) {
    case EventType::agent: return "agent";
    case EventType::source: return "source";
    case EventType::session: return "session";
    case EventType::wait: return "wait";
    case EventType::message: return "message";
    case EventType::code: return "code";
    case EventType::entry: return "entry";
    case EventType::other: return "other";
  }
  return "other";
}

std::string_view type_of(const TimelineEvent& event) {
  return event.type == EventType::other && !event.type_name.empty() ? std::string_view(event.type_name)
                                                                    : name_of(event.type);
}

Result<EventType> parse_event_type(std::string_view name) {
  std::string all;
  for (const EventType type : kEventTypes) {
    if (name_of(type) == name) return type;
    all += (all.empty() ? "" : ", ") + std::string(name_of(type));
  }
  return fail(ErrorCode::usage, "'" + printable(name, 40) + "' is no type of event; there are " + all);
}

}  // namespace otpctl::rpc
