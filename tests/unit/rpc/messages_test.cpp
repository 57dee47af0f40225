#include "unit/rpc/support.hpp"

#include <array>

using namespace std::chrono_literals;

namespace otpctl::rpc {
namespace {

TEST_CASE("a wait survives the way there with every member") {
  Wait wait;
  wait.waiter = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
  wait.target = {"bot5@example.com", "+905551112233"};
  wait.filters = {"*@shop.example", "*code*", "PIN (\\d+)", 4, 8};
  wait.timeout = 90s;
  wait.since = 0s;
  wait.resume = "m1:abc";
  wait.exclusive = true;
  wait.queue = 5min;
  wait.fail_fast = true;
  std::string line = encode_call("7", wait);
  line.pop_back();
  const Wait read = decoded<Wait>(line);
  CHECK(read.waiter == wait.waiter);
  CHECK(read.target == wait.target);
  CHECK(read.filters == wait.filters);
  CHECK(read.timeout == wait.timeout);
  CHECK(read.since == wait.since);
  CHECK(read.resume == wait.resume);
  CHECK(read.queue == wait.queue);
  CHECK(read.exclusive);
  CHECK(read.fail_fast);
  CHECK(!read.no_limit);
}

TEST_CASE("'none' is no limit and 'now' is no look-back") {
  const Wait wait = decoded<Wait>(
      call("wait", R"({"waiter":"w1","email":"a@b.example","timeout":"none","since":"now"})"));
  CHECK(wait.no_limit);
  CHECK(!wait.timeout);
  CHECK(wait.since == Duration(0));
}

TEST_CASE("every request is read as it was written") {
  const auto round = [](const Request& request) {
    std::string line = encode_call("3", request);
    CHECK(line.size() <= kMaxLine);
    line.pop_back();
    const auto read = decode_call(line);
    if (!read) FAIL(read.error().error.message);
    CHECK(read->request.index() == request.index());
    CHECK(encode_call("3", read->request) == line + "\n");
  };
  round(Hello{1, "otpctl-wait 0.1.0", 12, {{"OTPCTL_MAILBOX", "imaps://u@mail.example"}}});
  round(Ack{"d1", "w1"});
  round(
      SessionRegister{{"a@b.example", ""}, {}, 5min, "TR", R"({"case":[1,{"x":null}]})", true, 3s});
  round(SessionList{"abcd"});
  round(SessionShow{"abcd"});
  round(SessionMark{"abcd"});
  round(SessionClose{"abcd"});
  round(SessionRefresh{"abcd", 1h});
  round(Manual{"bot5", "482 913"});
  round(Sms{"line one\nline two", "Shop", "+905551112233", WallTime(1700000000s), "x-1"});
  round(Status{});
  round(SessionHold{"abcd"});
  round(Manual{"bot5", "482913", true});
  round(Manual{"bot5", "", false, true});
  round(Waiters{});
  round(Waiters{12});
  round(Events{});
  round(Events{7, std::nullopt, "*@example.com", {EventType::wait, EventType::code}, true});
  round(Events{std::nullopt, WallTime(1700000000s), "", {}, false});
  round(Health{});
  round(Reload{});
  round(Stop{true});
}

TEST_CASE("the id comes back as it stood") {
  CHECK(decode_call(call("status", "{}", "18446744073709551615"))->id == "18446744073709551615");
  CHECK(decode_call(call("status", "{}", R"("a\"b")"))->id == R"("a\"b")");
  CHECK(decode_call(call("status", "{}", "\"" + std::string(64, 'x') + "\""))->id.size() == 66);
  for (const std::string id : {"null", "1.5", "{}", "true", "[1]"})
    CHECK(refused(call("status", "{}", id)).id == "null");
  const CallError long_id = refused(call("status", "{}", "\"" + std::string(65, 'x') + "\""));
  CHECK(long_id.rpc_code == -32600);
  CHECK(!long_id.fatal);
}

TEST_CASE("what is not one JSON object is fatal") {
  for (const std::string line :
       {"", "[]", "1", "{", "{}{}", "{\"a\":1e999}", "\"x\"", "{\"a\":\"\xff\"}", "{'a':1}"}) {
    CAPTURE(line);
    const CallError error = refused(line);
    CHECK(error.fatal);
    CHECK(error.rpc_code == -32700);
  }
  CHECK(refused(std::string("{\"a\":1}\0", 8)).fatal);
}

TEST_CASE("nesting of 16 is read, 17 is not, brackets in texts do not count") {
  const auto nested = [](int depth) {  // the object and "params" are two of them
    return call("status", R"({"x":)" + std::string(static_cast<std::size_t>(depth - 2), '[') +
                              std::string(static_cast<std::size_t>(depth - 2), ']') + "}");
  };
  CHECK(decode_call(nested(16)).has_value());
  CHECK(refused(nested(17)).fatal);
  CHECK(decode_call(call("status", R"({"x":"\"[[[[[[[[[[[[[[[[[[[[[["})")).has_value());
}

TEST_CASE("members of a wrong type or value are refused and named") {
  const std::string wait = R"({"waiter":"w","email":"a@b.example")";
  for (const std::string& params :
       std::vector<std::string>{R"({"email":"a@b.example"})",
                                R"({"waiter":"w"})",
                                R"({"waiter":"w","email":5})",
                                R"({"waiter":"w","email":null})",
                                R"({"waiter":"w x","email":"a@b.example"})",
                                R"({"waiter":"w","email":"a@b.example","session":"abcd"})",
                                R"({"waiter":"w","session":"abc"})",
                                R"({"waiter":"w","session":"abcg"})",
                                wait + R"(,"timeout":90})",
                                wait + R"(,"timeout":"-1s"})",
                                wait + R"(,"timeout":"soon"})",
                                wait + R"(,"timeout":""})",
                                wait + R"(,"exclusive":"yes"})",
                                wait + R"(,"length":"0"})",
                                wait + R"(,"length":"8-4"})",
                                wait + R"(,"length":6})",
                                wait + R"(,"length":"65"})",
                                wait + R"(,"from":"a\u0000b"})",
                                wait + R"(,"from":"a\nb"})",
                                wait + ",\"pattern\":\"" + std::string(1001, 'x') + "\"}"}) {
    CAPTURE(params);
    const CallError error = refused(call("wait", params));
    CHECK(error.rpc_code == -32602);
    CHECK(error.error.code == ErrorCode::usage);
    CHECK(!error.fatal);
    CHECK(error.id == "1");
  }
  CHECK(refused(call("manual", R"({"target":"bot5","code":"1\u001b[0m"})")).rpc_code == -32602);
  CHECK(refused(call("hello", R"({"protocol":99999999999})")).rpc_code == -32602);
  CHECK(refused(call("hello", R"({"protocol":-1})")).rpc_code == -32602);
  CHECK(refused(call("hello", "{}")).rpc_code == -32602);
  CHECK(refused(call("status", "[]")).rpc_code == -32602);
  CHECK(refused(call("session.register", R"({"email":"a@b.example","metadata":"{}"})")).rpc_code ==
        -32602);
}

TEST_CASE("unknown members are ignored, unknown methods are not") {
  CHECK(decode_call(call("status", R"({"later":true})")).has_value());
  const CallError error = refused(call("dance", "{}"));
  CHECK(error.rpc_code == -32601);
  CHECK(error.error.code == ErrorCode::usage);
  CHECK(refused(R"({"id":1,"method":"status"})").rpc_code == -32600);
  CHECK(refused(R"({"jsonrpc":"2.0","id":1})").rpc_code == -32600);
}

TEST_CASE("a hello keeps only the variables that it may carry") {
  const Hello hello = decoded<Hello>(call(
      "hello",
      R"({"protocol":1,"environment":{"OTPCTL_MAILBOX":"imaps://u@mail.example","OTPCTL_PASSWORD":"x"}})"));
  CHECK(hello.environment ==
        std::map<std::string, std::string>{{"OTPCTL_MAILBOX", "imaps://u@mail.example"}});
}

TEST_CASE("a delivery comes back as it was, X03 its texts escaped on one line") {
  Delivered delivered;
  delivered.delivery = "d1";
  delivered.session = "s1";
  delivered.code = "482913";
  delivered.kind = "digits";
  delivered.recipient = "bot5@example.com";
  delivered.channel = "email";
  delivered.sender = "no-reply@shop.example";
  delivered.subject = "$(rm -rf /)\n\x1b]0;owned\x07 \xff";
  delivered.source = "main/INBOX";
  delivered.message_id = "<1@shop.example>";
  delivered.sent = WallTime(1700000000s);
  delivered.received = WallTime(1700000001s);
  delivered.expires_in = 10min;
  delivered.confidence = 0.98;
  delivered.superseded = 2;
  const std::string json = to_json(Answer(delivered));
  CHECK(json.rfind(R"({"v":1,)", 0) == 0);
  for (const char c : json) CHECK(static_cast<unsigned char>(c) >= 0x20);
  const Delivered read = answered<Delivered>("wait", delivered);
  CHECK(read.code == delivered.code);
  CHECK(read.subject == "$(rm -rf /)\n\x1b]0;owned\x07 \xEF\xBF\xBD");
  CHECK(read.sent == delivered.sent);
  CHECK(read.received == delivered.received);
  CHECK(read.expires_in == delivered.expires_in);
  CHECK(read.confidence == doctest::Approx(0.98));
  CHECK(read.superseded == 2);
  delivered.subject = std::string(100'000, '\x01');
  delivered.sender = delivered.message_id = delivered.source = delivered.subject;
  CHECK(answered<Delivered>("wait", delivered).code == "482913");
}

TEST_CASE("X03 what drives a terminal or reorders a line stands escaped in JSON, all else as it is") {
  Delivered delivered;
  delivered.delivery = "9f";
  delivered.code = "482913";
  delivered.subject = "a\x7f" "b\xC2\x9B" "31m\xE2\x80\xAE" "c\xE2\x80\xA8 d\u00e9 \xF0\x9F\x94\x91";
  const std::string json = to_json(Answer(delivered));
  const std::string expected =
      "\"subject\":\"a\\u007fb\\u009b31m\\u202ec\\u2028 d\u00e9 \xF0\x9F\x94\x91\"";
  CHECK(json.find(expected) != json.npos);
}

TEST_CASE("a code that is not one printable line never reaches stdout") {
  for (const std::string code : {"", "12\n34", "\x1b[31m",
                                 "12\xE2\x80\xAE"
                                 "34"}) {
    Delivered delivered;
    delivered.code = code;
    std::string line = encode_answer("1", delivered);
    line.pop_back();
    CHECK(!decode_incoming(line, {{"1", "wait"}}));
  }
}

TEST_CASE("an end of a wait comes back whole, and cut with a count when it is too long") {
  WaitEnd end;
  end.exit = ExitCode::not_allowed;
  end.message = "the server refused the sign-in";
  end.waited = 2min;
  end.seen = {Seen{Unmatched::other_recipient, 3, "a@b.example", WallTime(1700000000s)}};
  end.sources = {SourceStatus{"main/INBOX",
                              "imap",
                              SourceState::signed_out,
                              "NO bad",
                              WallTime(1s),
                              {},
                              WallTime(2s),
                              5,
                              6}};
  const WaitEnd read = answered<WaitEnd>("wait", end);
  CHECK(read.exit == ExitCode::not_allowed);
  CHECK(read.message == end.message);
  CHECK(read.waited == end.waited);
  REQUIRE(read.seen.size() == 1);
  CHECK(read.seen[0].reason == Unmatched::other_recipient);
  CHECK(read.seen[0].latest == end.seen[0].latest);
  REQUIRE(read.sources.size() == 1);
  CHECK(read.sources[0].state == SourceState::signed_out);
  CHECK(read.sources[0].retry_at == end.sources[0].retry_at);
  CHECK(!read.sources[0].last_alive);
  CHECK(read.more == 0);

  end.sources.resize(3000, end.sources[0]);
  for (auto& source : end.sources) source.detail = std::string(5000, '"');
  const WaitEnd cut = answered<WaitEnd>("wait", end);
  CHECK(cut.sources.size() > 20);
  CHECK(cut.sources.size() + cut.seen.size() + static_cast<std::size_t>(cut.more) == 3001);
}

TEST_CASE("a status and a list of sessions of any length fit into one line") {
  AgentStatus status;
  status.version = "0.1.0";
  status.codes_delivered = 1'000'000'000'000;
  status.waiters.resize(10'000);
  const AgentStatus read = answered<AgentStatus>("status", status);
  CHECK(read.codes_delivered == status.codes_delivered);
  CHECK(read.waiters.size() + static_cast<std::size_t>(read.more) == 10'000);

  SessionListResult list;
  for (int i = 0; i < 2000; ++i) {
    SessionInfo session;
    session.id = "id" + std::to_string(i);
    session.state = SessionState::received;
    session.metadata = R"({"n":1})";
    list.sessions.push_back(session);
  }
  const auto cut = answered<SessionListResult>("session.list", list);
  CHECK(cut.more);
  REQUIRE(cut.sessions.size() > 50);
  CHECK(cut.sessions.front().id == "id0");
  CHECK(cut.sessions.back().id == "id" + std::to_string(cut.sessions.size() - 1));
  list.sessions.resize(3);
  CHECK(!answered<SessionListResult>("session.list", list).more);
}

TEST_CASE("a session keeps filters and metadata") {
  SessionInfo session;
  session.id = "1c";
  session.target.email = "bot5@example.com";
  session.filters = {"*@x.example", "", "", 6, 6};
  session.metadata = R"({"case":{"id":7}})";
  session.expires = WallTime(1700000000s);
  session.degraded = true;
  session.contended = 2;
  const auto read = answered<SessionInfo>("session.register", session);
  CHECK(read.target == session.target);
  CHECK(read.filters == session.filters);
  CHECK(read.metadata == session.metadata);
  CHECK(read.expires == session.expires);
  CHECK(read.degraded);
  CHECK(read.contended == 2);
}

TEST_CASE("an error keeps its class, a class of the future is internal") {
  std::string line = encode_error("2", Error{ErrorCode::expired, "session 1c… ended"});
  line.pop_back();
  const auto read = decode_incoming(line, {{"2", "session.show"}});
  const auto& error = std::get<Error>(std::get<Reply>(*read).outcome);
  CHECK(error.code == ErrorCode::expired);
  CHECK(error.message == "session 1c… ended");
  CHECK(line.find(R"("exit":66)") != std::string::npos);
  const auto future = decode_incoming(
      R"({"id":2,"error":{"code":1,"message":"a\nb","data":{"class":"melted"}}})", {});
  CHECK(std::get<Error>(std::get<Reply>(*future).outcome).code == ErrorCode::internal);
  CHECK(std::get<Error>(std::get<Reply>(*future).outcome).message == "a\\x0ab");
  CHECK(to_json(Error{ErrorCode::timeout, "late"}) ==
        R"({"v":1,"error":{"class":"timeout","message":"late","exit":124}})");
}

TEST_CASE("notifications name the wait they belong to, unknown ones are no error") {
  std::string line = encode_notification("\"w\"", Waiting{"s1", "m1", 90s});
  line.pop_back();
  const auto waiting = decode_incoming(line, {});
  const auto& told = std::get<Told>(*waiting);
  CHECK(told.wait_id == "\"w\"");
  CHECK(std::get<Waiting>(told.notification).resume == "m1");
  CHECK(std::get<Waiting>(told.notification).remaining == 90s);
  line = encode_notification("4", Warning{"somebody else waits", 2});
  line.pop_back();
  CHECK(std::get<Warning>(std::get<Told>(*decode_incoming(line, {})).notification).contended == 2);
  CHECK(decode_incoming(R"({"jsonrpc":"2.0","method":"later","params":{"id":4}})", {}).has_value());
}

TEST_CASE("an answer that was not asked for, or is none, is a protocol error") {
  for (const char* line :
       {R"({"id":9,"result":{}})", R"({"id":1})", "[]", R"({"id":1,"result":[]})"}) {
    const auto read = decode_incoming(line, {{"1", "status"}});
    REQUIRE(!read);
    CHECK(read.error().code == ErrorCode::protocol);
  }
}

TEST_CASE("an answer without a member that it means nothing without is a protocol error that names it") {
  const std::vector<std::array<std::string, 3>> lacking{
      {"hello", R"({"version":"0.1.0"})", "protocol"},
      {"hello", R"({"protocol":1,"version":7})", "version"},
      {"wait", R"({"code":"482913"})", "delivery"},
      {"wait", R"({"delivery":"d1"})", "code"},
      {"session.register", "{}", "id"},
      {"session.show", R"({"id":""})", "id"},
      {"session.list", "{}", "sessions"},
      {"session.list", R"({"sessions":[{"id":"1c8f"},{}]})", "sessions"},
      {"manual", R"({"delivered":true})", "recipient"},
      {"status", R"({"pid":1})", "version"},
      {"status", R"({"version":"0.1.0","pid":"1"})", "pid"},
      {"waiters", R"({"more":true})", "waiters"},
      {"events", R"({"next":3})", "events"},
      {"events", R"({"events":[],"next":-1})", "next"},
      {"health", R"({"pid":1})", "version"},
      {"health", R"({"version":"0.1.0"})", "pid"},
      {"status", "{}", "version"},
      {"status", R"({"version":"0.1.0","pid":1})", "started"},
      {"status", R"({"version":"0.1.0","pid":1,"started":"today"})", "started"},
      {"status", R"({"version":"0.1.0","pid":1,"started":"2026-11-20T09:33:58.000Z","waiters":[]})", "sources"},
      {"status", R"({"version":"0.1.0","pid":1,"started":"2026-11-20T09:33:58.000Z","sources":[]})", "waiters"},
      {"health", "{}", "version"},
      {"health", R"({"version":"0.1.0","pid":1})", "started"},
      {"health", R"({"version":"0.1.0","pid":1,"started":"2026-11-20T09:33:58.000Z","sources":{}})", "sources"}};
  for (const auto& [method, result, member] : lacking) {
    CAPTURE(method);
    CAPTURE(result);
    const auto read = decode_incoming(R"({"id":1,"result":)" + result + "}", {{"1", method}});
    REQUIRE(!read);
    CHECK(read.error().code == ErrorCode::protocol);
    CHECK(read.error().message.find("answer to " + method + " lacks '" + member + "'") != std::string::npos);
    CHECK(read.error().message.find('\n') == std::string::npos);
  }
}

}  // namespace
}  // namespace otpctl::rpc
