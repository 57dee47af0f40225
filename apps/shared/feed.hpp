// The timeline as it comes from the agent, over its restarts: what `watch` follows and `log` reads back.
//
//   Feed feed(agent, rpc::Events{.follow = true});
//   feed.ask_page();
//   for (;;) {
//     auto what = feed.next(watch, tick);
//     if (auto* page = std::get_if<rpc::EventsResult>(&what)) { show(page->events); feed.ask_page(); } …
//   }
#pragma once

#include "client/find.hpp"
#include "client/link.hpp"
#include "rpc/messages.hpp"

#include <map>
#include <optional>
#include <poll.h>
#include <span>
#include <variant>

namespace otpctl::apps {

/// Pages are asked for one at a time, so a slow reader is not overrun. What was asked for and not answered when the
/// agent went is asked again of the next one, behind the last event that was seen. Not for several threads.
class Feed {
 public:
  struct Away {  // once for each connection lost; it goes on looking, and the next answer says that it has found one
    Error why;
  };
  struct Watched {};  // one of `watch` has what it asks for (see its revents)
  struct Tick {};     // `tick` has come
  /// An Error is the last: none to begin with, or one that will not pass by itself.
  using Happening = std::variant<rpc::EventsResult, AgentStatus, rpc::SessionListResult, Error, Away, Watched, Tick>;

  /// Connects now. With neither `after` nor `since` the first page is empty and says where "now" is; nothing that
  /// happens later is missed.
  Feed(client::Options agent, rpc::Events from);

  void ask_page();
  bool page_is_asked() const { return page_asked_; }
  /// Status, SessionList. Not asked again when the agent goes.
  void ask(const rpc::Request& request);
  bool is_away() const { return !link_; }

  Happening next(std::span<pollfd> watch, std::optional<Instant> tick);

 private:
  std::optional<Happening> connect();
  void send_page();
  std::optional<Happening> take(rpc::Incoming incoming);
  Happening lost(Error why);
  std::optional<Error> overdue() const;
  Instant wake_at(std::optional<Instant> tick) const;

  client::Options agent_;
  rpc::Events from_;
  std::optional<client::Link> link_;
  std::optional<rpc::Id> page_;
  std::map<rpc::Id, Instant> due_;  // what was asked, and when its answer is missing
  bool page_asked_ = false;
  bool was_answered_ = false;  // until then there is no agent, and that is an Error
  Instant retry_at_{};
  Duration back_off_{};
};

}  // namespace otpctl::apps
