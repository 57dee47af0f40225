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

#include "client/find.hpp"
#include "client/link.hpp"
#include "rpc/messages.hpp"

#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <variant>

namespace otpctl::client {

/// Its timeout runs on CLOCK_BOOTTIME from the construction, over every reconnect. Not for several
/// threads.
class Waiter {
 public:
  struct Reconnecting {
    Error why;
  };                  // once for each connection lost
  struct Watched {};  // one of `watch` has what it asks for (see its revents)
  struct Tick {};     // `tick` has come
  /// Delivered, WaitEnd and Error are the last.
  using Event = std::variant<Delivered, WaitEnd, Error, rpc::Waiting, rpc::Warning, Reconnecting,
                             Watched, Tick>;

  /// `wait.waiter` is chosen here when it is empty.
  Waiter(Options options, rpc::Wait wait);

  /// Blocks until something happens. Connects and starts an agent as Options::start allows.
  Event next(std::span<pollfd> watch, std::optional<Instant> tick);

  /// The code that next() gave stands on stdout: says so until the agent has heard it, over its
  /// restart too, at most `within`. Failing changes nothing for the user: the code is out.
  Result<void> acknowledge(Duration within = std::chrono::seconds(3));

  /// Ends the connection also where a child after fork() has a copy of it: the agent gives what was not acknowledged
  /// to the next.
  void hang_up() {
    if (link_) link_->hang_up();
  }

  /// When the wait ends; nothing when it has no limit or the agent has not told its default yet.
  std::optional<Instant> deadline() const { return deadline_; }

 private:
  std::optional<Event> connect();
  std::optional<Event> take(rpc::Incoming incoming);
  Event lost(Error why);
  Instant wake_at(std::optional<Instant> tick) const;
  std::optional<Event> overdue() const;
  rpc::Wait request() const;
  Result<void> acknowledge_once(Instant until);

  Options options_;
  rpc::Wait wait_;
  std::optional<Link> link_;
  rpc::Id id_;
  std::optional<Instant> deadline_;
  Instant give_up_{};  // when nothing is known of the deadline: how long a lost agent is looked for
  Instant retry_at_{};
  Duration back_off_{};
  bool was_connected_ = false;
  std::string delivery_;
};

}  // namespace otpctl::client
