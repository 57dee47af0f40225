// The timeline of the agent, page by page, over its restarts: nothing twice, nothing left out.
//
//   client::Follower follower(options, events, client::Follower::Patience::endless);
//   follower.ask_page();
//   for (;;) {
//     auto step = follower.next(signals, tick);
//     if (auto* page = std::get_if<rpc::EventsResult>(&step)) { show(page->events); follower.ask_page(); } …
//   }
#pragma once

#include "client/conversation.hpp"

#include <map>
#include <variant>
#include <vector>

namespace otpctl::client {

/// Once for each connection lost; it goes on looking.
struct Away {
  Error why;
};

/// An Error is the last: none to begin with, or one that will not pass by itself.
using FollowerStep =
    std::variant<rpc::EventsResult, AgentStatus, rpc::SessionListResult, Error, Away, Watched, Tick>;

/// Pages are asked for one at a time, so a slow reader is not overrun and costs the agent nothing. What was asked for
/// and not answered when the agent went is asked again of the next one, behind the last event that was seen. An agent
/// whose pages do not go on is a `protocol` error; one that answers with nothing at once is asked once a second in the
/// end. Starts no agent, and follows the one that runs whatever mailbox the caller's environment names. Not for several
/// threads.
class Follower : public Conversation<Follower, FollowerStep> {
 public:
  using Step = FollowerStep;
  using Away = client::Away;
  using Watched = client::Watched;
  using Tick = client::Tick;

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

  Step next(std::span<pollfd> watch, std::optional<Instant> tick = {}) { return Conversation::next(watch, tick); }

 private:
  friend class Conversation<Follower, FollowerStep>;

  std::optional<Step> connect();
  std::optional<Step> say();
  std::optional<Step> take(rpc::Incoming incoming);
  std::optional<Step> overdue();
  Instant due() const;
  Step lost(Error why);
  Result<void> send_page();
  Step take_page(rpc::EventsResult page);
  Result<void> check_progress(const rpc::EventsResult& page);
  bool page_is_due() const { return link_ && page_asked_ && !page_; }

  struct Page {
    rpc::Id id;
    Instant asked_at{};
    bool followed = false;
  };

  rpc::Events from_;
  Patience patience_;
  std::optional<Page> page_;         // on its way
  std::vector<rpc::Request> asked_;  // not sent yet
  std::map<rpc::Id, Instant> due_;   // what was sent, and when its answer is missing
  bool page_asked_ = false;
  bool was_answered_ = false;  // until then there is no agent, and that is an Error
  bool is_first_page_ = true;  // of this connection
  Instant page_not_before_{};
  Duration page_pause_{};
};

}  // namespace otpctl::client
