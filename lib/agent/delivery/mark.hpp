// The point after which a message counts, and the one rule that says whether it does.
#pragma once

#include "base/time.hpp"
#include "delivery/record.hpp"
#include "message/message.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace otpctl::delivery {

/// The order in which messages reached the agent. Never goes back, not over a restart either: it is
/// the wall clock in microseconds, or one more than the last where that is greater.
using Seq = std::uint64_t;

/// From year 0 to 9999: what is outside is a forgery, and would overflow in the first sum.
bool is_plausible(WallTime time);

struct Mark {
  WallTime time{};
  std::optional<Seq> seq;  // of the last arrival before the mark; none: only the time is known
  Positions positions;     // of the mailboxes that could say where they stood
  bool operator==(const Mark&) const = default;
};

/// What of a message decides whether it counts.
struct Arrival {
  message::Channel channel = message::Channel::email;
  std::string source;
  bool from_mailbox = false;  // else through a door: it came when it reached the agent
  std::uint32_t uid_validity = 0;
  std::uint32_t uid = 0;
  WallTime received{};  // INTERNALDATE, else when it reached the agent
  std::optional<WallTime> sent;
  Seq seq = 0;
};

/// By UID where the mark knows the mailbox, else INTERNALDATE + 1 s; what came through a door by
/// its place in the order of arrivals, else by time. What had reached the agent before the mark
/// never counts, nor does an SMS that was sent more than 60 s before it.
bool counts_after(const Arrival& arrival, const Mark& mark);

/// Which of two messages of one sender is the later one: by UID in one mailbox, by the sent times of
/// two SMS; else by when they were received, or sent where an SMS says that this was over 60 s before. Two of the same moment: as they arrived.
bool is_newer(const Arrival& a, const Arrival& b);

}  // namespace otpctl::delivery
