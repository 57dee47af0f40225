#include "client/lmtp.hpp"

#include "support/fake_agent.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>

using namespace std::chrono_literals;

namespace otpctl::client {
namespace {

TEST_CASE("a message becomes CRLF lines with stuffed dots, whatever its line ends were") {
  CHECK(to_lmtp_data("a\nb\r\nc\rd") == "a\r\nb\r\nc\r\nd\r\n");
  CHECK(to_lmtp_data(".\n..a\r\n\r.b\n") == "..\r\n...a\r\n\r\n..b\r\n");
  CHECK(to_lmtp_data("a\r\n.\r\nMAIL FROM:<x@y.example>\r\n") ==
        "a\r\n..\r\nMAIL FROM:<x@y.example>\r\n");
  CHECK(to_lmtp_data("").empty());
}

/// Plays an LMTP server that answers each line by `answers`, in order; "" = only read.
test::FakeAgent::Script lmtp(std::vector<std::string> answers, std::vector<std::string>* lines) {
  return [answers = std::move(answers), lines](test::AgentSide& side) {
    side.say("220 agent LMTP\r\n");
    for (const std::string& answer : answers) {
      lines->push_back(side.line());
      if (!answer.empty()) side.say(answer + "\r\n");
    }
  };
}

TEST_CASE("each recipient has its own reply, in order") {
  const test::TempDir home;
  std::vector<std::string> lines;
  Result<std::vector<LmtpReply>> replies = fail(ErrorCode::internal, "");
  {
    test::FakeAgent agent(
        home.path() + "/lmtp.sock",
        {lmtp({"250-agent\r\n250 PIPELINING", "250 ok", "250 ok", "550 5.1.1 no such one", "250 ok",
               "354 go", "", "", "250 2.0.0 kept\r\n452 4.3.1 full"},
              &lines)});
    replies = deliver(home.path() + "/lmtp.sock", "", {"a@x.example", "b@x.example", "c@x.example"},
                      "S: x\n\n.", {5s, 5s});
  }
  REQUIRE(replies);
  REQUIRE(replies->size() == 3);
  CHECK((*replies)[0].code == 250);
  CHECK((*replies)[1].code == 550);
  CHECK((*replies)[2].code == 452);
  CHECK((*replies)[2].recipient == "c@x.example");
  const std::vector<std::string> sent{"LHLO localhost\r",
                                      "MAIL FROM:<>\r",
                                      "RCPT TO:<a@x.example>\r",
                                      "RCPT TO:<b@x.example>\r",
                                      "RCPT TO:<c@x.example>\r",
                                      "DATA\r",
                                      "S: x\r",
                                      "\r",
                                      "..\r"};
  CHECK(lines == sent);
}

TEST_CASE("an address cannot bring a second command") {
  const test::TempDir home;
  for (const std::string address :
       {"a@x.example>\r\nDATA", "a\nb@x.example", "a<b@x.example", ""}) {
    const auto replies = deliver(home.path() + "/lmtp.sock", "", {address}, "x", {1s, 1s});
    REQUIRE(!replies);
    CHECK(replies.error().code == ErrorCode::usage);
  }
}

TEST_CASE("nobody listening is agent_unreachable, a hang-up is network, silence a timeout") {
  const test::TempDir home;
  const std::string socket = home.path() + "/lmtp.sock";
  CHECK(deliver(socket, "", {"a@x.example"}, "x", {1s, 1s}).error().code == ErrorCode::agent_unreachable);
  {
    test::FakeAgent agent(socket, {[](test::AgentSide& side) { side.say("220 hi\r\n"); }});
    CHECK(deliver(socket, "", {"a@x.example"}, "x", {5s, 5s}).error().code == ErrorCode::network);
  }
  test::FakeAgent silent(socket, {[](test::AgentSide& side) { side.line(); }});
  CHECK(deliver(socket, "", {"a@x.example"}, "x", {30ms, 60s}).error().code == ErrorCode::timeout);
}

}  // namespace
}  // namespace otpctl::client
