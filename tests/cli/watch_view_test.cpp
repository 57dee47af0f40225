// The table of `watch` at many sizes.
#include "shared/cells.hpp"
#include "watch/view.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;

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
              "bot6@example.com  100s  124  1c8f3a52  20s    0     ambiguous: otpctl manual",
              "bot5@example.com  100s  123  1c8f3a52  20s    0     waiting",
              "SESSION   STATE    FOR               LEFT  WAITERS  GIVEN",
              "1c8f3a52  waiting  bot5@example.com  10m   0        0",
              "EVENTS",
              "09:33:57 message bot5@example.com no code in it: no keyword near a number (from…"}));
}

TEST_CASE("40 columns keep what matters: who, state, time left") {
  CHECK(joined(view(full_state(), {40, 16}, true, kUtc)) ==
        joined(Words{"otpctl 0.1.0  2 waiting  5 se…  09:33:58",
              "SOURCE        STATE        FOR  DETAIL",
              "backup/INBOX  unreachable  3m   connect…",
              "main/INBOX    live         3m   IDLE",
              "WAITS FOR         LEFT  PID  STATE",
              "bot6@example.com  100s  124  ambiguous",
              "bot5@example.com  100s  123  waiting",
              "STATE    FOR               LEFT  GIVEN",
              "waiting  bot5@example.com  10m   0",
              "EVENTS",
              "09:33:57 no code  bot5@example.com"}));
}

TEST_CASE("a terminal shows what a wait waits for and how it stands before its pid") {
  State state = full_state();
  state.status->waiters[0].pid = 4194303;
  state.status->waiters[1].ambiguous = false;
  state.status->waiters[1].session = "2d000000-0000-4000-8000-000000000000";
  state.status->waiters[1].queued = true;
  state.status->waiters[1].deadline.reset();
  state.sessions.front().degraded = true;
  const auto has = [](const std::vector<Line>& lines, const std::string& text) {
    return std::any_of(lines.begin(), lines.end(), [&](const Line& each) { return each.text == text; });
  };
  const auto narrow = view(state, {38, 16}, true, kUtc);
  CHECK(has(narrow, "WAITS FOR         LEFT    STATE"));
  CHECK(has(narrow, "bot5@example.com  100s    degraded"));
  CHECK(has(narrow, "bot6@example.com  queued  in line"));
  CHECK(has(view(state, {40, 16}, true, kUtc), "degraded  bot5@example.com  10m   0"));
  CHECK(has(view(state, {80, 16}, true, kUtc),
            "1c8f3a52  waiting, degraded  bot5@example.com  10m   0        0"));
  state.status->waiters[1].queued = false;
  CHECK(has(view(state, {40, 16}, true, kUtc), "bot6@example.com  no limit  waiting"));
}

TEST_CASE("sessions that somebody waits for stand first, then the newest, the oldest idle ones are cut off") {
  State state = full_state();
  state.sessions.assign(60, state.sessions.front());
  for (std::size_t i = 0; i < state.sessions.size(); ++i) {
    state.sessions[i].target.email = "n" + std::to_string(i) + "@example.com";
    state.sessions[i].created = kNow - 1h + std::chrono::seconds(i);
    state.sessions[i].state = SessionState::open;
  }
  state.sessions[7].waiters = state.sessions[3].waiters = 1;
  watch::put_in_order(state.sessions);
  std::string order;
  for (std::size_t i = 0; i < 4; ++i) order += state.sessions[i].target.email + " ";
  CHECK(order == "n7@example.com n3@example.com n59@example.com n58@example.com ");
  const std::string text = joined(view(state, {80, 24}, true, kUtc));
  CHECK(text.find("n3@example.com") != std::string::npos);
  CHECK(text.find("n59@example.com") != std::string::npos);
  CHECK(text.find("and 47 more") != std::string::npos);
}

TEST_CASE("waits that did not fit into the agent's answer are counted") {
  State state = full_state();
  state.status->more = 900;
  const std::string text = joined(view(state, {80, 24}, true, kUtc));
  CHECK(text.find("otpctl 0.1.0  902 waiting") == 0);
  CHECK(text.find("bot5@example.com  100s") != std::string::npos);
  CHECK(text.find("and 900 more") != std::string::npos);
}

TEST_CASE("a message for many still shows its verdict at 80 columns, and a newer agent's event its own name") {
  State state = full_state();
  Event many = message(2, "no-reply@shop.example");
  many.recipients.assign(8, "bot5@example.com");
  rpc::TimelineEvent strange = event(3, EventType::other, "mild");
  strange.type_name = "weather\x1b";
  strange.reason = "sun";
  state.add({many, strange});
  const std::string text = joined(view(state, {80, 24}, true, kUtc));
  CHECK(text.find("bot5@example.com bot5@example.c… no code in it: no keyword nea…") != std::string::npos);
  CHECK(text.find("09:33:57 weathe… mild: sun") != std::string::npos);
  CHECK(joined(view(state, {40, 24}, true, kUtc)).find("09:33:57 weather\\x1b mild") != std::string::npos);
}

TEST_CASE("five rows show the newest events, twenty columns the beginnings") {
  State state = full_state();
  for (std::uint64_t id = 2; id < 30; ++id) {
    Event next = message(id, "no-reply@shop.example");
    next.reason = "n" + std::to_string(id);
    state.add({next});
  }
  const Words five = texts(view(state, {80, 5}, true, kUtc));
  REQUIRE(five.size() == 5);
  CHECK(five[0].rfind("otpctl 0.1.0", 0) == 0);
  CHECK(five[4].find("no code in it: n29 ") != std::string::npos);
  const Words narrow = texts(view(state, {20, 24}, true, kUtc));
  CHECK(narrow.back() == "09:33 no code  bot5…");
  state.add({event(30, EventType::agent, "started")});
  state.away_since = kNow - 7s;
  const Words away = texts(view(state, {20, 24}, true, kUtc));
  CHECK(away.back() == "09:33 agent started");
  CHECK(away.front() == "no agent for 7s");
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

TEST_CASE("an agent that does not answer is said in the first line, and since when, also when its connection is given up") {
  State state = full_state();
  state.silent_since = kNow - 7s;
  CHECK(view(state, {80, 24}, true, kUtc)[0] == Line{"otpctl: the agent does not answer (7s)", Tone::bad});
  CHECK(view(state, {20, 24}, true, kUtc)[0] == Line{"no answer for 7s", Tone::bad});
  state.away_since = kNow - 1s;
  CHECK(view(state, {80, 24}, true, kUtc)[0] == Line{"otpctl: the agent does not answer (7s)", Tone::bad});
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
  for (std::uint64_t id = 1; id <= 20; ++id)
    state.add(std::vector<rpc::TimelineEvent>(400, message(id, "a@shop.example")));
  CHECK(state.events.size() == watch::kEventsKept);
  CHECK(state.events_seen == 8000);
  state.add(std::vector<rpc::TimelineEvent>(5000, message(99, "a@shop.example")));
  CHECK(state.events.size() == watch::kEventsKept);
  CHECK(state.events_seen == 13000);
}

}  // namespace
}  // namespace otpctl::apps
