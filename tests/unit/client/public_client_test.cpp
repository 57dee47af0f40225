#include "unit/client/support.hpp"

#include <atomic>

using namespace std::chrono_literals;

namespace otpctl {
namespace {

using test::AgentSide;
using test::FakeAgent;

TEST_CASE("each call is answered on a connection of its own, under the program's name") {
  const test::TempDir home;
  std::string name;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                                            const rpc::Call hello = side.call();
                                            name = std::get<rpc::Hello>(hello.request).client;
                                            side.answer(hello.id, rpc::HelloResult{kProtocolVersion, "9", 1, {}});
                                            SessionInfo session;
                                            session.id = "1c8f";
                                            side.answer(side.call().id, session);
                                            CHECK(side.line().empty());
                                          },
                                          [](AgentSide& side) {
                                            const rpc::Call call = side.greet();
                                            CHECK(std::get<rpc::SessionClose>(call.request).session == "1c8f");
                                            SessionInfo session;
                                            session.id = "1c8f";
                                            session.state = SessionState::closed;
                                            side.answer(call.id, session);
                                          }});
  Client client(ClientOptions{.home = home.path(), .name = "login\nrobot"});
  const auto session = client.register_session({.target = {"bot5@example.com", {}}});
  REQUIRE(session);
  CHECK(session->id == "1c8f");
  CHECK(name == "login\\x0arobot (libotpctl " + std::string(kVersion) + ")");
  CHECK(client.close_session("1c8f")->state == SessionState::closed);
}

TEST_CASE("an SMS and an entry are handed in, their answers read") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home),
                  {[](AgentSide& side) {
                     const rpc::Call call = side.greet();
                     const auto& sms = std::get<rpc::Sms>(call.request);
                     CHECK(sms.text == "code 482913");
                     CHECK(sms.from == "Shop");
                     CHECK(sms.to == "+905551112233");
                     CHECK(sms.sent == WallTime(1700000000s));
                     CHECK(sms.id == "x-1");
                     side.answer(call.id, rpc::SmsResult{true, false});
                   },
                   [](AgentSide& side) {
                     const rpc::Call call = side.greet();
                     const auto& entry = std::get<rpc::Manual>(call.request);
                     CHECK(entry.target == "bot5");
                     CHECK(entry.code == "482913");
                     CHECK(entry.waiting_only);
                     side.answer(call.id, rpc::ManualResult{"bot5@example.com", true, 2});
                   }});
  Client client = test::client_in(home);
  const auto sms = client.submit_sms({"code 482913", "Shop", "+905551112233", WallTime(1700000000s), "x-1"});
  REQUIRE(sms);
  CHECK(sms->duplicate);
  CHECK(!sms->delivered);
  const auto entry = client.submit_code({"bot5", "482913", true});
  REQUIRE(entry);
  CHECK(entry->recipient == "bot5@example.com");
  CHECK(entry->delivered);
  CHECK(entry->waiting == 2);
}

TEST_CASE("a list of sessions is read to its end") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[](AgentSide& side) {
                    rpc::SessionListResult page;
                    page.sessions.resize(2);
                    page.sessions[0].id = "aaaa";
                    page.sessions[1].id = "bbbb";
                    page.more = true;
                    side.answer(side.greet().id, page);
                    const rpc::Call call = side.call();
                    CHECK(std::get<rpc::SessionList>(call.request).after == "bbbb");
                    page.sessions.resize(1);
                    page.sessions[0].id = "cccc";
                    page.more = false;
                    side.answer(call.id, page);
                  }});
  const auto sessions = test::client_in(home).sessions();
  REQUIRE(sessions);
  CHECK(sessions->size() == 3);
}

TEST_CASE("a list of sessions that does not go on is a protocol error") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[](AgentSide& side) {
                    rpc::SessionListResult page;
                    page.sessions.resize(1);
                    page.sessions[0].id = "aaaa";
                    page.more = true;
                    side.answer(side.greet().id, page);
                    side.answer(side.call().id, page);
                  }});
  const auto sessions = test::client_in(home).sessions();
  REQUIRE(!sessions);
  CHECK(sessions.error().code == ErrorCode::protocol);
}

TEST_CASE("an error of the agent keeps its class and words") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[](AgentSide& side) {
                    side.say(rpc::encode_error(side.greet().id, {ErrorCode::expired, "it ended"}));
                  }});
  const auto session = test::client_in(home).session("1c8f");
  REQUIRE(!session);
  CHECK(session.error().code == ErrorCode::expired);
  CHECK(session.error().message == "it ended");
}

TEST_CASE("what only asks is asked again of the agent that comes after one that ended") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[](AgentSide& side) { side.greet(); },
                                          [](AgentSide& side) {
                                            AgentStatus status;
                                            status.pid = 7;
                                            side.answer(side.greet().id, status);
                                          }});
  CHECK(test::client_in(home).status()->pid == 7);
}

TEST_CASE("what only asks is asked twice, not for ever") {
  const test::TempDir home;
  std::atomic<int> asked = 0;
  const auto die = [&](AgentSide& side) {
    side.greet();
    ++asked;
  };
  FakeAgent agent(test::socket_in(home), {die, die, die});
  CHECK(test::client_in(home).health().error().code == ErrorCode::agent_unreachable);
  CHECK(asked == 2);
}

TEST_CASE("what changes something is never sent twice") {
  const test::TempDir home;
  std::atomic<int> asked = 0;
  const auto die = [&](AgentSide& side) {
    side.greet();
    ++asked;
  };
  FakeAgent agent(test::socket_in(home), std::vector<FakeAgent::Script>(8, die));
  Client client = test::client_in(home);
  CHECK(client.submit_code({"bot5", "482913"}).error().code == ErrorCode::agent_unreachable);
  CHECK(client.submit_sms({"code 1"}).error().code == ErrorCode::agent_unreachable);
  CHECK(client.mark_session("1c8f").error().code == ErrorCode::agent_unreachable);
  CHECK(client.register_session({.target = {"a@x.example", {}}}).error().code == ErrorCode::agent_unreachable);
  CHECK(client.reload().error().code == ErrorCode::agent_unreachable);
  CHECK(asked == 5);
}

TEST_CASE("nobody there: each call says so, and only what may starts an agent") {
  const test::TempDir home;
  const std::string program = test::script_in(home, "echo started >> \"$OTPCTL_HOME/starts\"\n");
  Client client = test::client_in(home, program);
  CHECK(client.connect().error().code == ErrorCode::agent_unreachable);
  CHECK(client.sessions().error().code == ErrorCode::agent_unreachable);
  CHECK(client.session("1c8f").error().code == ErrorCode::agent_unreachable);
  CHECK(client.mark_session("1c8f").error().code == ErrorCode::agent_unreachable);
  CHECK(client.refresh_session("1c8f").error().code == ErrorCode::agent_unreachable);
  CHECK(client.close_session("1c8f").error().code == ErrorCode::agent_unreachable);
  CHECK(client.submit_sms({"x"}).error().code == ErrorCode::agent_unreachable);
  CHECK(client.submit_code({"a", "1"}).error().code == ErrorCode::agent_unreachable);
  CHECK(client.health().error().code == ErrorCode::agent_unreachable);
  CHECK(client.status().error().code == ErrorCode::agent_unreachable);
  CHECK(client.stop().error().code == ErrorCode::agent_unreachable);
  CHECK(client.reload().error().code == ErrorCode::agent_unreachable);
  CHECK(client.watch({}, [](const Event&) { return true; }).error().code == ErrorCode::agent_unreachable);
  CHECK(test::read_file(home.path() + "/starts").empty());
  CHECK(client.register_session({.target = {"a@x.example", {}}}).error().code == ErrorCode::agent_unreachable);
  CHECK(client.wait({.target = {"a@x.example", {}}}).error().code == ErrorCode::agent_unreachable);
  CHECK(client.start().error().code == ErrorCode::agent_unreachable);
  CHECK(test::read_file(home.path() + "/starts") == "started\nstarted\nstarted\n");
  Client shy(ClientOptions{.home = home.path(), .start_agent = false, .agent_program = program});
  CHECK(shy.wait({.target = {"a@x.example", {}}}).error().code == ErrorCode::agent_unreachable);
  CHECK(test::read_file(home.path() + "/starts") == "started\nstarted\nstarted\n");
}

TEST_CASE("an agent that is started works in the Client's home, with its configuration") {
  const test::TempDir home;
  setenv("OTPCTL_HOME", "/nowhere", 1);
  setenv("OTPCTL_SOCKET", "/nowhere/agent.sock", 1);
  const std::string program = test::script_in(
      home, "echo \"$OTPCTL_HOME ${OTPCTL_SOCKET-unset} $*\" > \"$OTPCTL_HOME/told\"\n"
            R"(echo '{"error":{"class":"config","message":"told"}}' >&3)" "\n");
  Client client(ClientOptions{.home = home.path(), .config = "/etc/x.toml", .agent_program = program});
  unsetenv("OTPCTL_HOME");
  unsetenv("OTPCTL_SOCKET");
  CHECK(client.start().error().message == "told");
  CHECK(test::read_file(home.path() + "/told") ==
        home.path() + " unset --ready-fd 3 --config /etc/x.toml\n");
}

TEST_CASE("a Client with a home of its own meets no agent that only the environment names") {
  const test::TempDir home, other;
  FakeAgent agent(test::socket_in(other), {[](AgentSide& side) { side.answer(side.greet().id, AgentStatus{}); }});
  setenv("OTPCTL_SOCKET", test::socket_in(other).c_str(), 1);
  Client elsewhere(ClientOptions{.home = home.path()});
  Client there(ClientOptions{.home = other.path()});
  unsetenv("OTPCTL_SOCKET");
  CHECK(elsewhere.status().error().code == ErrorCode::agent_unreachable);
  CHECK(there.status().has_value());
}

TEST_CASE("the mailbox of the environment goes with a wait, not with a look at whatever agent runs") {
  const test::TempDir home;
  std::vector<std::size_t> variables;
  const FakeAgent::Script count = [&](AgentSide& side) {
    const rpc::Call hello = side.call();
    variables.push_back(std::get<rpc::Hello>(hello.request).environment.size());
    side.say(rpc::encode_error(hello.id, {ErrorCode::config, "no"}));
  };
  FakeAgent agent(test::socket_in(home), {count, count, count, count});
  setenv("OTPCTL_MAILBOX", "imaps://u@mail.example", 1);
  Client client = test::client_in(home);
  unsetenv("OTPCTL_MAILBOX");
  CHECK(client.wait({.target = {"a@x.example", {}}}).error().code == ErrorCode::config);
  CHECK(client.health().error().code == ErrorCode::config);
  CHECK(client.watch({}, [](const Event&) { return true; }).error().code == ErrorCode::config);
  CHECK(client.connect().error().code == ErrorCode::config);
  CHECK(variables == std::vector<std::size_t>{1, 0, 0, 1});
}

TEST_CASE("options that cannot be meant are an error of every call, not of the constructor") {
  Client client(ClientOptions{.home = "relative"});
  CHECK(client.connect().error().code == ErrorCode::config);
  CHECK(client.wait({.session = "1c8f"}).error().code == ErrorCode::config);
  Client other = std::move(client);
  CHECK(other.status().error().code == ErrorCode::config);
  CHECK(client.status().error().code == ErrorCode::usage);  // NOLINT(bugprone-use-after-move)
  CHECK(client.wait({.session = "1c8f"}).error().code == ErrorCode::usage);
}

TEST_CASE("what is wrong before the agent is asked does not start one") {
  const test::TempDir home;
  Client client = test::client_in(home, test::script_in(home, "echo started >> \"$OTPCTL_HOME/starts\"\n"));
  CHECK(client.wait({}).error().code == ErrorCode::usage);
  CHECK(client.wait({.target = {"a@x.example", {}}, .timeout = Duration(-1)}).error().code == ErrorCode::usage);
  CHECK(client.register_session({}).error().code == ErrorCode::usage);
  CHECK(client.refresh_session("1c8f", Duration::max()).error().code == ErrorCode::usage);
  CHECK(client.submit_sms({std::string(100'000, 'x')}).error().code == ErrorCode::usage);
  CHECK(client.watch({}, nullptr).error().code == ErrorCode::usage);
  CHECK(test::read_file(home.path() + "/starts").empty());
}

TEST_CASE("one Client serves many threads") {
  const test::TempDir home;
  test::Crowd agent(test::socket_in(home), [](AgentSide& side) {
    const rpc::Call call = side.greet();
    if (std::holds_alternative<rpc::Wait>(call.request)) {
      const std::string& email = std::get<rpc::Wait>(call.request).target.email;
      test::hand_over(side, call.id, email.substr(0, email.find('@')));
    } else {
      side.answer(call.id, AgentStatus{});
    }
  });
  Client client = test::client_in(home);
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 10; ++n) {
        const std::string code = std::to_string(100'000 + 100 * i + n);
        const auto outcome = client.wait({.target = {code + "@x.example", {}}});
        if (outcome && outcome->delivered && outcome->delivered->code == code && client.status()) ++right;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(right == 80);
}

TEST_CASE("an agent that is started gets the environment of the moment when its Client was made") {
  const test::TempDir home;
  setenv("OTPCTL_TEST_WORD", "then", 1);
  Client client = test::client_in(home, test::script_in(home, "echo \"$OTPCTL_TEST_WORD\" > " + home.path() + "/word\n"));
  setenv("OTPCTL_TEST_WORD", "now", 1);
  const auto started = client.start();
  unsetenv("OTPCTL_TEST_WORD");
  CHECK(!started);  // it ends before it is ready
  CHECK(test::read_file(home.path() + "/word") == "then\n");
}

}  // namespace
}  // namespace otpctl
