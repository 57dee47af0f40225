#include "client/last_events.hpp"

#include "client/pages.hpp"

#include <algorithm>
#include <iterator>

namespace otpctl::client {

namespace {

constexpr std::uint64_t kFirstStep = 64;
constexpr std::uint64_t kGrowth = 4;  // ids have gaps, filters let little through

using Entries = std::deque<rpc::TimelineEvent>;

void keep_last(Entries& entries, std::size_t count) {
  while (entries.size() > count) entries.pop_front();
}

/// Those of one question in `range`, oldest first, at most `count`.
Result<Entries> read(Client& agent, rpc::Events ask, Range range, std::size_t count,
                     const std::function<bool(const rpc::TimelineEvent&)>& is_wanted) {
  Entries found;
  ask.since.reset();
  ask.follow = false;
  for (ask.after = range.after;;) {
    auto page = agent.ask<rpc::EventsResult>(ask);
    if (!page) return fail(page.error());
    for (rpc::TimelineEvent& each : page->events) {
      if (each.id > range.after && each.id <= range.upto && is_wanted(each)) found.push_back(std::move(each));
    }
    keep_last(found, count);
    if (!page->more || page->next >= range.upto) return found;
    if (page->next <= *ask.after) return fail(no_progress("events"));
    ask.after = page->next;
  }
}

Entries merged(Entries one, Entries other) {
  Entries all;
  std::merge(std::make_move_iterator(one.begin()), std::make_move_iterator(one.end()),
             std::make_move_iterator(other.begin()), std::make_move_iterator(other.end()), std::back_inserter(all),
             [](const auto& a, const auto& b) { return a.id < b.id; });
  // What two questions let through is one entry.
  all.erase(std::unique(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.id == b.id; }), all.end());
  return all;
}

}  // namespace

Result<std::uint64_t> newest_entry(Client& agent) {
  auto page = agent.ask<rpc::EventsResult>(rpc::Events{});
  if (!page) return fail(page.error());
  return page->next;
}

Result<std::uint64_t> entry_before(Client& agent, WallTime time) {
  rpc::Events ask;
  ask.since = time;
  for (;;) {
    auto page = agent.ask<rpc::EventsResult>(ask);
    if (!page) return fail(page.error());
    if (!page->events.empty()) return std::max<std::uint64_t>(page->events.front().id, 1) - 1;
    if (!page->more) return page->next;
    if (ask.after && page->next <= *ask.after) return fail(no_progress("events"));
    ask.after = page->next;
    ask.since.reset();
  }
}

Result<Entries> last_events(Client& agent, const std::vector<rpc::Events>& questions, Range range, std::size_t count,
                            const std::function<bool(const rpc::TimelineEvent&)>& is_wanted) {
  Entries found;
  std::uint64_t step = std::max<std::uint64_t>(kFirstStep, count);
  while (range.upto > range.after && found.size() < count) {
    const Range part{range.upto - std::min(step, range.upto - range.after), range.upto};
    Entries earlier;
    for (const rpc::Events& each : questions) {
      auto answered = read(agent, each, part, count, is_wanted);
      if (!answered) return fail(answered.error());
      earlier = merged(std::move(earlier), std::move(*answered));
    }
    found = merged(std::move(earlier), std::move(found));
    keep_last(found, count);
    range.upto = part.after;
    step = step > range.upto / kGrowth ? std::max<std::uint64_t>(range.upto, 1) : step * kGrowth;
  }
  return found;
}

}  // namespace otpctl::client
