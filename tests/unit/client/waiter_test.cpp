#include "client/waiter.hpp"

#include "rpc/agent_file.hpp"
#include "unit/client/support.hpp"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <fstream>
#include <future>

using namespace std::chrono_literals;

namespace otpctl::client {
namespace {

using test::AgentSide;
using test::FakeAgent;
using test::options_in;

rpc::Wait wait_for(std::optional<Duration> timeout) {
  rpc::Wait wait;
  wait.target.email = "bot5@example.com";
  wait.timeout = timeout;
  return wait;
}

Delivered code(const std::string& text) {
  Delivered delivered;
  delivered.delivery = "d1";
  delivered.code = text;
  return delivered;
}

/// The next event that is none of the passing ones.
Waiter::Event last(Waiter& waiter) {
  for (;;) {
    auto event = waiter.next({}, {});
    const bool passing = std::holds_alternative<rpc::Waiting>(event) ||
                         std::holds_alternative<rpc::Warning>(event) ||
                         std::holds_alternative<Waiter::Reconnecting>(event);
    if (!passing) return event;
  }
}

TEST_CASE("a code is handed over and acknowledged with the waiter's id") {
  const test::TempDir home;
  rpc::Wait asked;
  rpc::Ack acked;
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      const rpc::Call call = side.greet();
                      asked = std::get<rpc::Wait>(call.request);
                      side.say(rpc::encode_notification(call.id, rpc::Waiting{"s1", "m1", 90s}));
                      side.say(rpc::encode_notification(call.id, rpc::Warning{"contended", 2}));
                      side.answer(call.id, code("482913"));
                      const rpc::Call ack = side.call();
                      acked = std::get<rpc::Ack>(ack.request);
                      side.answer(ack.id, rpc::AckResult{true});
                    }});
    Waiter waiter(options_in(home), wait_for({}));
    CHECK(!waiter.deadline());
    CHECK(std::holds_alternative<rpc::Waiting>(waiter.next({}, {})));
    CHECK(waiter.deadline());  // the agent's default, now known
    CHECK(std::get<rpc::Warning>(waiter.next({}, {})).contended == 2);
    CHECK(std::get<Delivered>(waiter.next({}, {})).code == "482913");
    CHECK(waiter.acknowledge());
  }
  CHECK(asked.target.email == "bot5@example.com");
  CHECK(!asked.timeout);
  CHECK(acked.delivery == "d1");
  CHECK(acked.waiter == asked.waiter);
  CHECK(asked.waiter.size() == 36);
}

TEST_CASE(
    "L23 a wait whose agent dies comes back with the same id, its mark and the time that is left") {
  const test::TempDir home;
  rpc::Wait first, second;
  FakeAgent agent(home.path() + "/agent.sock",
                  {[&](AgentSide& side) {
                     const rpc::Call call = side.greet();
                     first = std::get<rpc::Wait>(call.request);
                     side.say(rpc::encode_notification(call.id, rpc::Waiting{"s1", "m1", 60s}));
                   },
                   [](AgentSide&) {},  // dies again at once
                   [&](AgentSide& side) {
                     const rpc::Call call = side.greet();
                     second = std::get<rpc::Wait>(call.request);
                     side.answer(call.id, code("1"));
                   }});
  Waiter waiter(options_in(home), wait_for(60s));
  CHECK(std::holds_alternative<Delivered>(last(waiter)));
  CHECK(second.waiter == first.waiter);
  CHECK(first.resume.empty());
  CHECK(second.resume == "m1");
  CHECK(*first.timeout == 60s);
  CHECK(*second.timeout < 60s);
  CHECK(*second.timeout > 50s);
}

TEST_CASE("the agent's own end of the wait is the end") {
  const test::TempDir home;
  FakeAgent agent(home.path() + "/agent.sock", {[](AgentSide& side) {
                    WaitEnd end;
                    end.exit = ExitCode::unreachable;
                    end.message = "the agent was stopped";
                    side.answer(side.greet().id, end);
                  }});
  Waiter waiter(options_in(home), wait_for(60s));
  CHECK(std::get<WaitEnd>(last(waiter)).exit == ExitCode::unreachable);
}

TEST_CASE("no agent at the first try is an error at once") {
  const test::TempDir home;
  Waiter waiter(options_in(home), wait_for(60s));
  CHECK(std::get<Error>(waiter.next({}, {})).code == ErrorCode::agent_unreachable);
}

TEST_CASE("a wait whose agent was stopped does not look for another one") {
  const test::TempDir home;
  FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) { side.greet(); }});
  rpc::AgentFile file;
  file.socket = home.path() + "/gone.sock";
  file.stopped = read_clocks().wall;
  std::ofstream(home.path() + "/agent.json") << rpc::to_text(file);
  Options options = options_in(home);
  Waiter waiter(options, wait_for(60s));
  CHECK(std::holds_alternative<Waiter::Reconnecting>(waiter.next({}, {})));
  REQUIRE(unlink((home.path() + "/agent.sock").c_str()) == 0);
  CHECK(std::get<Error>(waiter.next({}, {})).code == ErrorCode::agent_unreachable);
}

TEST_CASE(
    "X04 an agent that hangs after it took the wait is given up one second after the deadline") {
  const test::TempDir home;
  FakeAgent agent(home.path() + "/agent.sock", {[](AgentSide& side) {
                    side.greet();
                    side.line();  // until the client hangs up
                  }});
  Waiter waiter(options_in(home), wait_for(1ms));
  const Instant began = BootClock::now();
  CHECK(std::get<Error>(last(waiter)).code == ErrorCode::agent_unreachable);
  CHECK(BootClock::now() - began >= 1s);
}

TEST_CASE("X04 an agent that stays away is looked for until the deadline, not longer") {
  const test::TempDir home;
  FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                    side.greet();
                    unlink((home.path() + "/agent.sock").c_str());
                  }});
  Waiter waiter(options_in(home), wait_for(150ms));
  const Instant began = BootClock::now();
  CHECK(std::get<Error>(last(waiter)).code == ErrorCode::agent_unreachable);
  CHECK(BootClock::now() - began >= 100ms);
}

std::atomic<Duration::rep> hours_passed{0};

/// The kernel's clock, so many hours later.
Instant moved_clock() { return BootClock::now() + std::chrono::hours(hours_passed); }

TEST_CASE("a wait without a limit looks for a lost agent for two minutes, however old it is and each time anew") {
  const test::TempDir home;
  const std::string path = test::socket_in(home);
  hours_passed = 0;
  rpc::Wait wait = wait_for({});
  bool told = true;  // its limit, or that it has none
  SUBCASE("that says so") { wait.no_limit = true; }
  SUBCASE("after the first code") {
    wait = wait_for(60s);  // as `otpctl run --fd` goes on
    wait.timeout.reset();
    wait.no_limit = true;
  }
  SUBCASE("whose agent has not told its default") { told = false; }
  Waiter waiter(options_in(home), wait, moved_clock);
  for (int loss = 0; loss < 2; ++loss) {
    std::promise<void> old;
    FakeAgent agent(path, {[&](AgentSide& side) {
                      const rpc::Call call = side.greet();
                      if (told) side.say(rpc::encode_notification(call.id, rpc::Waiting{"s1", "m1", {}}));
                      else side.say(rpc::encode_notification(call.id, rpc::Warning{"nobody brings it", 0}));
                      old.get_future().wait();
                      unlink(path.c_str());
                    }});
    const auto first = waiter.next({}, {});
    CHECK((std::holds_alternative<rpc::Waiting>(first) || std::holds_alternative<rpc::Warning>(first)));
    hours_passed += 3;
    old.set_value();
    CHECK(std::holds_alternative<Waiter::Reconnecting>(waiter.next({}, {})));
    // Several tries that fail.
    CHECK(std::holds_alternative<Waiter::Tick>(waiter.next({}, moved_clock() + 200ms)));
  }
  hours_passed += 1;
  CHECK(std::get<Error>(waiter.next({}, {})).code == ErrorCode::agent_unreachable);
}

TEST_CASE("what is watched wakes the wait, also while it looks for its agent") {
  const test::TempDir home;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::array<pollfd, 1> watch{pollfd{ends[1], 0, 0}};
  FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                    side.greet();
                    unlink((home.path() + "/agent.sock").c_str());
                  }});
  Waiter waiter(options_in(home), wait_for({}));
  CHECK(std::holds_alternative<Waiter::Reconnecting>(waiter.next(watch, {})));
  close(ends[0]);
  CHECK(std::holds_alternative<Waiter::Watched>(waiter.next(watch, {})));
  CHECK((watch[0].revents & POLLERR) != 0);
  close(ends[1]);
}

TEST_CASE("a tick comes when it is due") {
  const test::TempDir home;
  FakeAgent agent(home.path() + "/agent.sock", {[](AgentSide& side) {
                    side.greet();
                    side.line();
                  }});
  Waiter waiter(options_in(home), wait_for(60s));
  CHECK(std::holds_alternative<Waiter::Tick>(waiter.next({}, BootClock::now() + 1ms)));
}

TEST_CASE("L13 an agent that dies before it heard the ack hears it from the next connection") {
  const test::TempDir home;
  std::vector<rpc::Ack> acks;
  {
    FakeAgent agent(home.path() + "/agent.sock",
                    {[&](AgentSide& side) {
                       side.answer(side.greet().id, code("1"));
                       acks.push_back(std::get<rpc::Ack>(side.call().request));
                     },
                     [&](AgentSide& side) {
                       const rpc::Call call = side.greet();
                       acks.push_back(std::get<rpc::Ack>(call.request));
                       side.answer(call.id, rpc::AckResult{true});
                     }});
    Waiter waiter(options_in(home), wait_for(60s));
    CHECK(std::holds_alternative<Delivered>(last(waiter)));
    CHECK(waiter.acknowledge());
  }
  REQUIRE(acks.size() == 2);
  CHECK(acks[1].delivery == acks[0].delivery);
  CHECK(acks[1].waiter == acks[0].waiter);
}

TEST_CASE("an acknowledgement that nobody hears ends in time") {
  const test::TempDir home;
  FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                    side.answer(side.greet().id, code("1"));
                    unlink((home.path() + "/agent.sock").c_str());
                  }});
  Waiter waiter(options_in(home), wait_for(60s));
  CHECK(std::holds_alternative<Delivered>(last(waiter)));
  CHECK(!waiter.acknowledge(100ms));
}

}  // namespace
}  // namespace otpctl::client
