#include "server/event_log.hpp"

#include "base/text.hpp"
#include "io/log.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::server {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRecent = 2'000;
constexpr std::size_t kWriteAtOnce = 500;       // unwritten: not waited for any longer
constexpr std::size_t kMostUnwritten = 5'000;   // while the store cannot be written
constexpr std::uint64_t kReserve = 1'000;       // ids
constexpr std::size_t kPageRows = 500;          // read and deciphered in one turn: 2 to 5 ms
constexpr std::size_t kPageBytes = 48 * 1024;
constexpr std::size_t kMaxGlob = 320;
constexpr std::size_t kFollowsOfOne = 64;
constexpr std::size_t kFollowsOfAll = 1'000;
constexpr std::size_t kEraseAtOnce = 2'000;

}  // namespace

/// A page while it is filled.
class EventLog::Page {
 public:
  Page(std::uint64_t after, const Filter& filter) : filter_(filter) { result_.next = after; }

  bool full() const { return result_.more; }
  std::uint64_t at() const { return result_.next; }
  void skip_to(std::uint64_t id) { result_.next = std::max(result_.next, id); }
  void end_early() { result_.more = true; }
  rpc::EventsResult take() { return std::move(result_); }

  template <class AnyEvent>
  void add(const AnyEvent& event, std::size_t size) {
    if (filter_.lets_through(event)) {
      if (!result_.events.empty() && bytes_ + size > kPageBytes) return end_early();
      bytes_ += size;
      result_.events.push_back(event);
    }
    result_.next = event.id;
  }

 private:
  const Filter& filter_;
  rpc::EventsResult result_;
  std::size_t bytes_ = 0;
};

bool EventLog::Filter::lets_through(const Event& event) const {
  if (!types.empty() && std::find(types.begin(), types.end(), event.type) == types.end()) return false;
  if (recipient.empty()) return true;
  const auto fits = [this](const std::string& name) { return !name.empty() && glob_match(recipient, name); };
  return fits(event.target.email) || fits(event.target.phone) ||
         std::any_of(event.recipients.begin(), event.recipients.end(), fits);
}

EventLog::EventLog(io::Loop& loop, store::Store& store, Duration keep, Answer answer, Timing timing)
    : loop_(loop),
      store_(store),
      keep_(keep),
      answer_(std::move(answer)),
      timing_(timing),
      flush_timer_(loop),
      tell_timer_(loop),
      expiry_(loop),
      retention_(loop) {
  flush_timer_.on_fire([this] { flush(); });
  tell_timer_.on_fire([this] { tell_followers(); });
  expiry_.on_fire([this] { expire_followers(); });
  retention_.on_fire([this] { forget_old(); });
  if (const auto highest = store_.highest_id()) {
    last_id_ = *highest;
  } else {
    // Higher than any that was counted up to: none is given twice.
    last_id_ = static_cast<std::uint64_t>(loop_.now().wall.time_since_epoch().count());
  }
  reserved_ = last_id_;
  retention_.move_to(loop_.now().instant + 1s);
}

void EventLog::begin_above(std::uint64_t id) { last_id_ = reserved_ = std::max(id, last_id_); }

// ------------------------------------------------------------------------- writing

void EventLog::add(std::vector<Event> events) {
  if (events.empty()) return;
  for (auto& event : events) remember(std::move(event));
  const auto now = loop_.now().instant;
  if (unwritten_.size() >= kWriteAtOnce && !in_trouble_) {
    flush();
  } else if (!in_trouble_ && unwritten_.size() <= events.size()) {
    flush_timer_.move_to(now + timing_.flush_after);
  }
  tell_soon();
}

/// By a timer even when it is due: behind everything that this turn answers.
void EventLog::tell_soon() {
  if (!followers_.empty())
    tell_timer_.move_to(std::max(loop_.now().instant, last_told_ + timing_.between_tellings));
}

void EventLog::remember(Event event) {
  if (last_id_ == reserved_ && !in_trouble_) flush();
  event.id = ++last_id_;
  if (event.at == WallTime{}) event.at = loop_.now().wall;
  std::string json = rpc::to_json(event);
  const auto size = json.size();
  unwritten_.push_back({event.id, event.at, std::move(json)});
  recent_.push_back({std::move(event), size});
  if (recent_.size() > kRecent) recent_.pop_front();
  if (unwritten_.size() > kMostUnwritten) {
    unwritten_.erase(unwritten_.begin(), unwritten_.begin() + kMostUnwritten / 10);
    lost_ += kMostUnwritten / 10;
  }
}

void EventLog::flush() {
  flush_timer_.clear();
  const bool reserve = last_id_ + kReserve / 2 > reserved_;
  if (unwritten_.empty() && !reserve) return;
  const auto used = reserve ? last_id_ + kReserve : reserved_;
  if (const auto written = store_.append(unwritten_, used); !written) return hold_back(written.error());
  reserved_ = used;
  unwritten_.clear();
  if (unwritten_.capacity() > kWriteAtOnce) unwritten_.shrink_to_fit();
  if (std::exchange(in_trouble_, false)) {
    io::log_info("the timeline is written again" +
                 (lost_ > 0 ? ", " + std::to_string(lost_) + " entries are lost" : std::string()));
    tell_soon();  // of what was held back
  }
  lost_ = 0;
}

void EventLog::hold_back(const Error& error) {
  if (!std::exchange(in_trouble_, true)) {
    io::log_error("cannot write the timeline, " + std::to_string(kMostUnwritten) +
                  " entries are held and older ones lost: " + error.message);
  }
  flush_timer_.move_to(loop_.now().instant + timing_.retry);
}

// ------------------------------------------------------------------------- reading

std::uint64_t EventLog::first_in_memory() const {
  return recent_.empty() ? last_shown() + 1 : std::min(recent_.front().event.id, last_shown() + 1);
}

Result<std::uint64_t> EventLog::start_of(const rpc::Events& asked) {
  if (asked.after) return std::min(*asked.after, last_shown());
  if (!asked.since) return last_shown();
  const auto stored = store_.first_since(*asked.since);
  if (!stored) return fail(stored.error());
  const auto kept = std::find_if(recent_.begin(), recent_.end(),
                                 [&](const Kept& each) { return each.event.at >= *asked.since; });
  auto first = last_shown() + 1;
  if (kept != recent_.end()) first = std::min(first, kept->event.id);
  return std::min(first, stored->value_or(first)) - 1;
}

Result<std::optional<rpc::EventsResult>> EventLog::page(const rpc::Events& asked, std::uint64_t request,
                                                        std::uint64_t client) {
  if (asked.recipient.size() > kMaxGlob) {
    return fail(ErrorCode::usage, "'recipient' is longer than " + std::to_string(kMaxGlob) + " bytes");
  }
  const auto after = start_of(asked);
  if (!after) return fail(after.error());
  Filter filter{asked.recipient, asked.types};
  auto page = collect(*after, filter);
  if (!page) return fail(page.error());
  if (!asked.follow || !page->events.empty() || page->more) return std::optional(std::move(*page));
  const auto own = std::count_if(followers_.begin(), followers_.end(),
                                 [&](const Follower& each) { return each.client == client; });
  if (static_cast<std::size_t>(own) >= kFollowsOfOne || followers_.size() >= kFollowsOfAll) {
    return fail(ErrorCode::busy, "too many requests follow the timeline; let some end first");
  }
  followers_.push_back({request, client, page->next, std::move(filter), loop_.now().instant + timing_.follow});
  if (followers_.size() == 1) expiry_.move_to(followers_.front().until);
  return std::optional<rpc::EventsResult>();
}

Result<rpc::EventsResult> EventLog::collect(std::uint64_t after, const Filter& filter) {
  Page page(after, filter);
  if (auto read = collect_from_store(page); !read) return fail(read.error());
  auto next = std::upper_bound(recent_.begin(), recent_.end(), page.at(),
                               [](std::uint64_t id, const Kept& each) { return id < each.event.id; });
  for (; next != recent_.end() && next->event.id <= last_shown() && !page.full(); ++next)
    page.add(next->event, next->size);
  return page.take();
}

/// What lies before the ones in memory.
Result<void> EventLog::collect_from_store(Page& page) {
  constexpr std::size_t kChunk = 100;
  const auto end = first_in_memory();
  for (std::size_t rows = 0; page.at() + 1 < end && !page.full(); rows += kChunk) {
    if (rows >= kPageRows) {
      page.end_early();
      return {};
    }
    const auto entries = store_.read(page.at(), end, kChunk);
    if (!entries) return fail(entries.error());
    for (const auto& entry : *entries) {
      if (page.full()) return {};
      auto event = rpc::parse_event(entry.value);
      if (event && event->id == entry.id) page.add(*event, entry.value.size());
      else page.skip_to(entry.id);  // damaged
    }
    if (entries->size() < kChunk && !page.full()) page.skip_to(end - 1);
  }
  return {};
}

// ------------------------------------------------------------------------- following

void EventLog::tell_followers() {
  last_told_ = loop_.now().instant;
  std::vector<std::pair<std::uint64_t, rpc::EventsResult>> ready;
  for (auto follower = followers_.begin(); follower != followers_.end();) {
    auto page = collect(follower->after, follower->filter);
    if (page && (!page->events.empty() || page->more)) {
      ready.emplace_back(follower->request, std::move(*page));
      follower = followers_.erase(follower);
      continue;
    }
    if (page) follower->after = page->next;
    ++follower;
  }
  for (const auto& [request, page] : ready) answer_(request, page);  // last: its client may go, or ask again
}

void EventLog::expire_followers() {
  std::vector<Follower> over;
  const auto now = loop_.now().instant;
  while (!followers_.empty() && followers_.front().until <= now) {
    over.push_back(std::move(followers_.front()));
    followers_.pop_front();
  }
  if (!followers_.empty()) expiry_.move_to(followers_.front().until);
  answer_empty(over);
}

void EventLog::client_gone(std::uint64_t client) {
  std::vector<Follower> gone;
  for (auto follower = followers_.begin(); follower != followers_.end();) {
    if (follower->client == client) {
      gone.push_back(std::move(*follower));
      follower = followers_.erase(follower);
    } else {
      ++follower;
    }
  }
  answer_empty(gone);
}

void EventLog::answer_empty(const std::vector<Follower>& followers) {
  for (const auto& follower : followers) answer_(follower.request, rpc::EventsResult{{}, follower.after, false});
}

// ------------------------------------------------------------------------- forgetting

void EventLog::set_keep(Duration keep) {
  keep_ = keep;
  retention_.move_to(loop_.now().instant + 1s);
}

/// A little at a time: nothing else may wait for it.
void EventLog::forget_old() {
  const auto now = loop_.now();
  const auto before = now.wall - keep_;
  while (!recent_.empty() && recent_.front().event.at < before && unwritten_.empty()) recent_.pop_front();
  const auto erased = store_.erase_before(before, kEraseAtOnce);
  retention_.move_to(now.instant + (erased && *erased == kEraseAtOnce ? Duration(100ms) : Duration(1h)));
}

}  // namespace otpctl::server
