// wait against a scripted agent: what stands on which stream, and how it ends.
#include "base/fd.hpp"
#include "cli/commands.hpp"
#include "shared/output.hpp"
#include "support/fake_agent.hpp"
#include "wait/progress.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fcntl.h>
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

Delivered code(const std::string& text) {
  Delivered delivered;
  delivered.delivery = "d1";
  delivered.code = text;
  delivered.subject = "your code is 482913";
  return delivered;
}

TEST_CASE("X01 wait: standard output holds the code and a newline, standard error nothing") {
  const TempDir home;
  bool acked = false;
  TestContext test("wait", "", in(home));
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      side.answer(side.greet().id, code("482913"));
                      const rpc::Call ack = side.call();
                      acked = std::holds_alternative<rpc::Ack>(ack.request);
                      side.answer(ack.id, rpc::AckResult{});
                    }});
    wait::Options options;
    options.target.email = "bot5@example.com";
    CHECK(wait::run(options, test.context) == ExitCode::done);
  }
  CHECK(test.out == "482913\n");
  CHECK(test.err == "");
  CHECK(acked);
}

ExitCode wait_that_ends(const WaitEnd& end, wait::Options options, TestContext& test,
                        const TempDir& home) {
  FakeAgent agent(home.path() + "/agent.sock",
                  {[&](AgentSide& side) { side.answer(side.greet().id, end); }});
  options.target.email = "bot5@example.com";
  return wait::run(options, test.context);
}

TEST_CASE("X01 wait: an end without a code leaves standard output empty and explains itself") {
  const TempDir home;
  WaitEnd end;
  end.message = "no code for bot5@example.com";
  end.seen = {Seen{Unmatched::filtered, 2, "no-reply@shop.example", WallTime(1700000000s)}};
  end.sources = {SourceStatus{"main/INBOX",
                              "imap",
                              SourceState::live,
                              "IDLE",
                              WallTime{},
                              WallTime(1700000057s),
                              {},
                              0,
                              0}};
  TestContext test("wait", "", in(home));
  test.now.wall = WallTime(1700000060s);
  CHECK(wait_that_ends(end, {}, test, home) == ExitCode::timed_out);
  CHECK(test.out == "");
  CHECK(test.err ==
        "otpctl wait: no code for bot5@example.com\n"
        "  2 messages did not pass the filters, the latest from no-reply@shop.example, 60s ago\n"
        "  main/INBOX: live, IDLE, last sign of life 3s ago\n");
  wait::Options quiet;
  quiet.quiet = true;
  quiet.timeout_exit_code = 7;
  TestContext other("wait", "", in(home));
  CHECK(static_cast<int>(wait_that_ends(end, quiet, other, home)) == 7);
  CHECK(other.err == "otpctl wait: no code for bot5@example.com\n");
}

TEST_CASE(
    "X01 each end has its own exit code, --timeout-exit-code changes only that of a timeout") {
  const TempDir home;
  for (const ExitCode exit :
       {ExitCode::no, ExitCode::unreadable, ExitCode::unreachable, ExitCode::not_allowed}) {
    WaitEnd end;
    end.exit = exit;
    wait::Options options;
    options.timeout_exit_code = 7;
    TestContext test("wait", "", in(home));
    CHECK(wait_that_ends(end, options, test, home) == exit);
    CHECK(test.out == "");
  }
}

TEST_CASE("wait --json: the delivery on standard output, an end as one line on standard error") {
  const TempDir home;
  wait::Options options;
  options.json = true;
  TestContext test("wait", "", in(home));
  CHECK(wait_that_ends(WaitEnd{}, options, test, home) == ExitCode::timed_out);
  CHECK(test.out == "");
  CHECK(test.err.rfind(R"({"v":1,"end":true,"exit":124,)", 0) == 0);
  CHECK(std::count(test.err.begin(), test.err.end(), '\n') == 1);
  TestContext found("wait", "", in(home));
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      side.answer(side.greet().id, code("482913"));
                      side.answer(side.call().id, rpc::AckResult{});
                    }});
    options.target.email = "bot5@example.com";
    CHECK(wait::run(options, found.context) == ExitCode::done);
  }
  CHECK(found.out.rfind(R"({"v":1,"delivery":"d1")", 0) == 0);
}

TEST_CASE("X02 a code that cannot be written is not acknowledged and ends with 75") {
  const TempDir home;
  bool more = false;
  TestContext test("wait", "", in(home));
  const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  REQUIRE(full);
  test.context.out = Sink(full.get());
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      side.answer(side.greet().id, code("482913"));
                      more = !side.line().empty();
                    }});
    wait::Options options;
    options.target.email = "bot5@example.com";
    CHECK(wait::run(options, test.context) == ExitCode::try_later);
  }
  CHECK(!more);
  CHECK(test.err.find("482913") == std::string::npos);
  CHECK(test.err.find("standard output") != std::string::npos);
}

TEST_CASE("X02 what a living reader does not take in time fails, and is no reader that has gone") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const Fd reader(ends[0]);
  const Fd writer(ends[1]);
  const int size = fcntl(writer.get(), F_SETPIPE_SZ, 4096);
  REQUIRE(size > 0);
  Sink sink(writer.get());
  sink.set_patience(50ms);
  CHECK(sink.write("482913\n"));
  const auto second = sink.write(std::string(static_cast<std::size_t>(size), 'x'));
  REQUIRE(!second);
  CHECK(second.error().code == ErrorCode::storage);
  CHECK(second.error().message.find("50ms") != std::string::npos);
  CHECK(!sink.reader_is_gone());
  CHECK((fcntl(writer.get(), F_GETFL) & O_NONBLOCK) == 0);  // it is the caller's, too
  char first[7];
  CHECK(read(reader.get(), first, sizeof first) == 7);
  CHECK(std::string(first, 7) == "482913\n");
}

TEST_CASE("X02 a wait whose reader has gone leaves by itself") {
  const TempDir home;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  TestContext test("wait", "", in(home));
  test.context.out = Sink(ends[1]);
  FakeAgent agent(home.path() + "/agent.sock", {[](AgentSide& side) {
                    side.greet();
                    side.line();
                  }});
  wait::Options options;
  options.target.email = "bot5@example.com";
  CHECK(wait::run(options, test.context) == ExitCode::try_later);
  CHECK(test.err.find("nobody reads") != std::string::npos);
  close(ends[1]);
}

TEST_CASE("X02 a standard output that is closed is told before anybody's code is asked for") {
  const TempDir home;
  TestContext test("wait", "", in(home));
  const Fd closed(open("/dev/null", O_RDONLY | O_CLOEXEC));
  test.context.out = Sink(closed.get());
  wait::Options options;
  options.target.email = "bot5@example.com";
  CHECK(wait::run(options, test.context) == ExitCode::try_later);
}

TEST_CASE("wait without anybody to wait for is a usage error, OTPCTL_SESSION stands in") {
  const TempDir home;
  TestContext nobody("wait", "", in(home));
  CHECK(wait::run({}, nobody.context) == ExitCode::usage);
  rpc::Wait asked;
  auto variables = in(home);
  variables["OTPCTL_SESSION"] = "1c8f1c8f";
  TestContext test("wait", "", variables);
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      const rpc::Call call = side.greet();
                      asked = std::get<rpc::Wait>(call.request);
                      side.answer(call.id, WaitEnd{});
                    }});
    CHECK(wait::run({}, test.context) == ExitCode::timed_out);
  }
  CHECK(asked.session == "1c8f1c8f");
}

TEST_CASE("what is wrong with a session that nobody typed names OTPCTL_SESSION, the rest does not") {
  const TempDir home;
  auto variables = in(home);
  variables["OTPCTL_SESSION"] = "1c8f1c8f";
  const auto told = [&](const auto& run, ErrorCode code) {
    TestContext test("any", "", variables);
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      side.say(rpc::encode_error(side.greet().id, {code, "there is no session 1c8f1c8f"}));
                    }});
    run(test.context);
    return test.err;
  };
  const auto wait = [](Context& context) { CHECK(wait::run({}, context) != ExitCode::done); };
  const auto show = [](Context& context) {
    session::Options options;
    options.action = session::Action::show;
    CHECK(session::run(options, context) != ExitCode::done);
  };
  const auto named = [](Context& context) {
    wait::Options options;
    options.session = "1c8f1c8f";
    CHECK(wait::run(options, context) == ExitCode::usage);
  };
  CHECK(told(wait, ErrorCode::usage) == "otpctl any: OTPCTL_SESSION: there is no session 1c8f1c8f\n");
  CHECK(told(show, ErrorCode::not_found) == "otpctl any: OTPCTL_SESSION: there is no session 1c8f1c8f\n");
  CHECK(told(wait, ErrorCode::storage) == "otpctl any: there is no session 1c8f1c8f\n");
  CHECK(told(named, ErrorCode::usage) == "otpctl any: there is no session 1c8f1c8f\n");
}

TEST_CASE(
    "a recipient that is the session's own means the session, another one gets its own wait") {
  const TempDir home;
  for (const auto& [recipient, expected] :
       {std::pair<std::string, std::string>{"Bot5@Example.com", "1c8f1c8f"},
        std::pair<std::string, std::string>{"bot6@example.com", ""}}) {
    rpc::Wait asked;
    auto variables = in(home);
    variables["OTPCTL_SESSION"] = "1c8f1c8f";
    TestContext test("wait", "", variables);
    {
      FakeAgent agent(home.path() + "/agent.sock", {[](AgentSide& side) {
                                                      SessionInfo session;
                                                      session.id = "1c8f1c8f";
                                                      session.target.email = "bot5@example.com";
                                                      side.answer(side.greet().id, session);
                                                    },
                                                    [&](AgentSide& side) {
                                                      const rpc::Call call = side.greet();
                                                      asked = std::get<rpc::Wait>(call.request);
                                                      side.answer(call.id, WaitEnd{});
                                                    }});
      wait::Options options;
      options.target.email = recipient;
      CHECK(wait::run(options, test.context) == ExitCode::timed_out);
    }
    CHECK(asked.session == expected);
    CHECK(asked.target.email == (expected.empty() ? recipient : ""));
  }
}

TEST_CASE(
    "progress: nothing without a terminal, one rewritten line with one, a line each 10 s in "
    "plain") {
  using wait::Progress;
  CHECK(Progress::text(65s, 55s) == "waiting for 65s, 55s left");
  CHECK(Progress::text(65s, {}) == "waiting for 65s");
  TestContext pipe("wait");
  {
    Progress progress(pipe.context, "auto");
    CHECK(!progress.due());
  }
  TestContext terminal("wait");
  terminal.context.err_tty = true;
  {
    Progress progress(terminal.context, "auto");
    terminal.now.instant += 1s;
    progress.show(Instant(10s));
    CHECK(terminal.err == "\rotpctl wait: waiting for 1s, 9s left\x1b[K");
    terminal.now.instant += 500ms;
    progress.show(Instant(10s));
    CHECK(terminal.err.find("left", 40) == std::string::npos);
  }
  CHECK(terminal.err.substr(terminal.err.size() - 4) == "\r\x1b[K");
  TestContext dumb("wait", "", {{"TERM", "dumb"}});
  dumb.context.err_tty = true;
  CHECK(!Progress(dumb.context, "auto").due());
  TestContext plain("wait");
  Progress lines(plain.context, "plain");
  plain.now.instant += 25s;
  lines.show({});
  CHECK(plain.err == "otpctl wait: waiting for 25s\n");
  CHECK(lines.due() == Instant(30s));
}

TEST_CASE("the progress line never wraps: without our name, then without words, then cut") {
  using wait::Progress;
  const std::string line = Progress::text(65s, 55s);
  CHECK(Progress::fitted(line, 0) == "otpctl wait: waiting for 65s, 55s left");
  CHECK(Progress::fitted(line, 39) == "otpctl wait: waiting for 65s, 55s left");
  CHECK(Progress::fitted(line, 38) == "waiting for 65s, 55s left");
  CHECK(Progress::fitted(line, 26) == "waiting for 65s, 55s left");
  CHECK(Progress::fitted(line, 20) == "65s, 55s left");
  CHECK(Progress::fitted(line, 10) == "65s, 55s~");
  for (int columns = 1; columns < 45; ++columns) {
    CHECK(Progress::fitted(line, columns).size() < static_cast<std::size_t>(columns) + (columns == 1 ? 1 : 0));
  }
  TestContext terminal("wait", "", {{"COLUMNS", "20"}});
  terminal.context.err_tty = true;
  Progress progress(terminal.context, "auto");
  terminal.now.instant += 1s;
  progress.show(Instant(10s));
  CHECK(terminal.err == "\r1s, 9s left\x1b[K");
  terminal.environment["COLUMNS"] = "80";  // the window has grown
  terminal.now.instant += 1s;
  progress.show(Instant(10s));
  CHECK(terminal.err == "\r1s, 9s left\x1b[K\rotpctl wait: waiting for 2s, 8s left\x1b[K");
}

TEST_CASE("a reader that has seen enough is no failure of what only shows, and one of what hands over") {
  std::signal(SIGPIPE, SIG_IGN);  // as Context::real does
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  close(ends[0]);
  const Fd writer(ends[1]);
  TestContext test("status");
  test.context.out = Sink(writer.get());
  CHECK(show(test.context, "running\n", false) == ExitCode::done);
  CHECK(test.err == "");
  CHECK(answer(test.context, "482913\n", false) == ExitCode::try_later);
  CHECK(test.err.find("standard output") != std::string::npos);
  const Fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  test.context.out = Sink(full.get());
  CHECK(show(test.context, "running\n", false) == ExitCode::try_later);
}

}  // namespace
}  // namespace otpctl::apps
