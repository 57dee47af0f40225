#include "unit/rpc/support.hpp"

#include <limits>

using namespace std::chrono_literals;

namespace otpctl::rpc {
namespace {

Event everything() {
  Event event;
  event.id = 1234;
  event.at = WallTime(1700000000123ms);
  event.type = EventType::wait;
  event.state = "ended";
  event.session = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
  event.target = {"bot5@example.com", "+905551112233"};
  event.recipients = {"bot5@example.com", "bot6@example.com"};
  event.pid = 4711;
  event.source = "main/INBOX";
  event.channel = "email";
  event.sender = "no-reply@shop.example";
  event.message_id = "<1@shop.example>";
  event.uid_validity = std::numeric_limits<std::uint32_t>::max();
  event.uid = 42;
  event.verdict = "none";
  event.shape = "6 digits";
  event.reason = "no code";
  event.delivery = "d1";
  event.exit = ExitCode::timed_out;
  event.waited = 1500ms;
  event.sent = WallTime(1700000001s);
  event.received = WallTime(1700000002s);
  event.retry_at = WallTime(1700000003s);
  return event;
}

TEST_CASE("an event comes back with every member it had") {
  const std::string json = to_json(everything());
  CHECK(json.rfind(R"({"v":1,"id":1234,"at":"2023-11-14T22:13:20.123Z","type":"wait","state":"ended",)", 0) == 0);
  const auto read = parse_event(json);
  REQUIRE(read);
  CHECK(to_json(*read) == json);
  CHECK(read->target == everything().target);
  CHECK(read->recipients == everything().recipients);
  CHECK(read->uid_validity == std::numeric_limits<std::uint32_t>::max());
  CHECK(read->exit == ExitCode::timed_out);
  CHECK(read->waited == 1500ms);
  CHECK(read->retry_at == everything().retry_at);
}

TEST_CASE("what an event does not say is left out, and is empty when it is read") {
  Event event;
  event.id = 1;
  event.state = "started";
  CHECK(to_json(event) ==
        R"({"v":1,"id":1,"at":"1970-01-01T00:00:00.000Z","type":"agent","state":"started"})");
  const auto read = parse_event(to_json(event));
  REQUIRE(read);
  CHECK(!read->exit);
  CHECK(!read->waited);
  CHECK(read->recipients.empty());
}

TEST_CASE("each type of event has its name, and a name that is none is told with those there are") {
  for (const char* name : {"agent", "source", "session", "wait", "message", "code", "entry"})
    CHECK(name_of(*parse_event_type(name)) == name);
  const auto wrong = parse_event_type("codes\x1b[31m");
  REQUIRE(!wrong);
  CHECK(wrong.error().code == ErrorCode::usage);
  CHECK(!parse_event_type("other"));
  CHECK(wrong.error().message == "'codes\\x1b[31m' is no type of event; there are agent, source, session, wait, "
                                 "message, code, entry");
}

TEST_CASE("an event of a newer agent is read as far as it is known") {
  const auto read = parse_event(R"({"v":2,"id":9,"type":"weather","state":"mild","at":7,"pid":"x","uid":-1,)"
                                R"("exit":"soon","waited":"-1s","recipients":[1,"a",null],"later":{"x":[]}})");
  REQUIRE(read);
  CHECK(read->id == 9);
  CHECK(read->type == EventType::other);
  CHECK(type_of(*read) == "weather");
  CHECK(read->state == "mild");
  CHECK(read->at == WallTime{});
  CHECK(read->pid == 0);
  CHECK(read->uid == 0);
  CHECK(!read->waited);
  CHECK(read->recipients == std::vector<std::string>{"", "a", ""});
  for (const char* none : {"", "[]", "7", "{", "{\"id\":1}x"}) {
    CAPTURE(none);
    CHECK(parse_event(none).error().code == ErrorCode::protocol);
  }
}

TEST_CASE("what a newer agent says of an event goes on as it came: type, members, values of a kind not known here") {
  const std::string line =
      R"({"v":1,"id":9,"at":"2026-11-20T09:33:58.000Z","type":"weather","state":"mild","source":"roof","reason":"sun",)"
      R"("exit":7,"forecast":[{"at":"noon","degrees":21.5},null],"pid":"x"})";
  const auto read = parse_event(line);
  REQUIRE(read);
  CHECK(read->source == "roof");
  CHECK(to_json(*read) == line);
  CHECK(to_json(*parse_event(to_json(*read))) == line);
  EventsResult page;
  page.events = {*read};
  page.next = 9;
  CHECK(to_json(answered<EventsResult>("events", page).events.front()) == line);
  const std::string known = R"({"v":1,"id":1,"at":"1970-01-01T00:00:00.000Z","type":"wait","state":"ended","exit":0)";
  CHECK(to_json(*parse_event(known + R"(,"later":true})")) == known + R"(,"later":true})");
  CHECK(parse_event(known + "}")->more.empty());
}

TEST_CASE("X03 a newer agent's words cannot drive a terminal either, nor be long without end") {
  const auto read = parse_event(R"({"id":9,"type":")" + std::string(5000, 'w') +
                                R"(","state":"s","\u001b]0;\u202e":"\u001b[2J\u007f"})");
  REQUIRE(read);
  const std::string json = to_json(*read);
  CHECK(json.size() < 300);
  for (const char c : json) CHECK((static_cast<unsigned char>(c) >= 0x20 && c != 0x7F));
  CHECK(json.find("\xe2\x80\xae") == json.npos);
}

TEST_CASE("an exit code that is none of ours is left out") {
  const auto exit_of = [](const std::string& number) { return parse_event(R"({"id":1,"exit":)" + number + "}")->exit; };
  CHECK(exit_of("0") == ExitCode::done);
  CHECK(exit_of("124") == ExitCode::timed_out);
  CHECK(exit_of("130") == ExitCode::interrupted);
  for (const char* number : {"7", "-1", "1.5", "4294967296", "null"}) {
    CAPTURE(number);
    CHECK(!exit_of(number));
  }
}

TEST_CASE("a number that does not fit is none") {
  const auto read = parse_event(R"({"id":1,"uid":4294967297,"uid_validity":18446744073709551615,"pid":2147483648})");
  REQUIRE(read);
  CHECK(read->uid == 0);
  CHECK(read->uid_validity == 0);
  CHECK(read->pid == 0);
}

TEST_CASE("X03 texts of others cannot make an event long, nor a second line, nor drive a terminal") {
  Event event = everything();
  event.sender = event.reason = event.message_id = event.source = std::string(100'000, '\x1b') + "\n";
  event.recipients.assign(50, std::string(2'000, 'x'));
  const std::string json = to_json(event);
  CHECK(json.size() < kMaxLine / 2);  // a page holds it
  for (const char c : json) CHECK(static_cast<unsigned char>(c) >= 0x20);
  CHECK(parse_event(json)->recipients.size() == 8);
}

TEST_CASE("a page of events comes back in order, with where to go on") {
  EventsResult page;
  for (std::uint64_t id = 5; id < 8; ++id) {
    page.events.push_back(everything());
    page.events.back().id = id;
  }
  page.next = 7;
  page.more = true;
  const auto read = answered<EventsResult>("events", page);
  REQUIRE(read.events.size() == 3);
  CHECK(read.events[0].id == 5);
  CHECK(read.events[2].id == 7);
  CHECK(to_json(read.events[1]) == to_json(page.events[1]));
  CHECK(read.next == 7);
  CHECK(read.more);
  const auto none = answered<EventsResult>("events", EventsResult{{}, 1ULL << 62, false});
  CHECK(none.events.empty());
  CHECK(none.next == 1ULL << 62);
  CHECK(!none.more);
}

TEST_CASE("a page that does not fit is an error, never a page with a gap") {
  EventsResult page;
  page.events.assign(2000, everything());
  const std::string line = encode_answer("1", page);
  CHECK(line.size() <= kMaxLine);
  CHECK(refused_answer("events", line).code == ErrorCode::internal);
}

TEST_CASE("a request for events is read with all it may hold") {
  const auto events = decoded<Events>(call("events", R"({"after":9223372036854775807,"recipient":"*@example.com",)"
                                                     R"("types":["wait","code"],"follow":true})"));
  CHECK(events.after == 9223372036854775807ULL);
  CHECK(events.recipient == "*@example.com");
  CHECK(events.types == std::vector<EventType>{EventType::wait, EventType::code});
  CHECK(events.follow);
  const auto since = decoded<Events>(call("events", R"({"since":"2026-11-20T09:33:58Z"})"));
  CHECK(since.since == *parse_time("2026-11-20T09:33:58Z"));
  CHECK(!since.after);
  CHECK(!since.follow);
  CHECK(decoded<Events>(call("events", R"({"after":0})")).after == 0);
}

TEST_CASE("a request for events with a wrong member is refused and the member named") {
  const std::string long_word = "\"" + std::string(65, 'x') + "\"";
  std::string many = "\"wait\"";
  for (int i = 0; i < 16; ++i) many += ",\"wait\"";
  const std::vector<std::pair<std::string, std::string>> cases{{R"({"after":-1})", "'after'"},
                                                               {R"({"after":1.5})", "'after'"},
                                                               {R"({"after":"7"})", "'after'"},
                                                               {R"({"after":9223372036854775808})", "'after'"},
                                                               {R"({"after":null})", "'after'"},
                                                               {R"({"since":"yesterday"})", "'since'"},
                                                               {R"({"since":7})", "'since'"},
                                                               {R"({"recipient":7})", "'recipient'"},
                                                               {R"({"recipient":"a\nb"})", "'recipient'"},
                                                               {R"({"recipient":")" + std::string(1001, 'x') + "\"}",
                                                                "'recipient'"},
                                                               {R"({"types":"wait"})", "'types'"},
                                                               {R"({"types":[7]})", "'types'"},
                                                               {R"({"types":[)" + long_word + "]}", "'types'"},
                                                               {R"({"types":[)" + many + "]}", "'types'"},
                                                               {R"({"types":["codes"]})", "'codes'"},
                                                               {R"({"follow":1})", "'follow'"}};
  for (const auto& [params, named] : cases) {
    CAPTURE(params);
    const CallError error = refused(call("events", params));
    CHECK(error.rpc_code == -32602);
    CHECK(error.error.code == ErrorCode::usage);
    CHECK(!error.fatal);
    CHECK(error.error.message.find(named) != std::string::npos);
  }
}

}  // namespace
}  // namespace otpctl::rpc
