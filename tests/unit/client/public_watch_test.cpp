#include "unit/client/support.hpp"

#include "rpc/agent_file.hpp"

#include <future>

using namespace std::chrono_literals;

namespace otpctl {
namespace {

using test::AgentSide;
using test::FakeAgent;

rpc::EventsResult page(std::vector<std::uint64_t> ids, std::uint64_t next) {
  rpc::EventsResult result;
  result.next = next;
  for (const std::uint64_t id : ids) {
    Event event;
    event.id = id;
    event.state = "started";
    result.events.push_back(event);
  }
  return result;
}

rpc::Events asked(const rpc::Call& call) { return std::get<rpc::Events>(call.request); }

/// Takes events until `last`, and keeps their ids.
struct Seen {
  std::vector<std::uint64_t> ids;
  std::uint64_t last = 0;
  bool operator()(const Event& event) {
    ids.push_back(event.id);
    return event.id != last;
  }
};

TEST_CASE("events come in order, page by page, each page asked for behind the one before") {
  const test::TempDir home;
  std::vector<rpc::Events> requests;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                    rpc::Call call = side.greet();
                    requests.push_back(asked(call));
                    auto first = page({5, 6}, 6);
                    first.more = true;
                    side.answer(call.id, first);
                    call = side.call();
                    requests.push_back(asked(call));
                    side.answer(call.id, page({}, 9));  // 25 s without any
                    call = side.call();
                    requests.push_back(asked(call));
                    side.answer(call.id, page({10, 11}, 11));
                  }});
  Seen seen{{}, 10};
  const auto done = test::client_in(home).watch(
      {.after = 4, .recipient = "*@example.com", .types = {EventType::agent}}, std::ref(seen));
  CHECK(done.has_value());
  CHECK(seen.ids == std::vector<std::uint64_t>{5, 6, 10});  // 11 is for the next watch
  REQUIRE(requests.size() == 3);
  CHECK(requests[0].after == 4);
  CHECK(requests[1].after == 6);
  CHECK(requests[2].after == 9);
  for (const rpc::Events& request : requests) {
    CHECK(request.follow);
    CHECK(!request.since);
    CHECK(request.recipient == "*@example.com");
    CHECK(request.types == std::vector<EventType>{EventType::agent});
  }
}

TEST_CASE("a watch from now on first asks where now is, so that an agent that ends before the first event costs none") {
  const test::TempDir home;
  std::vector<rpc::Events> requests;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                                            rpc::Call call = side.greet();
                                            requests.push_back(asked(call));
                                            side.answer(call.id, page({}, 41));
                                            requests.push_back(asked(side.call()));  // and dies
                                          },
                                          [&](AgentSide& side) {
                                            const rpc::Call call = side.greet();
                                            requests.push_back(asked(call));
                                            side.answer(call.id, page({42}, 42));
                                          }});
  Seen seen{{}, 42};
  CHECK(test::client_in(home).watch({}, std::ref(seen)));
  CHECK(seen.ids == std::vector<std::uint64_t>{42});
  REQUIRE(requests.size() == 3);
  CHECK(!requests[0].follow);
  CHECK(!requests[0].after);
  CHECK(requests[1].follow);
  CHECK(requests[1].after == 41);
  CHECK(requests[2].after == 41);
}

TEST_CASE("a watch goes on behind the last event with the agent that comes after, nothing twice") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                                            const rpc::Call call = side.greet();
                                            CHECK(asked(call).since == WallTime(1700000000s));
                                            side.answer(call.id, page({1, 2}, 2));
                                            side.call();
                                          },
                                          [](AgentSide&) {},  // dies at once
                                          [&](AgentSide& side) {
                                            const rpc::Call call = side.greet();
                                            CHECK(asked(call).after == 2);
                                            CHECK(!asked(call).since);
                                            side.answer(call.id, page({3}, 3));
                                          }});
  Seen seen{{}, 3};
  CHECK(test::client_in(home).watch({.since = WallTime(1700000000s)}, std::ref(seen)));
  CHECK(seen.ids == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("a watch ends when its agent was stopped") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                    side.answer(side.greet().id, page({1}, 1));
                    side.call();
                    rpc::AgentFile file;
                    file.socket = test::socket_in(home);
                    file.stopped = read_clocks().wall;
                    std::ofstream(home.path() + "/agent.json") << rpc::to_text(file);
                  }});
  Seen seen;
  const auto done = test::client_in(home).watch({.after = 0}, std::ref(seen));
  REQUIRE(!done);
  CHECK(done.error().code == ErrorCode::agent_unreachable);
  CHECK(done.error().message == "the agent was stopped");
  CHECK(seen.ids == std::vector<std::uint64_t>{1});
}

TEST_CASE("an error of the agent ends a watch") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[](AgentSide& side) {
                    side.say(rpc::encode_error(side.greet().id, {ErrorCode::storage, "cannot be read"}));
                  }});
  const auto done = test::client_in(home).watch({.after = 1}, Seen{});
  REQUIRE(!done);
  CHECK(done.error().code == ErrorCode::storage);
}

TEST_CASE("a stop ends a watch at once: while it is quiet, and between two events of a page") {
  const test::TempDir home;
  std::stop_source quiet, busy;
  std::promise<void> closed;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                                            side.answer(side.greet().id, page({}, 1));
                                            side.call();
                                            quiet.request_stop();
                                            if (side.line().empty()) closed.set_value();
                                          },
                                          [](AgentSide& side) { side.answer(side.greet().id, page({1, 2, 3}, 3)); }});
  Client client = test::client_in(home);
  Seen seen;
  CHECK(client.watch({.after = 0}, std::ref(seen), quiet.get_token()).error().code == ErrorCode::cancelled);
  CHECK(seen.ids.empty());
  CHECK(closed.get_future().wait_for(10s) == std::future_status::ready);
  const auto done = client.watch(
      {.after = 0},
      [&](const Event& event) {
        seen.ids.push_back(event.id);
        if (event.id == 2) busy.request_stop();
        return true;
      },
      busy.get_token());
  REQUIRE(!done);
  CHECK(done.error().code == ErrorCode::cancelled);
  CHECK(seen.ids == std::vector<std::uint64_t>{1, 2});
}

}  // namespace
}  // namespace otpctl
