// Names of enumerators in JSON. Stable: scripts compare them.
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

}  // namespace otpctl::rpc
