// The timeline as the commands follow it, and its end read backwards.
#include "client/follower.hpp"
#include "client/last_events.hpp"
#include "unit/client/support.hpp"

#include <algorithm>

using namespace std::chrono_literals;

namespace otpctl::client {
namespace {

using test::AgentSide;
using test::FakeAgent;
using test::options_in;

rpc::Events behind(std::uint64_t id) {
  rpc::Events events;
  events.after = id;
  events.follow = true;
  return events;
}

Event entry(std::uint64_t id, EventType type = EventType::agent) {
  Event event;
  event.id = id;
  event.at = WallTime(std::chrono::milliseconds(id));
  event.type = type;
  event.state = "started";
  return event;
}

rpc::EventsResult page(std::vector<std::uint64_t> ids, std::uint64_t next, bool more = false) {
  rpc::EventsResult result;
  result.next = next;
  result.more = more;
  for (const std::uint64_t id : ids) result.events.push_back(entry(id));
  return result;
}

/// The first step that is no page.
Follower::Step end_of(Follower& follower) {
  for (;;) {
    follower.ask_page();
    auto step = follower.next({});
    if (!std::holds_alternative<rpc::EventsResult>(step)) return step;
  }
}

TEST_CASE("pages that do not go on are a protocol error, not asked for ever") {
  for (const bool with_events : {true, false}) {
    CAPTURE(with_events);
    const test::TempDir home;
    int pages = 0;
    FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                      for (rpc::Call call = side.greet(); call.id != "none" && pages < 50; call = side.call()) {
                        ++pages;
                        side.answer(call.id, with_events ? page({7}, 7) : page({}, 7, true));
                      }
                    }});
    Follower follower(options_in(home), behind(6), Follower::Patience::endless);
    const auto step = end_of(follower);
    REQUIRE(std::holds_alternative<Error>(step));
    CHECK(std::get<Error>(step).code == ErrorCode::protocol);
    CHECK(std::get<Error>(step).message.find("do not come to an end") != std::string::npos);
    follower.hang_up();
    CHECK(pages == 2);
  }
}

TEST_CASE("an agent that answers with nothing at once is asked more and more rarely") {
  const test::TempDir home;
  std::vector<Instant> asked;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                    for (rpc::Call call = side.greet(); asked.size() < 6; call = side.call()) {
                      asked.push_back(BootClock::now());
                      side.answer(call.id, page({}, 6));
                    }
                  }});
  Follower follower(options_in(home), behind(6), Follower::Patience::a_while);
  CHECK(std::holds_alternative<Follower::Away>(end_of(follower)));
  REQUIRE(asked.size() == 6);
  for (std::size_t i = 1; i < asked.size(); ++i) CHECK(asked[i] - asked[i - 1] >= 25ms * (1 << (i - 1)) - 1ms);
}

TEST_CASE("the ids of an agent with a new store may begin below what was seen, what comes then is shown") {
  const test::TempDir home;
  std::vector<std::uint64_t> seen;
  FakeAgent agent(test::socket_in(home), {[](AgentSide& side) {
                                            side.answer(side.greet().id, page({5001}, 5001));
                                            side.call();
                                          },
                                          [](AgentSide& side) {
                                            side.answer(side.greet().id, page({11}, 11));
                                            for (rpc::Call call = side.call(); call.id != "none"; call = side.call()) {
                                              if (std::holds_alternative<rpc::Events>(call.request))
                                                side.answer(call.id, page({12}, 12));
                                            }
                                          }});
  Follower follower(options_in(home), behind(5000), Follower::Patience::endless);
  while (seen.size() < 3) {
    follower.ask_page();
    const auto step = follower.next({});
    REQUIRE(!std::holds_alternative<Error>(step));
    if (const auto* result = std::get_if<rpc::EventsResult>(&step)) seen.push_back(result->events.front().id);
  }
  CHECK(seen == std::vector<std::uint64_t>{5001, 11, 12});
}

TEST_CASE("what is asked before there is a connection is asked by it, and a tick comes when it is due") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[](AgentSide& side) {
                    AgentStatus status;
                    status.version = "9.9.9";
                    side.answer(side.greet().id, status);
                    side.line();
                  }});
  Follower follower(options_in(home), behind(1), Follower::Patience::endless);
  follower.ask(rpc::Status{});
  const auto step = follower.next({}, BootClock::now() + 10s);
  REQUIRE(std::holds_alternative<AgentStatus>(step));
  CHECK(std::holds_alternative<Follower::Tick>(follower.next({}, BootClock::now() + 1ms)));
  follower.hang_up();
}

// ---- backwards ----

/// Keeps entries with these ids, of which every fifth is of type wait, and counts what it gave away.
struct Kept {
  std::vector<std::uint64_t> ids;
  std::size_t looked_at = 0;
  std::size_t requests = 0;

  rpc::EventsResult answer(const rpc::Events& asked) {
    ++requests;
    rpc::EventsResult result;
    auto after = asked.after.value_or(asked.since ? 0 : ids.back());
    result.next = after;
    if (!asked.after && !asked.since) return result;
    for (const std::uint64_t id : ids) {
      if (id <= after || (asked.since && entry(id).at < *asked.since)) continue;
      if (result.events.size() == 50) {
        result.more = true;
        break;
      }
      ++looked_at;
      result.next = id;
      const auto type = id % 5 == 0 ? EventType::wait : EventType::agent;
      if (asked.types.empty() || std::count(asked.types.begin(), asked.types.end(), type) > 0)
        result.events.push_back(entry(id, type));
    }
    return result;
  }
  FakeAgent::Script script() {
    return [this](AgentSide& side) {
      for (rpc::Call call = side.greet(); call.id != "none"; call = side.call())
        side.answer(call.id, answer(std::get<rpc::Events>(call.request)));
    };
  }
};

std::vector<std::uint64_t> ids_of(const Result<std::deque<rpc::TimelineEvent>>& entries) {
  std::vector<std::uint64_t> ids;
  if (!entries) FAIL(entries.error().message);
  for (const auto& each : *entries) ids.push_back(each.id);
  return ids;
}

rpc::Events of(EventType type) {
  rpc::Events events;
  events.types = {type};
  return events;
}

TEST_CASE("the last ten of a hundred thousand cost a few pages, from the end") {
  const test::TempDir home;
  Kept kept;
  for (std::uint64_t id = 1; id <= 100'000; ++id) kept.ids.push_back(id);
  FakeAgent agent(test::socket_in(home), {kept.script()});
  {
    Client client(options_in(home));
    CHECK(newest_entry(client) == 100'000);
    CHECK(entry_before(client, WallTime(10ms)) == 9);
    CHECK(ids_of(last_events(client, {rpc::Events{}}, {0, 100'000}, 3)) ==
          std::vector<std::uint64_t>{99'998, 99'999, 100'000});
    CHECK(ids_of(last_events(client, {of(EventType::wait), of(EventType::agent)}, {0, 99'991}, 3)) ==
          std::vector<std::uint64_t>{99'989, 99'990, 99'991});
    CHECK(kept.looked_at < 500);
    CHECK(ids_of(last_events(client, {rpc::Events{}}, {99'998, 100'000}, 30)) ==
          std::vector<std::uint64_t>{99'999, 100'000});
    CHECK(ids_of(last_events(client, {rpc::Events{}}, {7, 7}, 30)).empty());
  }
}

TEST_CASE("read backwards none is left out and none comes twice, over gaps of any size and few that are wanted") {
  const test::TempDir home;
  Kept kept;
  for (std::uint64_t id = 1; id <= 700; ++id) kept.ids.push_back(id);
  for (std::uint64_t id = 1'795'167'238'000'000; id < 1'795'167'238'000'040; ++id) kept.ids.push_back(id);
  FakeAgent agent(test::socket_in(home), {kept.script()});
  {
    Client client(options_in(home));
    const auto newest = kept.ids.back();
    CHECK(ids_of(last_events(client, {rpc::Events{}}, {0, newest}, 1'000'000)) == kept.ids);
    CHECK(ids_of(last_events(client, {rpc::Events{}, of(EventType::wait)}, {0, newest}, 1'000)) == kept.ids);
    kept.requests = 0;
    CHECK(ids_of(last_events(client, {rpc::Events{}}, {0, newest}, 2, [](const auto& each) { return each.id < 4; })) ==
          std::vector<std::uint64_t>{2, 3});
    CHECK(kept.requests < 100);
  }
}

TEST_CASE("read backwards pages that do not go on are a protocol error") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[pages = 0](AgentSide& side) mutable {
                    for (rpc::Call call = side.greet(); call.id != "none" && ++pages < 50; call = side.call())
                      side.answer(call.id, page({}, 7, true));
                  }});
  Client client(options_in(home));
  const auto read = last_events(client, {rpc::Events{}}, {7, 100}, 3);
  REQUIRE(!read);
  CHECK(read.error().code == ErrorCode::protocol);
  CHECK(entry_before(client, WallTime{}).error().code == ErrorCode::protocol);
}

}  // namespace
}  // namespace otpctl::client
