// The timeline of the agent, page by page, over its restarts: nothing twice, nothing left out.
//
//   client::Follower follower(options, events);
//   for (;;) {
//     auto step = follower.next(signals);
//     if (auto* page = std::get_if<client::Follower::Page>(&step)) show(page->events);
//     …
//   }
#pragma once

#include "client/find.hpp"
#include "client/link.hpp"
#include "rpc/messages.hpp"

#include <optional>
#include <poll.h>
#include <span>
#include <variant>
#include <vector>

namespace otpctl::client {

/// Not for several threads. Each page is asked for when next() is called: who is slow costs the agent nothing.
class Follower {
 public:
  struct Page {
    std::vector<Event> events;  // at least one
    std::uint64_t next = 0;     // `after` of whoever goes on from here
  };
  struct Reconnecting {
    Error why;
  };                  // once for each connection lost
  struct Watched {};  // one of `watch` has what it asks for (see its revents)
  /// Error is the last.
  using Step = std::variant<Page, Error, Reconnecting, Watched>;

  /// `wanted.follow` is set here.
  Follower(Options options, rpc::Events wanted) : options_(std::move(options)), wanted_(std::move(wanted)) {}

  /// Blocks until something happens. `agent_unreachable`: none was there at the first try; it was stopped; it ended and
  /// none was there for 30 s.
  Step next(std::span<pollfd> watch);

  void hang_up() {
    if (link_) link_->hang_up();
  }

 private:
  std::optional<Step> connect();
  std::optional<Step> ask();
  std::optional<Step> take(rpc::Incoming incoming);
  std::optional<Step> overdue();
  Step lost(Error why);
  Instant wake_at() const;
  void try_later();

  Options options_;
  rpc::Events wanted_;
  std::optional<Link> link_;
  rpc::Id id_;  // "": the next page has not been asked for
  Instant answer_by_{};
  std::optional<Instant> give_up_;  // while there is no agent
  Instant retry_at_{};
  Duration back_off_{};
  bool was_connected_ = false;
};

}  // namespace otpctl::client
