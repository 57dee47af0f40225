// A conversation with the agent that outlives its connections: the one loop of Waiter and Follower. It connects when that
// is due, reads what has come, and sleeps until something happens.
#pragma once

#include "client/find.hpp"
#include "client/link.hpp"
#include "client/search.hpp"
#include "rpc/messages.hpp"

#include <algorithm>
#include <optional>
#include <poll.h>
#include <span>
#include <utility>

namespace otpctl::client {

struct Watched {};  // one of `watch` has what it asks for (see its revents)
struct Tick {};     // `tick` has come

/// CLOCK_BOOTTIME, or a test's.
using Clock = Instant (*)();

/// `Event` is a variant of what the conversation tells; Watched, Tick and Error are among it. `Self` derives from this, is
/// its friend and has
///   std::optional<Event> connect();                    opens the link, or says when the next try is due
///   std::optional<Event> say();                        sends what is to be sent now
///   std::optional<Event> take(rpc::Incoming incoming);
///   Event lost(Error why);                             the connection is gone
///   std::optional<Event> overdue();
///   Instant due() const;                               when say() or overdue() is to look again; max(): no need
/// No virtual functions: the commands' library exports no typeinfo.
template <class Self, class Event>
class Conversation {
 public:
  /// Blocks until something happens.
  Event next(std::span<pollfd> watch, std::optional<Instant> tick) {
    for (;;) {
      if (!link_ && now() >= search_.due()) {
        if (auto event = self().connect()) return std::move(*event);
      }
      if (auto event = self().say()) return std::move(*event);
      if (auto event = read()) return std::move(*event);
      if (auto event = self().overdue()) return std::move(*event);
      switch (pause(link_ ? link_->fd() : -1, watch, wake_at(tick))) {
        case Woke::watched: return Watched{};
        case Woke::time:
          if (tick && now() >= *tick) return Tick{};
          break;
        case Woke::ready:
          if (auto filled = link_->fill(); !filled) return self().lost(filled.error());
          break;
      }
    }
  }

  /// Ends the connection also where a child after fork() has a copy of it.
  void hang_up() {
    if (link_) link_->hang_up();
  }

 protected:
  Conversation(Options options, Search::Limits limits, Clock clock)
      : options_(std::move(options)), clock_(clock), search_(limits, clock()) {}

  Instant now() const { return clock_(); }
  bool hello_is_late() const {
    return link_ && link_->hello_deadline() && BootClock::now() >= *link_->hello_deadline();
  }

  std::optional<Event> read() {
    while (link_) {
      auto incoming = link_->next();
      if (!incoming) return self().lost(incoming.error());
      if (!*incoming) return std::nullopt;
      if (auto event = self().take(std::move(**incoming))) return event;
    }
    return std::nullopt;
  }

  Options options_;
  Clock clock_;
  std::optional<Link> link_;
  Search search_;

 private:
  Self& self() { return static_cast<Self&>(*this); }

  /// By the kernel's clock, which pause() goes by.
  std::optional<Instant> wake_at(std::optional<Instant> tick) const {
    Instant until = std::min(static_cast<const Self&>(*this).due(), tick.value_or(Instant::max()));
    if (!link_) until = std::min(until, search_.due());
    std::optional<Instant> wake;
    if (until != Instant::max()) wake = BootClock::now() + (until - now());
    if (link_ && link_->hello_deadline()) wake = std::min(wake.value_or(Instant::max()), *link_->hello_deadline());
    return wake;
  }
};

}  // namespace otpctl::client
