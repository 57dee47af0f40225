// `watch`: its command line, and its lines against a scripted agent.
#include "cli/commands.hpp"
#include "support/fake_agent.hpp"
#include "watch/watch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>

using namespace std::chrono_literals;
using otpctl::test::AgentSide;
using otpctl::test::FakeAgent;
using otpctl::test::TempDir;

namespace otpctl::apps {
namespace {

const WallTime kNow(1795167238s);  // 2026-11-20T09:33:58Z

Event message(std::uint64_t id, const std::string& sender) {
  Event made;
  made.id = id;
  made.at = kNow - 1s;
  made.type = EventType::message;
  made.state = "arrived";
  made.recipients = {"bot5@example.com"};
  made.sender = sender;
  made.source = "main/INBOX";
  made.verdict = "none";
  made.reason = "no keyword near a number";
  return made;
}

// ---- the command line ----

using test::parsed;
using test::refused;

TEST_CASE("watch: nothing said is the default, everything said is kept") {
  CHECK(parsed(watch::kCommand, {}) == watch::Options{});
  watch::Options all;
  all.recipient = "bot*@example.com";
  all.types = {EventType::message, EventType::wait};
  all.since = Moment{10min, {}};
  all.after = 1234;
  all.plain = all.json = all.exit_with_agent = true;
  CHECK(parsed(watch::kCommand, {"--email", "bot*@example.com", "--type", "message,wait", "--since", "10m", "--after",
                                 "1234", "--plain", "--json", "--exit-with-agent"}) == all);
}

TEST_CASE("watch, log: a wrong glob, type, time or id is refused in one line") {
  CHECK(refused(watch::kCommand, {"--email", ""}) == "--email: the pattern is empty: '*' is everybody");
  CHECK(refused(watch::kCommand, {"--email", std::string(321, 'a')}) ==
        "--email: the pattern is longer than 320 bytes");
  CHECK(refused(watch::kCommand, {"--email", "a\x1b@b.example"}) ==
        "--email: 'a\\x1b@b.example' holds what no address does");
  CHECK(refused(watch::kCommand, {"--type", "message,mail"}) ==
        "--type: 'mail' is no type of event; there are agent, source, session, wait, message, code, entry");
  CHECK(refused(watch::kCommand, {"--type", ""}) != "");
  CHECK(refused(watch::kCommand, {"--since", "yesterday"}) ==
        "--since: 'yesterday' is no moment: write 2h (so long ago), 03:00, '2026-11-20 14:14' or 2026-11-20T09:33:58Z");
  CHECK(refused(watch::kCommand, {"--after", "-1"}) ==
        "--after: an id is a whole number: the `id` of the last event seen");
  CHECK(refused(watch::kCommand, {"--after", "1234567890123456789"}) != "");
  CHECK(refused(log::kCommand, {"--session", "1c8"}) ==
        "--session: '1c8' is no session: its id, or the first 4 characters of it");
  CHECK(refused(log::kCommand, {"-n", "0"}) != "");
}

// ---- lines ----

std::map<std::string, std::string> in(const TempDir& home) { return {{"OTPCTL_HOME", home.path()}}; }

rpc::EventsResult page(std::vector<rpc::TimelineEvent> events, std::uint64_t next, bool more = false) {
  return {std::move(events), next, more};
}

/// Answers the next call, which must be `events`, and returns what was asked.
rpc::Events serve(AgentSide& side, const rpc::Call& call, const rpc::EventsResult& result) {
  side.answer(call.id, result);
  const auto* events = std::get_if<rpc::Events>(&call.request);
  return events == nullptr ? rpc::Events{} : *events;
}

TEST_CASE("watch asks where now is before it waits for anything, and goes on after each page") {
  const TempDir home;
  TestContext test("watch", "", in(home));
  std::vector<rpc::Events> asked;
  watch::Options options;
  options.exit_with_agent = true;
  options.recipient = "bot*";
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      asked.push_back(serve(side, side.greet(), page({}, 40)));
                      asked.push_back(serve(side, side.call(), page({message(41, "a@shop.example")}, 41)));
                      asked.push_back(serve(side, side.call(), page({message(42, "b@shop.example")}, 45)));
                      side.call();
                    }});
    CHECK(watch::run(options, test.context) == ExitCode::unreachable);
  }
  REQUIRE(asked.size() == 3);
  CHECK_FALSE(asked[0].follow);
  CHECK_FALSE(asked[0].after.has_value());
  CHECK(asked[1].follow);
  CHECK(asked[1].after == 40);
  CHECK(asked[2].after == 41);
  CHECK(asked[2].recipient == "bot*");
  CHECK(test.out == rpc::to_json(message(41, "a@shop.example")) + "\n" +
                        rpc::to_json(message(42, "b@shop.example")) + "\n");
  CHECK(test.err == "otpctl watch: the agent ended\n");
}

TEST_CASE("watch goes on behind the last event when the agent has been away, and says so once") {
  const TempDir home;
  TestContext test("watch", "", in(home));
  std::vector<rpc::Events> asked;
  {
    const auto refuse = [&](AgentSide& side) {
      const rpc::Call call = side.greet();
      if (const auto* events = std::get_if<rpc::Events>(&call.request)) asked.push_back(*events);
      side.say(rpc::encode_error(call.id, Error{ErrorCode::storage, "the store cannot be read"}));
    };
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                                                    serve(side, side.greet(), page({}, 40));
                                                    serve(side, side.call(), page({message(41, "a@shop.example")}, 41));
                                                    side.call();
                                                  },
                                                  [&](AgentSide&) {}, refuse});
    CHECK(watch::run({}, test.context) == ExitCode::try_later);
  }
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].after == 41);
  CHECK(asked[0].follow);
  CHECK(test.err ==
        "otpctl watch: warning: the agent ended; looking for the next one\n"
        "otpctl watch: the store cannot be read\n");
}

TEST_CASE("watch --since and --after ask for what was, --plain writes words") {
  const TempDir home;
  TestContext test("watch", "", in(home));
  test.now.wall = kNow;
  setenv("TZ", "UTC", 1);
  rpc::Events asked;
  watch::Options options;
  options.exit_with_agent = options.plain = true;
  options.since = Moment{10min, {}};
  options.types = {EventType::message};
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      asked = serve(side, side.greet(), page({message(41, "Ä@shop.example")}, 41));
                      side.call();
                    }});
    CHECK(watch::run(options, test.context) == ExitCode::unreachable);
  }
  CHECK(asked.since == kNow - 10min);
  CHECK(asked.types == std::vector<EventType>{EventType::message});
  CHECK(asked.follow);
  CHECK(test.out ==
        "2026-11-20 09:33:57  message  bot5@example.com  no code in it: no keyword near a number "
        "(from ?@shop.example by main/INBOX)\n");
}

TEST_CASE("watch passes on what a newer agent tells, in words it is the type, the state and the reason") {
  const std::string newer =
      R"({"id":41,"at":"2026-11-20T09:33:57.000Z","type":"weather","state":"mild","reason":"sun","degrees":[21.5]})";
  for (const bool plain : {false, true}) {
    const TempDir home;
    TestContext test("watch", "", in(home));
    setenv("TZ", "UTC", 1);
    watch::Options options;
    options.exit_with_agent = true;
    options.plain = plain;
    {
      FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                        serve(side, side.greet(), page({}, 40));
                        side.say(R"({"jsonrpc":"2.0","id":)" + side.call().id + R"(,"result":{"v":1,"events":[)" +
                                 newer + R"(],"next":41,"more":false}})" + "\n");
                        side.call();
                      }});
      CHECK(watch::run(options, test.context) == ExitCode::unreachable);
    }
    CHECK(test.out == (plain ? "2026-11-20 09:33:57  weather  mild: sun\n" : R"({"v":1,)" + newer.substr(1) + "\n"));
  }
}

TEST_CASE("watch: an agent too old for it, or one of another protocol, is one line that says what to do") {
  const std::vector<std::pair<FakeAgent::Script, std::string>> cases{
      {[](AgentSide& side) {
         side.say(rpc::encode_error(side.greet().id, Error{ErrorCode::usage, "unknown method"}, -32601));
       },
       "otpctl agent restart"},
      {[](AgentSide& side) {
         side.answer(side.call().id, rpc::HelloResult{2, "9.9.9", 4711, {}});
         side.call();
       },
       "speaks protocol 2"},
      {[](AgentSide& side) {
         serve(side, side.greet(), page({}, 40));
         for (rpc::Call call = side.call(); call.id != "none"; call = side.call())
           serve(side, call, page({message(7, "a@shop.example")}, 40));
       },
       "do not come to an end"}};
  for (const auto& [script, said] : cases) {
    CAPTURE(said);
    const TempDir home;
    TestContext test("watch", "", in(home));
    FakeAgent agent(home.path() + "/agent.sock", {script});
    CHECK(watch::run({}, test.context) != ExitCode::done);
    CHECK(test.out == "");
    CHECK(test.err.find(said) != std::string::npos);
    CHECK(std::count(test.err.begin(), test.err.end(), '\n') == 1);
  }
}

TEST_CASE("watch: no agent is 69 at once, what excludes each other is 64") {
  const TempDir home;
  TestContext none("watch", "", in(home));
  CHECK(watch::run({}, none.context) == ExitCode::unreachable);
  CHECK(none.out == "");
  CHECK(std::count(none.err.begin(), none.err.end(), '\n') == 1);
  watch::Options both;
  both.plain = both.json = true;
  TestContext wrong("watch", "", in(home));
  CHECK(watch::run(both, wrong.context) == ExitCode::usage);
  both = {};
  both.after = 1;
  both.since = Moment{1s, {}};
  CHECK(watch::run(both, wrong.context) == ExitCode::usage);
}

TEST_CASE("watch: an agent that never answered is none: 69, it is not looked for") {
  const TempDir home;
  TestContext test("watch", "", in(home));
  {
    FakeAgent agent(home.path() + "/agent.sock", {[](AgentSide& side) { side.line(); }});
    CHECK(watch::run({}, test.context) == ExitCode::unreachable);
  }
  CHECK(test.out == "");
  CHECK(test.err == "otpctl watch: the agent ended before it answered\n");
}

TEST_CASE("watch ends with 0, quietly and at once, when its reader has gone, though nothing happens") {
  const TempDir home;
  TestContext test("watch", "", in(home));
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  test.context.out = Sink(ends[1]);
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      serve(side, side.greet(), page({}, 40));
                      side.call();    // it is followed now, and nothing comes
                      close(ends[0]);
                      side.line();    // until the other side is gone
                    }});
    CHECK(watch::run({}, test.context) == ExitCode::done);
  }
  close(ends[1]);
  CHECK(test.err == "");
}

}  // namespace
}  // namespace otpctl::apps
