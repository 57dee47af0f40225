// The timeline of the agent, page by page, over its restarts: nothing twice, nothing left out.
//
//   client::Follower follower(options, events, client::Follower::Patience::endless);
//   follower.ask_page();
//   for (;;) {
//     auto step = follower.next(signals, tick);
//     if (auto* page = std::get_if<rpc::EventsResult>(&step)) { show(page->events); follower.ask_page(); } …
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
#include <vector>

namespace otpctl::client {

/// Pages are asked for one at a time, so a slow reader is not overrun and costs the agent nothing. What was asked for
/// and not answered when the agent went is asked again of the next one, behind the last event that was seen. An agent
/// whose pages do not go on is a `protocol` error; one that answers with nothing at once is asked once a second in the
/// end. Starts no agent, and follows the one that runs whatever mailbox the caller's environment names. Not for several
/// threads.
class Follower {
 public:
  struct Away {  // once for each connection lost; it goes on looking
    Error why;
  };
  struct Watched {};  // one of `watch` has what it asks for (see its revents)
  struct Tick {};     // `tick` has come
  /// An Error is the last: none to begin with, or one that will not pass by itself.
  using Step = std::variant<rpc::EventsResult, AgentStatus, rpc::SessionListResult, Error, Away, Watched, Tick>;

  enum class Patience {
    endless,  // the next agent is looked for as long as it takes; an AgentStatus says that it was found
    a_while,  // for 30 s; one that hangs or was stopped is an Error at once
  };

  /// With neither `after` nor `since` the first page is empty and says where "now" is; nothing that happens later is
  /// missed. `from.follow`: a page that would be empty comes with the next event.
  Follower(Options options, rpc::Events from, Patience patience);

  void ask_page() { page_asked_ = true; }
  bool page_is_asked() const { return page_asked_; }
  /// Status, SessionList. Not asked again when the agent goes.
  void ask(const rpc::Request& request);
  bool is_away() const { return !link_; }

  /// Connects when that has not happened yet, and blocks until something happens.
  Step next(std::span<pollfd> watch, std::optional<Instant> tick = {});

  void hang_up() {
    if (link_) link_->hang_up();
  }

 private:
  std::optional<Step> connect();
  std::optional<Step> send_asked();
  Result<void> send_page();
  std::optional<Step> read();
  std::optional<Step> take(rpc::Incoming incoming);
  Step take_page(rpc::EventsResult page);
  Result<void> check_progress(const rpc::EventsResult& page);
  std::optional<Step> overdue();
  Step lost(Error why);
  void try_later();
  bool page_is_due() const { return link_ && page_asked_ && !page_; }
  Instant wake_at(std::optional<Instant> tick) const;

  struct Page {
    rpc::Id id;
    Instant asked_at{};
    bool followed = false;
  };

  Options options_;
  rpc::Events from_;
  Patience patience_;
  std::optional<Link> link_;
  std::optional<Page> page_;         // on its way
  std::vector<rpc::Request> asked_;  // not sent yet
  std::map<rpc::Id, Instant> due_;   // what was sent, and when its answer is missing
  bool page_asked_ = false;
  bool was_answered_ = false;  // until then there is no agent, and that is an Error
  bool is_first_page_ = true;  // of this connection
  Instant page_not_before_{};
  Duration page_pause_{};
  Instant retry_at_{};
  Duration back_off_{};
  std::optional<Instant> give_up_;  // while there is no agent
};

}  // namespace otpctl::client
