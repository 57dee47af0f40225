// The timeline: gives events their ids, keeps the last ones in memory and all of them in the store, answers pages.
// Written behind the answers (a timer of 250 ms), so that nobody waits for it; a store that cannot be written costs
// entries of the timeline and nothing else. One thread.
#pragma once

#include "base/time.hpp"
#include "io/loop.hpp"
#include "rpc/messages.hpp"
#include "store/store.hpp"

#include <otpctl/types.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace otpctl::server {

class EventLog {
 public:
  /// Goes on after the last id of the store. `answer` gets what page() could not answer at once.
  EventLog(io::Loop& loop, store::Store& store, Duration keep,
           std::function<void(std::uint64_t request, const rpc::EventsResult&)> answer);

  void add(std::vector<Event> events);

  /// Answers now or, with `follow`, when there is something (empty after 25 s). `client` may go meanwhile.
  /// A page takes at most 2,000 rows of the store into its hands and at most 48 KiB of JSON: `more`.
  /// `usage`: a glob that is too long.
  Result<std::optional<rpc::EventsResult>> page(const rpc::Events& asked, std::uint64_t request, std::uint64_t client);
  void client_gone(std::uint64_t client);

  /// The entry with this id; `not_found`.
  Result<Event> find(std::uint64_t id);

  void set_keep(Duration keep);
  /// At the end: what is not written yet.
  void flush();
};

}  // namespace otpctl::server
