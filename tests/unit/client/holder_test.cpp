#include "client/holder.hpp"

#include "client/client.hpp"
#include "rpc/agent_file.hpp"
#include "support/fake_agent.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <sys/stat.h>

using namespace std::chrono_literals;
using otpctl::test::AgentSide;
using otpctl::test::FakeAgent;
using otpctl::test::TempDir;

namespace otpctl::client {
namespace {

Options in(const TempDir& home) {
  Surroundings surroundings;
  surroundings.env = [&home](const char* name) {
    return name == std::string("OTPCTL_HOME") ? home.path() : std::string();
  };
  auto options = options_from(surroundings, "test", Start::never);
  REQUIRE(options);
  options->hello_within = 2s;
  return *options;
}

SessionInfo session() {
  SessionInfo info;
  info.id = "1c8f1c8f";
  return info;
}

/// Steps until `done`, at most 5 s; what was told meanwhile.
template <class Done>
std::vector<std::string> steps_until(Holder& holder, const Done& done) {
  std::vector<std::string> told;
  const Instant end = BootClock::now() + 5s;
  while (!done() && BootClock::now() < end) {
    pollfd watch{holder.fd(), POLLIN, 0};
    pause(-1, std::span(&watch, 1), std::min(holder.due().value_or(end), BootClock::now() + 20ms));
    if (const auto trouble = holder.step()) told.push_back(trouble->message);
  }
  CHECK(done());
  return told;
}

Holder registered(const Options& options) {
  Client client(options);
  REQUIRE(client.ask<SessionInfo>(rpc::SessionRegister{{"bot5@example.com", ""}, {}, {}, "", "{}", false, {}}));
  return Holder(options, std::move(*client.release()), "1c8f1c8f");
}

std::string held(AgentSide& side, const rpc::Call& call) {
  const auto* hold = std::get_if<rpc::SessionHold>(&call.request);
  side.answer(call.id, session());
  return hold == nullptr ? "something else" : hold->session;
}

TEST_CASE("the session is held on the connection that registered it, and again on the next one") {
  const TempDir home;
  std::atomic<int> holds = 0;
  const auto hold_and_leave = [&](AgentSide& side, const rpc::Call& call) {
    if (held(side, call) == "1c8f1c8f") ++holds;
  };
  FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                                                  side.answer(side.greet().id, session());
                                                  hold_and_leave(side, side.call());
                                                },
                                                [&](AgentSide& side) { hold_and_leave(side, side.greet()); },
                                                [&](AgentSide& side) {
                                                  hold_and_leave(side, side.greet());
                                                  side.line();
                                                }});
  Holder holder = registered(in(home));
  CHECK(steps_until(holder, [&] { return holds == 3; }).empty());
}

TEST_CASE("a session that is gone is told once and not asked for again") {
  const TempDir home;
  FakeAgent agent(home.path() + "/agent.sock",
                  {[&](AgentSide& side) {
                    side.answer(side.greet().id, session());
                    side.say(rpc::encode_error(side.call().id, Error{ErrorCode::expired, "it has ended"}));
                    side.line();
                  }});
  Holder holder = registered(in(home));
  const auto told = steps_until(holder, [&] { return holder.fd() < 0; });
  CHECK(told == std::vector<std::string>{"it has ended"});
  CHECK(!holder.due());
  CHECK(!holder.step());
}

TEST_CASE("an agent of another version is told once, and the next one that fits is found") {
  const TempDir home;
  std::atomic<bool> again = false;
  const auto of_another_version = [](AgentSide& side) {
    side.answer(side.call().id, rpc::HelloResult{99, "9.9.9", 1, {}});
    side.line();
  };
  FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                                                  side.answer(side.greet().id, session());
                                                  held(side, side.call());
                                                },
                                                of_another_version, of_another_version,
                                                [&](AgentSide& side) {
                                                  again = held(side, side.greet()) == "1c8f1c8f";
                                                  side.line();
                                                }});
  Holder holder = registered(in(home));
  const auto told = steps_until(holder, [&] { return again.load(); });
  REQUIRE(told.size() == 1);
  CHECK(told.front().find("version 9.9.9") != std::string::npos);
}

TEST_CASE("after `agent stop` nobody is started") {
  const TempDir home;
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      side.answer(side.greet().id, session());
                      held(side, side.call());
                      rpc::AgentFile file{home.path() + "/agent.sock", home.path() + "/lmtp.sock", 4711, "9.9.9", read_clocks().wall, {}};
                      file.stopped = read_clocks().wall;
                      std::ofstream(home.path() + "/agent.json") << rpc::to_text(file);
                    }});
    Options options = in(home);
    options.start = Start::if_needed;
    const std::string mark = home.path() + "/started";
    std::ofstream(home.path() + "/agentd") << "#!/bin/sh\ntouch " << mark << "\n";
    REQUIRE(chmod((home.path() + "/agentd").c_str(), 0700) == 0);
    options.agent_program = home.path() + "/agentd";
    Client client(options);
    REQUIRE(client.ask<SessionInfo>(rpc::SessionRegister{{"bot5@example.com", ""}, {}, {}, "", "{}", false, {}}));
    Holder holder(options, std::move(*client.release()), "1c8f1c8f");
    steps_until(holder, [&] { return holder.fd() < 0; });
    unlink((home.path() + "/agent.json").c_str());  // the two seconds are over
    unlink((home.path() + "/agent.sock").c_str());
    const Instant end = BootClock::now() + 300ms;
    while (BootClock::now() < end) {
      pause(-1, {}, std::min(*holder.due(), end));
      CHECK(!holder.step());
    }
    CHECK(!std::ifstream(mark));
  }
}

TEST_CASE("close asks for the session's end and waits for the answer, within its time") {
  const TempDir home;
  std::string closed;
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      side.answer(side.greet().id, session());
                      held(side, side.call());
                      const rpc::Call call = side.call();
                      if (const auto* close = std::get_if<rpc::SessionClose>(&call.request)) closed = close->session;
                      side.line();  // never answers
                    }});
    Holder holder = registered(in(home));
    const Instant began = BootClock::now();
    holder.close(200ms);
    CHECK(BootClock::now() - began >= 200ms);
    CHECK(BootClock::now() - began < 2s);
  }
  CHECK(closed == "1c8f1c8f");
}

}  // namespace
}  // namespace otpctl::client
