// The timeline: gives events their ids, keeps the last ones in memory and all of them in the store, answers pages.
// Written behind the answers (a timer of 250 ms), so that nobody waits for it; a store that cannot be written costs
// entries of the timeline and nothing else. One thread.
#pragma once

#include "base/time.hpp"
#include "io/loop.hpp"
#include "rpc/messages.hpp"
#include "store/store.hpp"

#include <otpctl/types.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace otpctl::server {

class EventLog {
 public:
  struct Timing {
    Duration flush_after = std::chrono::milliseconds(250);
    Duration retry = std::chrono::seconds(1);             // of a write that failed
    Duration follow = std::chrono::seconds(25);           // then the answer is an empty page
    Duration between_tellings = std::chrono::milliseconds(20);  // a flood of events is a few pages, not one for each
  };
  using Answer = std::function<void(std::uint64_t request, const rpc::EventsResult&)>;

  /// Goes on after the last id of the store. `answer` gets what page() could not answer at once.
  EventLog(io::Loop& loop, store::Store& store, Duration keep, Answer answer, Timing timing);
  EventLog(io::Loop& loop, store::Store& store, Duration keep, Answer answer)
      : EventLog(loop, store, keep, std::move(answer), Timing()) {}

  /// Ids are given here. Followers hear of it in a later turn: whoever gets a code comes first. While the store cannot be
  /// written an entry beyond the ids that are reserved there is not shown: after a kill another one would be called so.
  void add(std::vector<Event> events);

  /// Before the first entry: the ids that follow are higher than `id`.
  void begin_above(std::uint64_t id);

  /// Answers now or, with `follow`, when there is something (empty after 25 s). `client` may go meanwhile.
  /// A page takes at most 500 rows of the store into its hands and at most 48 KiB of JSON: `more`.
  /// `usage`: a glob that is too long. `busy`: this client follows 64 times already, or all together 1,000 times.
  /// An `after` beyond the last id begins behind the last entry: nothing is told twice.
  Result<std::optional<rpc::EventsResult>> page(const rpc::Events& asked, std::uint64_t request, std::uint64_t client);
  /// What it follows is answered with an empty page: it may have ended its sending side only.
  void client_gone(std::uint64_t client);

  void set_keep(Duration keep);
  /// At the end: what is not written yet.
  void flush();

 private:
  struct Kept {
    Event event;
    std::size_t size = 0;  // as JSON
  };
  struct Filter {
    std::string recipient;
    std::vector<EventType> types;
    bool lets_through(const Event& event) const;
  };
  struct Follower {
    std::uint64_t request = 0;
    std::uint64_t client = 0;
    std::uint64_t after = 0;
    Filter filter;
    Instant until{};
  };
  class Page;

  void remember(Event event);
  void tell_soon();
  void hold_back(const Error& error);
  std::uint64_t last_shown() const { return std::min(last_id_, reserved_); }
  std::uint64_t first_in_memory() const;
  Result<std::uint64_t> start_of(const rpc::Events& asked);
  Result<rpc::EventsResult> collect(std::uint64_t after, const Filter& filter);
  Result<void> collect_from_store(Page& page);
  void tell_followers();
  void expire_followers();
  void answer_empty(const std::vector<Follower>& followers);
  void forget_old();

  io::Loop& loop_;
  store::Store& store_;
  Duration keep_;
  Answer answer_;
  Timing timing_;
  std::uint64_t last_id_ = 0;
  std::uint64_t reserved_ = 0;  // ids up to this are the store's word: they are given once, even after a kill -9
  std::deque<Kept> recent_;     // all that is not written is in here, as long as it fits
  std::vector<store::Store::Entry> unwritten_;
  std::list<Follower> followers_;  // the first one's time runs out first
  std::uint64_t lost_ = 0;         // since the store could not be written
  bool in_trouble_ = false;
  Instant last_told_{};
  io::Timer flush_timer_, tell_timer_, expiry_, retention_;
};

}  // namespace otpctl::server
