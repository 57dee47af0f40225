// One blocked wait: it keeps its identity over reconnects, agents that die, and agents that are
// restarted.
//
//   client::Waiter waiter(options, wait);
//   for (;;) {
//     auto event = waiter.next(signals, {});
//     if (auto* code = std::get_if<Delivered>(&event)) { print(code->code); waiter.acknowledge();
//     return; } …
//   }
#pragma once

#include "client/conversation.hpp"

#include <string>
#include <variant>

namespace otpctl::client {

/// Once for each connection lost.
struct Reconnecting {
  Error why;
};

/// Delivered, WaitEnd and Error are the last.
using WaiterEvent =
    std::variant<Delivered, WaitEnd, Error, rpc::Waiting, rpc::Warning, Reconnecting, Watched, Tick>;

/// Its timeout runs on CLOCK_BOOTTIME from the construction, over every reconnect. Not for several
/// threads.
class Waiter : public Conversation<Waiter, WaiterEvent> {
 public:
  using Event = WaiterEvent;
  using Reconnecting = client::Reconnecting;
  using Watched = client::Watched;
  using Tick = client::Tick;

  /// `wait.waiter` is chosen here when it is empty. next() connects and starts an agent as Options::start allows. One that
  /// is lost is looked for until the deadline; where there is none, for two minutes each time.
  Waiter(Options options, rpc::Wait wait, Clock clock = BootClock::now);

  /// The code that next() gave stands on stdout: says so until the agent has heard it, over its
  /// restart too, at most `within`. Failing changes nothing for the user: the code is out.
  Result<void> acknowledge(Duration within = std::chrono::seconds(3));

  /// When the wait ends; nothing when it has no limit or the agent has not told its default yet.
  std::optional<Instant> deadline() const { return deadline_; }

 private:
  friend class Conversation<Waiter, WaiterEvent>;

  std::optional<Event> connect();
  std::optional<Event> say() { return std::nullopt; }
  std::optional<Event> take(rpc::Incoming incoming);
  std::optional<Event> overdue();
  Instant due() const;
  Event lost(Error why);
  bool gives_up() const { return !deadline_ ? search_.is_over(now()) : now() >= *deadline_; }
  rpc::Wait request() const;
  Result<void> acknowledge_once(Instant until);

  rpc::Wait wait_;
  rpc::Id id_;
  std::optional<Instant> deadline_;
  bool was_connected_ = false;
  std::string delivery_;
};

}  // namespace otpctl::client
