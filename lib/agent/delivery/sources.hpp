// Where messages come from: how alive each source is, where each mailbox stands.
#pragma once

#include "base/time.hpp"
#include "delivery/delivery.hpp"
#include "delivery/record.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace otpctl::delivery {

struct Source {
  SourceStatus status;
  bool brings_email = false;
  bool brings_sms = false;
  std::optional<Instant> last_live;  // it was live until then; now, while it is
  bool brings(bool email, bool sms) const { return (email && brings_email) || (sms && brings_sms); }
};

class Sources {
 public:
  void update(const SourceUpdate& update, Now now);
  void remove(const std::string& name);

  /// Where it stands. `reported`: it said so itself in this agent's life, not a record of the last
  /// one.
  void set_position(const std::string& name, Position position, bool reported);
  std::optional<Position> position(const std::string& name) const;
  /// Of the mailboxes that are live and have said where they stand since they are: good for a mark.
  Positions live_positions() const;
  const Positions& all_positions() const { return positions_; }

  const std::map<std::string, Source>& all() const { return sources_; }
  std::vector<SourceStatus> statuses() const;
  std::vector<SourceStatus> statuses(bool email, bool sms) const;  // of those that bring it

  /// Who can be asked to look now: fetches messages and is live or starting.
  std::vector<std::string> askable(bool email, bool sms) const;
  bool any(bool email, bool sms) const;
  /// A source that fetches it cannot be asked where it stands.
  bool cannot_say(bool email, bool sms) const;
  bool signed_out(bool email, bool sms) const;
  /// There are sources that fetch it, and none of them was live at `since` or after it.
  bool unreachable_since(bool email, bool sms, Instant since) const;
  /// There are sources that fetch it, and none of them is live or starting.
  bool unreachable_now(bool email, bool sms) const;
  /// The same, or they are signed out or throttled.
  bool none_works(bool email, bool sms) const;

 private:
  std::map<std::string, Source> sources_;
  Positions positions_;
  std::set<std::string> reported_;
};

/// A door or a person waits for what comes: it has nothing to look up, is never behind and never
/// unreachable.
bool is_door(const std::string& kind);

}  // namespace otpctl::delivery
