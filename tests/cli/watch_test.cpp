// The table of `watch` at many sizes, and its lines against a scripted agent.
#include "cli/commands.hpp"
#include "shared/cells.hpp"
#include "support/fake_agent.hpp"
#include "watch/view.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>

using namespace std::chrono_literals;
using otpctl::test::AgentSide;
using otpctl::test::FakeAgent;
using otpctl::test::TempDir;

namespace otpctl::apps {
namespace {

using watch::deal;
using watch::State;
using watch::view;
using Words = std::vector<std::string>;

const WallTime kNow(1795167238s);  // 2026-11-20T09:33:58Z
const Zone kUtc = [](WallTime) { return 0s; };

SourceStatus source(const std::string& name, SourceState state, const std::string& detail) {
  SourceStatus status;
  status.name = name;
  status.state = state;
  status.detail = detail;
  status.since = kNow - 3min;
  status.last_alive = kNow - 3s;
  return status;
}

WaiterInfo waiter(const std::string& email, int pid) {
  WaiterInfo info;
  info.session = "1c8f3a52-0000-4000-8000-000000000000";
  info.target.email = email;
  info.pid = pid;
  info.since = kNow - 20s;
  info.deadline = kNow + 100s;
  return info;
}

Event event(std::uint64_t id, EventType type, const std::string& state) {
  Event made;
  made.id = id;
  made.at = kNow - 1s;
  made.type = type;
  made.state = state;
  return made;
}

Event message(std::uint64_t id, const std::string& sender) {
  Event made = event(id, EventType::message, "arrived");
  made.recipients = {"bot5@example.com"};
  made.sender = sender;
  made.source = "main/INBOX";
  made.verdict = "none";
  made.reason = "no keyword near a number";
  return made;
}

State full_state() {
  State state;
  state.now = kNow;
  AgentStatus status;
  status.version = "0.1.0";
  status.pid = 4711;
  status.started = kNow - 3h;
  status.sessions = 5;
  status.codes_delivered = 9;
  status.sources = {source("main/INBOX", SourceState::live, "IDLE"),
                    source("backup/INBOX", SourceState::unreachable, "connection refused")};
  status.sources[1].retry_at = kNow + 30s;
  status.waiters = {waiter("bot5@example.com", 123), waiter("bot6@example.com", 124)};
  status.waiters[1].ambiguous = true;
  state.status = status;
  SessionInfo session;
  session.id = "1c8f3a52-0000-4000-8000-000000000000";
  session.state = SessionState::waiting;
  session.target.email = "bot5@example.com";
  session.expires = kNow + 10min;
  state.sessions = {session};
  state.add({message(1, "no-reply@shop.example")});
  return state;
}

Words texts(const std::vector<Line>& lines) {
  Words found;
  for (const Line& each : lines) found.push_back(each.text);
  return found;
}

std::string joined(const Words& lines) {
  std::string text;
  for (const std::string& each : lines) text += each + "\n";
  return text;
}
std::string joined(const std::vector<Line>& lines) { return joined(texts(lines)); }

TEST_CASE("80 by 24 shows header, sources, waits, sessions and events") {
  CHECK(joined(view(full_state(), {80, 24}, true, kUtc)) ==
        joined(Words{"otpctl 0.1.0  2 waiting  5 sessions  0 kept  9 given  1 events  pid 4…  09:33:58",
              "SOURCE        STATE        FOR  ALIVE  MESSAGES  DETAIL",
              "backup/INBOX  unreachable  3m   3s     0         connection refused, next try i…",
              "main/INBOX    live         3m   3s     0         IDLE",
              "WAITS FOR         LEFT  PID  SESSION   SINCE  SEEN  STATE",
              "bot5@example.com  100s  123  1c8f3a52  20s    0     waiting",
              "bot6@example.com  100s  124  1c8f3a52  20s    0     ambiguous: otpctl manual",
              "SESSION   STATE    FOR               LEFT  WAITERS  GIVEN",
              "1c8f3a52  waiting  bot5@example.com  10m   0        0",
              "EVENTS",
              "09:33:57 message bot5@example.com arrived from no-reply@shop.example by main/IN…"}));
}

TEST_CASE("40 columns keep what matters: who, state, time left") {
  CHECK(joined(view(full_state(), {40, 16}, true, kUtc)) ==
        joined(Words{"otpctl 0.1.0  2 waiting  5 se…  09:33:58",
              "SOURCE        STATE        FOR  DETAIL",
              "backup/INBOX  unreachable  3m   connect…",
              "main/INBOX    live         3m   IDLE",
              "WAITS FOR         LEFT  PID  SINCE  SEEN",
              "bot5@example.com  100s  123  20s    0",
              "bot6@example.com  100s  124  20s    0",
              "SESSION   FOR               LEFT  GIVEN",
              "1c8f3a52  bot5@example.com  10m   0",
              "EVENTS",
              "09:33:57 no code  bot5@example.com"}));
}

TEST_CASE("five rows show the newest events, twenty columns the beginnings") {
  State state = full_state();
  for (std::uint64_t id = 2; id < 30; ++id) state.add({message(id, "n" + std::to_string(id) + "@shop.example")});
  const Words five = texts(view(state, {80, 5}, true, kUtc));
  REQUIRE(five.size() == 5);
  CHECK(five[0].rfind("otpctl 0.1.0", 0) == 0);
  CHECK(five[4].find("n29@shop.example") != std::string::npos);
  const Words narrow = texts(view(state, {20, 24}, true, kUtc));
  CHECK(narrow.back() == "09:33 no code  bot5…");
}

TEST_CASE("no line is wider than its terminal, none unprintable, whatever outsiders wrote") {
  const std::string hostile = "\x1b]0;x\x07日本語\u202e\n\xff e\u0301\u0301 ❤\uFE0F " + std::string(300, 'w');
  State state = full_state();
  state.status->sources.push_back(source(hostile, SourceState::signed_out, hostile));
  state.status->waiters.push_back(waiter(hostile, 99));
  state.status->version = hostile;
  state.filter = hostile;
  state.sessions.front().target.phone = hostile;
  Event told = message(2, hostile);
  told.source = told.reason = told.state = told.shape = hostile;
  state.add({told});
  for (const bool utf8 : {true, false}) {
    for (const Size size : {Size{80, 24}, Size{40, 24}, Size{20, 24}, Size{200, 60}, Size{80, 5}, Size{1, 1},
                            Size{7, 3}, Size{1000, 1000}}) {
      const auto lines = view(state, size, utf8, kUtc);
      CAPTURE(size.columns);
      CHECK(static_cast<int>(lines.size()) <= size.rows);
      for (const Line& line : lines) {
        CAPTURE(line.text);
        CHECK(cells(line.text) <= size.columns);
        CHECK(line.text == shown(line.text, utf8, 100'000));  // printable, and ASCII where it has to be
      }
    }
  }
}

TEST_CASE("time left and ages count down by the clock alone") {
  State state = full_state();
  state.now += 40s;
  const std::string text = joined(view(state, {80, 24}, true, kUtc));
  CHECK(text.find("bot5@example.com  60s   123  1c8f3a52  60s") != std::string::npos);
  CHECK(text.find("09:34:38") != std::string::npos);
}

TEST_CASE("an agent that is away is said in the first line, what was known stays") {
  State state = full_state();
  state.away_since = kNow - 7s;
  const auto lines = view(state, {80, 24}, true, kUtc);
  CHECK(lines[0] == Line{"otpctl: the agent is away for 7s, looking for it", Tone::bad});
  CHECK(joined(lines).find("bot5@example.com") != std::string::npos);
}

TEST_CASE("lines are dealt out by turns, a heading never stands alone, the rest is for events") {
  CHECK(deal(23, {3, 3, 2, 9}) == std::vector<int>{3, 3, 2, 15});
  CHECK(deal(12, {20, 20, 20, 50}) == std::vector<int>{3, 3, 2, 4});
  CHECK(deal(12, {0, 20, 0, 1}) == std::vector<int>{0, 11, 0, 1});
  CHECK(deal(4, {3, 3, 2, 9}) == std::vector<int>{0, 0, 0, 4});
  CHECK(deal(0, {3, 3, 2, 9}) == std::vector<int>{0, 0, 0, 0});
  CHECK(deal(-1, {1, 1, 1, 1}) == std::vector<int>{0, 0, 0, 0});
  for (int lines = 0; lines < 200; ++lines) {
    int sum = 0;
    for (const int given : deal(lines, {30, 7, 100, 1001})) sum += given;
    CHECK(sum == lines);
  }
}

TEST_CASE("what a small terminal leaves out is counted, sources in trouble are kept") {
  State state = full_state();
  for (int i = 0; i < 40; ++i)
    state.status->sources.push_back(source("s" + std::to_string(i), SourceState::live, "IDLE"));
  const std::string text = joined(view(state, {80, 16}, true, kUtc));
  CHECK(text.find("backup/INBOX  unreachable") != std::string::npos);
  CHECK(text.find("and 36 more") != std::string::npos);
}

TEST_CASE("a flood of events keeps the last ones and counts them all") {
  State state;
  for (std::uint64_t id = 1; id <= 20; ++id) state.add(std::vector<Event>(400, message(id, "a@shop.example")));
  CHECK(state.events.size() == watch::kEventsKept);
  CHECK(state.events_seen == 8000);
  state.add(std::vector<Event>(5000, message(99, "a@shop.example")));
  CHECK(state.events.size() == watch::kEventsKept);
  CHECK(state.events_seen == 13000);
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

rpc::EventsResult page(std::vector<Event> events, std::uint64_t next, bool more = false) {
  return rpc::EventsResult{std::move(events), next, more};
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

TEST_CASE("watch --since and --after ask for what was; --plain writes words") {
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
        "2026-11-20 09:33:57  message  bot5@example.com  arrived from ?@shop.example by main/INBOX, no code in it: "
        "no keyword near a number\n");
}

TEST_CASE("watch: no agent is 69 at once; what excludes each other is 64") {
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
  CHECK(test.err == "otpctl watch: the agent ended\n");
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
