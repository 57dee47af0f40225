// The other commands against a scripted agent: what stands on which stream, and how they end.
#include "cli/commands.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"
#include "support/fake_agent.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sys/stat.h>

using namespace std::chrono_literals;
using otpctl::test::AgentSide;
using otpctl::test::FakeAgent;
using otpctl::test::TempDir;

namespace otpctl::apps {
namespace {

std::map<std::string, std::string> in(const TempDir& home) {
  return {{"OTPCTL_HOME", home.path()}, {"OTPCTL_AGENTD", "/bin/false"}};
}

TEST_CASE("session register prints the id only, and warns on standard error") {
  const TempDir home;
  SessionInfo session;
  session.id = "1b4e28ba-2fa1-41d2-883f-0016d3cca427";
  session.degraded = true;
  session.contended = 2;
  session::Options options;
  options.action = session::Action::register_;
  options.target.email = "bot5@example.com";
  const auto register_with = [&](TestContext& test) {
    FakeAgent agent(home.path() + "/agent.sock",
                    {[&](AgentSide& side) { side.answer(side.greet().id, session); }});
    return session::run(options, test.context);
  };
  TestContext test("session", "", in(home));
  CHECK(register_with(test) == ExitCode::done);
  CHECK(test.out == session.id + "\n");
  CHECK(test.err.find("1 more asks for the same recipient: each code") != std::string::npos);
  options.quiet = true;
  TestContext quiet("session", "", in(home));
  CHECK(register_with(quiet) == ExitCode::done);
  CHECK(quiet.err == "");
  options.metadata = "[1]";
  TestContext wrong("session", "", in(home));
  CHECK(session::run(options, wrong.context) == ExitCode::usage);
}

TEST_CASE("session list reads page after page") {
  const TempDir home;
  std::string after;
  const auto page = [](const std::string& id, bool more) {
    SessionInfo session;
    session.id = id;
    return rpc::SessionListResult{{session}, more};
  };
  TestContext test("session", "", in(home));
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      side.answer(side.greet().id, page("aaaa", true));
                      const rpc::Call second = side.call();
                      after = std::get<rpc::SessionList>(second.request).after;
                      side.answer(second.id, page("bbbb", false));
                    }});
    session::Options options;
    options.action = session::Action::list;
    CHECK(session::run(options, test.context) == ExitCode::done);
  }
  CHECK(after == "aaaa");
  CHECK(test.out.find("aaaa") != std::string::npos);
  CHECK(test.out.find("bbbb") != std::string::npos);
}

TEST_CASE(
    "without an agent: status and session end with 69, sms and deliver with 75, none of them "
    "starts one") {
  const TempDir home;
  auto variables = in(home);
  TestContext first("status", "", variables);
  CHECK(status::run({}, first.context) == ExitCode::unreachable);
  TestContext second("session", "", variables);
  session::Options list;
  list.action = session::Action::list;
  CHECK(session::run(list, second.context) == ExitCode::unreachable);
  TestContext third("sms", "PIN 482913", variables);
  CHECK(sms::run({"Shop", "+905551112233", {}, "", "", false}, third.context) ==
        ExitCode::try_later);
  CHECK(third.err.find("482913") == std::string::npos);
  TestContext fourth("deliver", "Subject: x\n\n1", variables);
  CHECK(deliver::run({}, fourth.context) == ExitCode::try_later);
  TestContext fifth("manual", "1", variables);
  CHECK(manual::run({"bot5", "", false}, fifth.context) == ExitCode::unreachable);
  CHECK(first.out + second.out + third.out + fourth.out + fifth.out == "");
  std::ifstream lock(home.path() + "/start.lock");
  CHECK(!lock);
}

TEST_CASE("manual sends what stands on standard input, without separators and never to a stream") {
  const TempDir home;
  rpc::Manual entry;
  TestContext test("manual", "482 913\nrest", in(home));
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      const rpc::Call call = side.greet();
                      entry = std::get<rpc::Manual>(call.request);
                      side.answer(call.id, rpc::ManualResult{"bot5@example.com", true, 0});
                    }});
    CHECK(manual::run({"bot5", "", false}, test.context) == ExitCode::done);
  }
  CHECK(entry.code == "482913");
  CHECK(entry.target == "bot5");
  CHECK(test.out == "handed over to a wait for bot5@example.com\n");
  CHECK(test.err == "");
  TestContext empty("manual", "\n", in(home));
  CHECK(manual::run({"bot5", "", false}, empty.context) == ExitCode::usage);
}

TEST_CASE("deliver: 4xx is 75, 5xx is 65, both on one line") {
  const TempDir home;
  const auto deliver_with = [&](const std::string& last, TestContext& test) {
    const auto greet_only = [](AgentSide& side) { side.line(); };
    FakeAgent agent(home.path() + "/agent.sock", {greet_only});
    FakeAgent lmtp(
        home.path() + "/lmtp.sock", {[&](AgentSide& side) {
          side.say("220 x\r\n");
          for (const char* reply : {"250 x\r\n", "250 x\r\n", "250 x\r\n", "354 x\r\n"}) {
            side.line();
            side.say(reply);
          }
          while (side.line() != ".\r") {
          }
          side.say(last);
        }});
    return deliver::run({{"<bot5@example.com>"}, "", false}, test.context);
  };
  TestContext kept("deliver", "Subject: x\n\n1\n", in(home));
  CHECK(deliver_with("250 kept\r\n", kept) == ExitCode::done);
  CHECK(kept.out + kept.err == "");
  TestContext later("deliver", "Subject: x\n\n1\n", in(home));
  CHECK(deliver_with("452 4.3.1 full\r\n", later) == ExitCode::try_later);
  TestContext never("deliver", "Subject: x\n\n1\n", in(home));
  CHECK(deliver_with("552 5.3.4 too large\r\n", never) == ExitCode::unreadable);
  CHECK(never.err == "otpctl deliver: refused for bot5@example.com: 5.3.4 too large\n");
}

TEST_CASE(
    "an environment file: ours are taken, others passed over, a password that others can read is "
    "refused") {
  const TempDir home;
  const std::string path = home.path() + "/mail.env";
  const auto load = [&](const std::string& text, mode_t mode, TestContext& test) {
    std::ofstream(path) << text;
    REQUIRE(chmod(path.c_str(), mode) == 0);
    return load_env_file(test.context, path);
  };
  TestContext test("wait");
  REQUIRE(
      load("# mail\nexport M365_EMAIL='bot@example.com'\n\nPATH=/evil\nOTPCTL_PASSWORD=\"a b\"\n",
           0600, test));
  CHECK(test.environment == std::map<std::string, std::string>{{"M365_EMAIL", "bot@example.com"},
                                                               {"OTPCTL_PASSWORD", "a b"}});
  CHECK(load("OTPCTL_HOME=/x", 0644, test));
  const auto open_password = load("OTPCTL_HOME=/x\nOTPCTL_PASSWORD=x\n", 0640, test);
  REQUIRE(!open_password);
  CHECK(open_password.error().code == ErrorCode::config);
  CHECK(open_password.error().message.rfind(path + ":2:", 0) == 0);
  const auto no_line = load("OTPCTL_HOME\n", 0600, test);
  REQUIRE(!no_line);
  CHECK(no_line.error().message == path + ":1: write NAME=VALUE");
  CHECK(load_env_file(test.context, home.path() + "/none").error().code == ErrorCode::not_found);
}

TEST_CASE("--unique for a number repeats the number that it cannot take") {
  const TempDir home;
  TestContext test("session", "", in(home));
  session::Options options;
  options.action = session::Action::register_;
  options.unique = true;
  options.target.phone = "+905551112233";
  CHECK(session::run(options, test.context) == ExitCode::usage);
  CHECK(test.err.find("not '+905551112233'") != std::string::npos);
}

TEST_CASE("X03 what others wrote is escaped before it reaches a terminal") {
  AgentStatus agent_status;
  agent_status.sources = {
      SourceStatus{"main\x1b[2J", "imap", SourceState::live, "a\nb", {}, {}, {}, 0, 0}};
  agent_status.waiters.resize(1);
  agent_status.waiters[0].target.email = "x\x1b]0;owned\x07@example.com";
  const std::string text = status::in_words(agent_status, WallTime{});
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\x07') == std::string::npos);
  CHECK(text.find("a\\x0ab") != std::string::npos);
}

TEST_CASE("errors are one line, or one JSON object") {
  TestContext test("wait");
  CHECK(report(test.context, Error{ErrorCode::config, "config.toml:3: un\nknown"}, false) ==
        ExitCode::configuration);
  CHECK(test.err == "otpctl wait: config.toml:3: un\\x0aknown\n");
  TestContext json("wait");
  CHECK(report(json.context, Error{ErrorCode::busy, "x"}, true) == ExitCode::try_later);
  CHECK(json.err == "{\"v\":1,\"error\":{\"class\":\"busy\",\"message\":\"x\",\"exit\":75}}\n");
}

}  // namespace
}  // namespace otpctl::apps
