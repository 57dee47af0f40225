// What operators and monitoring ask: waiters with candidates, health, reload, holds, entries for whoever still waits.
#include "unit/rpc/support.hpp"

using namespace std::chrono_literals;

namespace otpctl::rpc {
namespace {

WaiterInfo ambiguous_waiter() {
  WaiterInfo waiter;
  waiter.session = "1c";
  waiter.target.email = "bot5@example.com";
  waiter.pid = 4711;
  waiter.since = WallTime(1700000000s);
  waiter.deadline = WallTime(1700000120s);
  waiter.ambiguous = true;
  waiter.seen = {Seen{Unmatched::ambiguous_sender, 2, "a@shop.example", WallTime(1700000001s)}};
  waiter.candidates = {HeldCandidate{"482913", "email", "a@shop.example", WallTime(1700000001s)},
                       HeldCandidate{"193744", "sms", "Bank", WallTime(1700000002s)}};
  return waiter;
}

TEST_CASE("a waiter comes back with the candidates that an operator chooses from") {
  const auto read = answered<WaitersResult>("waiters", WaitersResult{{ambiguous_waiter()}, true});
  CHECK(read.more);
  REQUIRE(read.waiters.size() == 1);
  const WaiterInfo& waiter = read.waiters[0];
  CHECK(waiter.session == "1c");
  CHECK(waiter.target.email == "bot5@example.com");
  CHECK(waiter.deadline == WallTime(1700000120s));
  CHECK(waiter.ambiguous);
  CHECK(!waiter.queued);
  REQUIRE(waiter.seen.size() == 1);
  CHECK(waiter.seen[0].reason == Unmatched::ambiguous_sender);
  REQUIRE(waiter.candidates.size() == 2);
  CHECK(waiter.candidates[0].code == "482913");
  CHECK(waiter.candidates[1].code == "193744");
  CHECK(waiter.candidates[1].channel == "sms");
  CHECK(waiter.candidates[1].sender == "Bank");
  CHECK(waiter.candidates[1].received == WallTime(1700000002s));
}

TEST_CASE("a candidate's code cannot drive the operator's terminal") {
  WaitersResult page{{ambiguous_waiter()}, false};
  page.waiters[0].candidates[0].code = "12\x1b[31m\n34";
  const auto read = answered<WaitersResult>("waiters", page);
  CHECK(read.waiters[0].candidates[0].code == "12\\x1b[31m\\x0a34");
}

TEST_CASE("a page of waiters is cut where the line ends, and says so") {
  WaitersResult page;
  page.waiters.assign(3000, ambiguous_waiter());
  const auto read = answered<WaitersResult>("waiters", page);
  CHECK(read.more);
  CHECK(read.waiters.size() > 50);
  CHECK(read.waiters.size() < 3000);
  CHECK(read.waiters.back().candidates.size() == 2);
}

TEST_CASE("one waiter always fits, however much it has seen: who pages on by `skip` gets further") {
  WaitersResult page{{ambiguous_waiter()}, false};
  page.waiters[0].candidates.assign(5000, HeldCandidate{std::string(256, '7'), "email", std::string(400, '\1'), {}});
  page.waiters[0].seen.assign(5000, Seen{Unmatched::ambiguous_recipient, 1, std::string(400, '\1'), {}});
  page.waiters[0].target = {std::string(400, '\1'), std::string(400, '\1')};
  const auto read = answered<WaitersResult>("waiters", page);
  REQUIRE(read.waiters.size() == 1);
  CHECK(read.waiters[0].candidates.size() >= 8);
}

TEST_CASE("a request for waiters says how many are known already") {
  CHECK(decoded<Waiters>(call("waiters", "{}")).skip == 0);
  CHECK(decoded<Waiters>(call("waiters", R"({"skip":2147483647})")).skip == 2147483647);
  for (const std::string skip : {"-1", "2147483648", "1.5", "\"1\"", "null", "true", "18446744073709551615"}) {
    CAPTURE(skip);
    CHECK(refused(call("waiters", R"({"skip":)" + skip + "}")).rpc_code == -32602);
  }
}

SourceHealth sick_source() {
  SourceHealth health;
  health.status = SourceStatus{"main/INBOX", "imap",          SourceState::unreachable, "connection refused",
                               WallTime(1s), WallTime(1700s), WallTime(1800s),          5,
                               6};
  health.down_since = WallTime(1600s);
  health.alive_age = 90s;
  health.due_every = 15s;
  health.messages = 1ULL << 40;
  health.errors = 3;
  health.reconnects = 4;
  health.processed = 7;
  health.processing_mean = 2ms;
  health.processing_p95 = 4600us;
  return health;
}

TEST_CASE("a health comes back with each source's day") {
  HealthReport health;
  health.version = "0.1.0";
  health.pid = 4711;
  health.started = WallTime(1700000000s);
  health.waiters = 2;
  health.sessions = 1;
  health.codes_pending = 3;
  health.oldest_pending = 5min;
  health.codes_delivered = 1ULL << 41;
  health.messages = 41;
  health.store_trouble = "database or disk is full";
  health.sources = {sick_source(), SourceHealth{}};
  const auto read = answered<HealthReport>("health", health);
  CHECK(read.version == "0.1.0");
  CHECK(read.pid == 4711);
  CHECK(read.started == health.started);
  CHECK(read.waiters == 2);
  CHECK(read.sessions == 1);
  CHECK(read.codes_pending == 3);
  CHECK(read.oldest_pending == 5min);
  CHECK(read.codes_delivered == 1ULL << 41);
  CHECK(read.messages == 41);
  CHECK(read.store_trouble == "database or disk is full");
  REQUIRE(read.sources.size() == 2);
  const SourceHealth& sick = read.sources[0];
  CHECK(sick.status.state == SourceState::unreachable);
  CHECK(sick.status.detail == "connection refused");
  CHECK(sick.down_since == WallTime(1600s));
  CHECK(sick.alive_age == 90s);
  CHECK(sick.due_every == 15s);
  CHECK(sick.messages == 1ULL << 40);
  CHECK(sick.errors == 3);
  CHECK(sick.reconnects == 4);
  CHECK(sick.processed == 7);
  CHECK(sick.processing_mean == 2ms);
  CHECK(sick.processing_p95 == 5ms);  // whole milliseconds
  CHECK(!read.sources[1].down_since);
  CHECK(!read.sources[1].alive_age);
  CHECK(read.sources[1].due_every == 0s);
}

TEST_CASE("a health of any length fits into one line and counts what is left out") {
  HealthReport health;
  health.sources.assign(2000, sick_source());
  for (auto& source : health.sources) source.status.detail = std::string(5000, '"');
  const auto read = answered<HealthReport>("health", health);
  CHECK(read.sources.size() > 20);
  CHECK(read.sources.size() + static_cast<std::size_t>(read.more) == 2000);
}

TEST_CASE("a health with members of other types is read as far as it can be") {
  const auto incoming = decode_incoming(
      R"({"id":1,"result":{"version":"","pid":7,"waiting":-1,"oldest_pending":7,"store_trouble":null,)"
      R"("started":"2026-11-20T09:33:58Z",)"
      R"("sources":[7,null,[],{"name":"a","day":[],"due_every":"soon","alive_age":""},{"state":"dancing"}]}})",
      {{"1", "health"}});
  REQUIRE(incoming);
  const auto& health = std::get<HealthReport>(std::get<Answer>(std::get<Reply>(*incoming).outcome));
  CHECK(health.pid == 7);
  CHECK(health.waiters == 0);
  CHECK(!health.oldest_pending);
  REQUIRE(health.sources.size() == 5);
  CHECK(health.sources[3].status.name == "a");
  CHECK(health.sources[3].messages == 0);
  CHECK(!health.sources[3].alive_age);
  CHECK(health.sources[4].status.state == SourceState::starting);
}

TEST_CASE("a reload says what changed, a hundred lines at most") {
  ReloadResult reload{{"mailbox main: host imap.example.com", "a\nb"}};
  CHECK(answered<ReloadResult>("agent.reload", reload).changes == reload.changes);
  CHECK(answered<ReloadResult>("agent.reload", ReloadResult{}).changes.empty());
  reload.changes.assign(5000, std::string(5000, 'x'));
  CHECK(answered<ReloadResult>("agent.reload", reload).changes.size() == 100);
}

TEST_CASE("a hold names a session, and is answered with it") {
  CHECK(decoded<SessionHold>(call("session.hold", R"({"session":"1C8F"})")).session == "1c8f");
  for (const char* params : {"{}", R"({"session":"1c8"})", R"({"session":7})", R"({"session":"xyzt"})"}) {
    CAPTURE(params);
    CHECK(refused(call("session.hold", params)).rpc_code == -32602);
  }
  SessionInfo session;
  session.id = "1c8f";
  CHECK(answered<SessionInfo>("session.hold", session).id == "1c8f");
}

TEST_CASE("whom an entry would be for is asked without a code") {
  CHECK(decoded<Manual>(call("manual", R"({"target":"bot5","settle":true})")).settle);
  CHECK(refused(call("manual", R"({"target":"bot5","settle":false})")).error.code == ErrorCode::usage);
}

TEST_CASE("a code that was picked from a list says so") {
  const std::string entry = R"({"target":"bot5","code":"482913")";
  CHECK(!decoded<Manual>(call("manual", entry + "}")).choice);
  CHECK(decoded<Manual>(call("manual", entry + R"(,"choice":true})")).choice);
  CHECK(encode_call("1", Manual{"bot5", "482913", true, false, true}).find(R"("choice":true)") != std::string::npos);
  CHECK(encode_call("1", Manual{"bot5", "482913"}).find("choice") == std::string::npos);
}

TEST_CASE("an entry for whoever still waits says so with true and nothing else") {
  const std::string entry = R"({"target":"bot5","code":"482913")";
  CHECK(!decoded<Manual>(call("manual", entry + "}")).waiting_only);
  CHECK(!decoded<Manual>(call("manual", entry + R"(,"waiting_only":false})")).waiting_only);
  CHECK(decoded<Manual>(call("manual", entry + R"(,"waiting_only":true})")).waiting_only);
  for (const std::string value : {"1", "\"true\"", "null", "{}", "[]"}) {
    CAPTURE(value);
    const CallError error = refused(call("manual", entry + R"(,"waiting_only":)" + value + "}"));
    CHECK(error.rpc_code == -32602);
    CHECK(error.error.message == "'waiting_only' must be true or false");
  }
}

TEST_CASE("requests without parameters take none and mind none") {
  for (const char* method : {"health", "agent.reload", "waiters", "status"}) {
    CAPTURE(method);
    CHECK(decode_call(call(method, "{}")).has_value());
    CHECK(decode_call(call(method, R"({"later":[1]})")).has_value());
    CHECK(decode_call(std::string(R"({"jsonrpc":"2.0","id":1,"method":")") + method + "\"}").has_value());
    CHECK(refused(call(method, "7")).rpc_code == -32602);
    CHECK(refused(call(method, "null")).rpc_code == -32602);
  }
}

TEST_CASE("an answer of the new methods that is no object is a protocol error") {
  for (const char* method : {"waiters", "events", "health", "agent.reload", "session.hold"}) {
    CAPTURE(method);
    for (const char* result : {"7", "[]", "\"x\"", "null"}) {
      const auto read = decode_incoming(std::string(R"({"id":1,"result":)") + result + "}", {{"1", method}});
      REQUIRE(!read);
      CHECK(read.error().code == ErrorCode::protocol);
    }
  }
}

TEST_CASE("lists inside are empty when of a wrong type, entries of a wrong type have nothing in them") {
  const auto odd = decode_incoming(R"({"id":1,"result":{"waiters":[7,{"candidates":[null,{"code":7}],"pid":1e300}]}})",
                                   {{"1", "waiters"}});
  REQUIRE(odd);
  const auto& waiters = std::get<WaitersResult>(std::get<Answer>(std::get<Reply>(*odd).outcome)).waiters;
  REQUIRE(waiters.size() == 2);
  CHECK(waiters[1].candidates.size() == 2);
  CHECK(waiters[1].pid == 0);
}

}  // namespace
}  // namespace otpctl::rpc
