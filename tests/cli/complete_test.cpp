// complete: what it offers, and that it is silent whatever happens.
#include "complete/complete.hpp"
#include "support/fake_agent.hpp"

#include <doctest/doctest.h>

#include <chrono>

using otpctl::test::AgentSide;
using otpctl::test::FakeAgent;
using otpctl::test::TempDir;

namespace otpctl::apps::complete {
namespace {

std::map<std::string, std::string> in(const TempDir& home) {
  return {{"OTPCTL_HOME", home.path()}, {"OTPCTL_AGENTD", "/bin/false"}};
}

TEST_CASE("names are sorted, each stands once, and begins with what was typed") {
  CHECK(lines_of({"bot6@example.com", "bot5@example.com", "bot6@example.com", "+905551112233"}, "") ==
        "+905551112233\nbot5@example.com\nbot6@example.com\n");
  CHECK(lines_of({"bot6@example.com", "alice@example.com"}, "bot") == "bot6@example.com\n");
  CHECK(lines_of({"bot6@example.com"}, "bot6@example.com.") == "");
  CHECK(lines_of({}, "") == "");
}

TEST_CASE("X03 a name that is no printable line, or looks like an option, is not offered") {
  CHECK(lines_of({"a\nb@example.com", "\x1b[2J@example.com", "tab\there@example.com", "\xff@example.com",
                  "\xe2\x80\xae@example.com", "--exec@example.com", "", std::string(300, 'a'), "good@example.com"},
                 "") == "good@example.com\n");
}

SessionInfo session(const std::string& id, const std::string& email) {
  SessionInfo info;
  info.id = id;
  info.target.email = email;
  return info;
}

std::string offered(const std::string& what, const TempDir& home) {
  TestContext test("complete", "", in(home));
  FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                    AgentStatus status;
                    status.waiters.resize(1);
                    status.waiters[0].target = {"bot7@example.com", "+905551112233"};
                    HealthReport health;
                    health.sources.resize(1);
                    health.sources[0].status.name = "main/INBOX";
                    for (rpc::Call call = side.greet(); call.id != "none"; call = side.call()) {
                      if (const auto* list = std::get_if<rpc::SessionList>(&call.request)) {
                        const bool first = list->after.empty();
                        side.answer(call.id, rpc::SessionListResult{{first ? session("1c8f", "bot5@example.com")
                                                                           : session("9d8e", "bot6@example.com")},
                                                                    first});
                      } else if (std::holds_alternative<rpc::Health>(call.request)) {
                        side.answer(call.id, health);
                      } else {
                        side.answer(call.id, status);
                      }
                    }
                  }});
  CHECK(run({what, "", std::chrono::seconds(5)}, test.context) == ExitCode::done);
  CHECK(test.err == "");
  return test.out;
}

TEST_CASE("recipients of sessions and waits, ids of sessions page after page, who waits, what is watched") {
  const TempDir home;
  CHECK(offered("recipients", home) == "+905551112233\nbot5@example.com\nbot6@example.com\nbot7@example.com\n");
  CHECK(offered("sessions", home) == "1c8f\n9d8e\n");
  CHECK(offered("waiters", home) == "+905551112233\nbot7@example.com\n");
  CHECK(offered("sources", home) == "main/INBOX\n");
  CHECK(offered("passwords", home) == "");
}

TEST_CASE("what was answered when its time is over is offered, however many pages are left") {
  const TempDir home;
  TestContext test("complete", "", in(home));
  FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                    rpc::Call call = side.greet();
                    for (int page = 1; page <= 3; ++page, call = side.call()) {
                      side.answer(call.id, rpc::SessionListResult{{session("1c8" + std::to_string(page), "")}, true});
                    }
                    CHECK(side.line().empty());  // the fourth page never comes: the command hangs up
                  }});
  CHECK(run({"sessions", "", std::chrono::milliseconds(200)}, test.context) == ExitCode::done);
  CHECK(test.out == "1c81\n1c82\n1c83\n");
}

TEST_CASE("no agent, a wrong home, an agent that refuses: nothing is said, and all is done") {
  const TempDir home;
  for (const std::map<std::string, std::string>& variables :
       {in(home), std::map<std::string, std::string>{{"OTPCTL_HOME", "relative"}}}) {
    TestContext test("complete", "", variables);
    CHECK(run({"recipients", ""}, test.context) == ExitCode::done);
    CHECK(test.out + test.err == "");
  }
  FakeAgent agent(home.path() + "/agent.sock", {[](AgentSide& side) {
                    side.say(rpc::encode_error(side.call().id, {ErrorCode::agent_version, "older"}));
                  }});
  TestContext test("complete", "", in(home));
  CHECK(run({"recipients", ""}, test.context) == ExitCode::done);
  CHECK(test.out + test.err == "");
}

}  // namespace
}  // namespace otpctl::apps::complete
