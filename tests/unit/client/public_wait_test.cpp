#include "unit/client/support.hpp"

#include "client/find.hpp"
#include "client/lock_file.hpp"
#include "rpc/agent_file.hpp"

#include <atomic>
#include <csignal>
#include <future>
#include <stdexcept>
#include <sys/wait.h>

using namespace std::chrono_literals;

namespace otpctl {
namespace {

using test::AgentSide;
using test::FakeAgent;

WaitOptions bot(std::optional<Duration> timeout = {}) {
  return WaitOptions{.target = {"bot5@example.com", {}}, .timeout = timeout};
}

/// Requests a stop when it is rung from another thread; what a test times begins there.
struct Stop {
  std::stop_source source;
  Instant at{};
  void now() {
    at = BootClock::now();
    source.request_stop();
  }
  bool was_quick() const { return BootClock::now() - at < 1s; }
};

/// A call in a thread of its own; until_asleep() returns when that thread sleeps in the kernel: it waits for somebody.
template <class Call>
class InThread {
 public:
  explicit InThread(Call call)
      : outcome_(std::async(std::launch::async, [this, call] {
          thread_ = static_cast<int>(gettid());
          return call();
        })) {}
  void until_asleep() {
    const auto state = [&] {
      const std::string stat = test::read_file("/proc/self/task/" + std::to_string(thread_) + "/stat");
      const std::size_t name_ends = stat.rfind(") ");
      return name_ends == std::string::npos ? ' ' : stat[name_ends + 2];
    };
    while (thread_ == 0 || state() != 'S') std::this_thread::yield();
  }
  auto get() { return outcome_.get(); }

 private:
  std::atomic<int> thread_ = 0;
  std::future<std::invoke_result_t<Call>> outcome_;
};

TEST_CASE("a code is acknowledged before wait returns") {
  const test::TempDir home;
  std::atomic<bool> acknowledged = false;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                    side.answer(side.greet().id, test::code_of("482913"));
                    const rpc::Call ack = side.call();
                    acknowledged = std::get<rpc::Ack>(ack.request).delivery == "d1";
                    side.answer(ack.id, rpc::AckResult{true});
                  }});
  const auto outcome = test::client_in(home).wait(bot(60s));
  REQUIRE(outcome);
  CHECK(acknowledged);
  REQUIRE(outcome->delivered);
  CHECK(outcome->delivered->code == "482913");
  CHECK(outcome->acknowledged);
  CHECK(!outcome->end);
}

TEST_CASE("L13 a code whose agent dies before it heard the acknowledgement is given all the same, and it is told") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                    side.answer(side.greet().id, test::code_of("482913"));
                    unlink(test::socket_in(home).c_str());
                  }});
  const auto outcome = test::client_in(home).wait(bot(60s));
  REQUIRE(outcome);
  CHECK(outcome->delivered->code == "482913");
  CHECK(!outcome->acknowledged);
}

TEST_CASE("the end of a wait is a value, an error of the agent an error") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[](AgentSide& side) {
                                            WaitEnd end;
                                            end.exit = ExitCode::timed_out;
                                            end.message = "nothing came";
                                            side.answer(side.greet().id, end);
                                          },
                                          [](AgentSide& side) {
                                            side.say(rpc::encode_error(side.greet().id, {ErrorCode::busy, "pid 7"}));
                                          }});
  Client client = test::client_in(home);
  const auto ended = client.wait(bot(1s));
  REQUIRE(ended);
  CHECK(!ended->delivered);
  REQUIRE(ended->end);
  CHECK(ended->end->exit == ExitCode::timed_out);
  CHECK(ended->end->message == "nothing came");
  CHECK(client.wait(bot(1s)).error().code == ErrorCode::busy);
}

TEST_CASE("L23 a wait goes on with the agent that comes after one that died") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home),
                  {[](AgentSide& side) {
                     side.say(rpc::encode_notification(side.greet().id, rpc::Waiting{"s1", "m1", 60s}));
                   },
                   [](AgentSide& side) {
                     const rpc::Call call = side.greet();
                     CHECK(std::get<rpc::Wait>(call.request).resume == "m1");
                     test::hand_over(side, call.id, "482913");
                   }});
  CHECK(test::client_in(home).wait(bot(60s))->delivered->code == "482913");
}

TEST_CASE("a warning is one printable line, told on the waiting thread") {
  const test::TempDir home;
  FakeAgent agent(test::socket_in(home), {[](AgentSide& side) {
                    const rpc::Call call = side.greet();
                    side.say(rpc::encode_notification(call.id, rpc::Warning{"two\nwait\x1b[31m", 2}));
                    test::hand_over(side, call.id, "1");
                  }});
  WaitOptions options = bot(60s);
  std::vector<std::string> warnings;
  const auto here = std::this_thread::get_id();
  options.on_warning = [&](const std::string& warning) {
    CHECK(std::this_thread::get_id() == here);
    warnings.push_back(warning);
  };
  CHECK(test::client_in(home).wait(options)->delivered);
  CHECK(warnings == std::vector<std::string>{"two\\x0await\\x1b[31m"});
}

TEST_CASE("an exception of the caller's own function goes through, and the connection is closed") {
  const test::TempDir home;
  std::promise<void> closed;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                    side.say(rpc::encode_notification(side.greet().id, rpc::Warning{"contended", 2}));
                    CHECK(side.line().empty());
                    closed.set_value();
                  }});
  WaitOptions options = bot(60s);
  options.on_warning = [](const std::string&) { throw std::runtime_error("mine"); };
  Client client = test::client_in(home);
  CHECK_THROWS_WITH_AS(static_cast<void>(client.wait(options)), "mine", std::runtime_error);
  CHECK(closed.get_future().wait_for(10s) == std::future_status::ready);
}

TEST_CASE("a stop ends a blocked wait at once, and its connection") {
  const test::TempDir home;
  Stop stop;
  std::promise<void> closed;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                    side.greet();
                    stop.now();
                    CHECK(side.line().empty());
                    closed.set_value();
                  }});
  const auto outcome = test::client_in(home).wait(bot(), stop.source.get_token());
  REQUIRE(!outcome);
  CHECK(outcome.error().code == ErrorCode::cancelled);
  CHECK(stop.was_quick());
  CHECK(closed.get_future().wait_for(10s) == std::future_status::ready);
}

TEST_CASE("a stop that was requested before asks nobody") {
  const test::TempDir home;
  std::stop_source stop;
  stop.request_stop();
  CHECK(test::client_in(home).wait(bot(), stop.get_token()).error().code == ErrorCode::cancelled);
  CHECK(test::client_in(home).watch({}, [](const Event&) { return true; }, stop.get_token()).error().code ==
        ErrorCode::cancelled);
}

TEST_CASE("a stop ends a wait that looks for its agent") {
  const test::TempDir home;
  Stop stop;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                    side.greet();
                    unlink(test::socket_in(home).c_str());
                  }});
  std::thread later([&] {
    while (access(test::socket_in(home).c_str(), F_OK) == 0) std::this_thread::yield();
    stop.now();
  });
  // Not started again: /bin/false is no agent, and that is no error that ends a wait that had begun.
  CHECK(test::client_in(home).wait(bot(), stop.source.get_token()).error().code == ErrorCode::cancelled);
  CHECK(stop.was_quick());
  later.join();
}

TEST_CASE("a stop ends a wait whose agent takes no connections") {
  const test::TempDir home;
  const std::string path = test::socket_in(home);
  const Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  REQUIRE(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(listener.get(), 0) == 0);
  const auto filled = client::Channel::connect(path, BootClock::now() + 1s);
  REQUIRE(filled);
  Stop stop;
  InThread waiting([&] { return test::client_in(home).wait(bot(), stop.source.get_token()); });
  waiting.until_asleep();  // in connect(2)
  stop.now();
  CHECK(waiting.get().error().code == ErrorCode::cancelled);
  CHECK(stop.was_quick());
}

TEST_CASE("a stop ends a wait for an agent that takes long to start, or that somebody else is starting") {
  const test::TempDir home;
  REQUIRE(mkfifo((home.path() + "/go").c_str(), 0600) == 0);
  const std::string program = test::script_in(home, "echo x > $OTPCTL_HOME/begun\nread x < $OTPCTL_HOME/go\n");
  Stop stop;
  std::thread later([&] {
    while (test::read_file(home.path() + "/begun").empty()) std::this_thread::yield();
    stop.now();
  });
  CHECK(test::client_in(home, program).wait(bot(), stop.source.get_token()).error().code == ErrorCode::cancelled);
  CHECK(stop.was_quick());
  later.join();
  std::ofstream(home.path() + "/go") << "on\n";  // lets it end

  const auto held = client::lock_file(home.path() + "/start.lock", BootClock::now() + 1s);
  REQUIRE(held);
  Stop second;
  InThread waiting([&] { return test::client_in(home, program).wait(bot(), second.source.get_token()); });
  waiting.until_asleep();  // for the lock
  second.now();
  CHECK(waiting.get().error().code == ErrorCode::cancelled);
  CHECK(second.was_quick());
}

TEST_CASE("many waits are stopped by one token") {
  const test::TempDir home;
  std::atomic<int> blocked = 0;
  Stop stop;
  test::Crowd agent(test::socket_in(home), [&](AgentSide& side) {
    side.greet();
    if (++blocked == 8) stop.now();
    side.line();
  });
  Client client = test::client_in(home);
  std::atomic<int> cancelled = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const auto outcome = client.wait(bot(), stop.source.get_token());
      if (!outcome && outcome.error().code == ErrorCode::cancelled) ++cancelled;
    });
  }
  for (std::thread& each : threads) each.join();
  CHECK(cancelled == 8);
  CHECK(stop.was_quick());
}

TEST_CASE("a child that another thread has forked does not keep an ended wait's connection open") {
  const test::TempDir home;
  Stop stop;
  std::atomic<pid_t> child = 0;
  std::promise<void> closed;
  FakeAgent agent(test::socket_in(home), {[&](AgentSide& side) {
                    side.greet();
                    const pid_t forked = fork();
                    if (forked == 0) {
                      for (;;) pause();
                    }
                    child = forked;
                    stop.now();
                    if (side.line().empty()) closed.set_value();
                  }});
  CHECK(test::client_in(home).wait(bot(), stop.source.get_token()).error().code == ErrorCode::cancelled);
  const bool ended = closed.get_future().wait_for(5s) == std::future_status::ready;
  REQUIRE(child > 0);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(ended);
}

TEST_CASE("nothing is left open behind calls") {
  const test::TempDir home;
  const auto open_now = [] {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd) count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
  };
  const int before = open_now();
  {
    std::stop_source stop;
    FakeAgent agent(test::socket_in(home), {[](AgentSide& side) { test::hand_over(side, side.greet().id, "1"); },
                                            [](AgentSide& side) { side.answer(side.greet().id, AgentStatus{}); }});
    Client client = test::client_in(home);
    CHECK(client.wait(bot(60s), stop.get_token())->delivered);
    CHECK(client.status());
  }
  CHECK(open_now() == before);
}

}  // namespace
}  // namespace otpctl
