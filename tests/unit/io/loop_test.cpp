#include "io/loop.hpp"

#include "base/fd.hpp"
#include "io/pump.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <memory>
#include <sys/socket.h>
#include <vector>

using namespace otpctl;
using namespace otpctl::io;
using namespace std::chrono_literals;

namespace {

struct Pair {
  Fd ours, theirs;
  Pair() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    ours = Fd(ends[0]);
    theirs = Fd(ends[1]);
  }
};

// A machine that echoes lines, knows "quit" and has one deadline.
struct Echo {
  struct Event { std::string line; };
  std::string in, out;
  bool ended = false;
  std::optional<Instant> alarm;
  int ticks = 0;
  void feed(std::string_view bytes) { in += bytes; }
  void feed_eof() { ended = true; }
  void tick(Now now) {
    ++ticks;
    if (alarm && now.instant >= *alarm) {
      alarm.reset();
      in += "alarm\n";
    }
  }
  std::optional<Event> next() {
    const auto end = in.find('\n');
    if (end == in.npos) return std::nullopt;
    Event event{in.substr(0, end)};
    in.erase(0, end + 1);
    out += event.line + "\n";
    return event;
  }
  std::string take_output() { return std::exchange(out, {}); }
  std::optional<Instant> deadline() const { return alarm; }
};

}  // namespace

TEST_CASE("timers fire in the order of their times, a cleared one never") {
  Loop loop;
  std::vector<int> order;
  Timer late(loop), early(loop), never(loop);
  const auto now = loop.now().instant;
  late.set(now + 3ms, [&] {
    order.push_back(2);
    loop.stop();
  });
  never.set(now + 2ms, [&] { order.push_back(99); });
  early.set(now + 1ms, [&] {
    order.push_back(1);
    never.clear();
  });
  loop.run();
  CHECK(order == std::vector<int>{1, 2});
}

TEST_CASE("with a clock that stands still time passes only when it is told to, each timer at its moment") {
  const Now start{Instant(1h), WallTime(1'700'000'000s)};
  Loop loop(start);
  std::vector<Duration> at;
  Timer again(loop), at_the_end(loop), behind(loop);
  again.on_fire([&] {
    at.push_back(loop.now().instant - start.instant);
    again.move_to(loop.now().instant + 20min);
  });
  again.move_to(start.instant + 20min);
  at_the_end.set(start.instant + 1h, [&] { loop.post([&] { at.push_back(1h); }); });
  behind.set(start.instant + 1h + 1us, [&] { at.push_back(99h); });
  CHECK(loop.now().instant == start.instant);
  loop.pass(1h);
  CHECK(at == std::vector<Duration>{20min, 40min, 1h, 1h});
  CHECK(loop.now().instant == start.instant + 1h);
  CHECK(loop.now().wall == start.wall + 1h);
}

TEST_CASE("a timer that is due between two readings of the clock waits for the next turn and stops nobody") {
  Loop loop;
  int calls = 0;
  Timer first(loop), again(loop);
  const auto now = loop.now().instant;
  std::function<void()> task = [&] {
    // What a machine does: nothing before its deadline by the clock that it is given.
    const auto deadline = now + 1ms;
    ++calls;
    if (loop.now().instant >= deadline) return loop.stop();
    again.set(deadline, task);
  };
  first.set(now, [&] {
    (void)loop.now();  // the clock of this turn is read here …
    while (BootClock::now() < now + 1ms) {}
    task();            // … and older than the deadline that it sets
  });
  loop.run();
  CHECK(calls == 2);
}

TEST_CASE("a timer may be destroyed by its own task") {
  Loop loop;
  auto timer = std::make_unique<Timer>(loop);
  timer->set(loop.now().instant, [&] {
    timer.reset();
    loop.stop();
  });
  loop.run();
  CHECK_FALSE(timer);
}

TEST_CASE("a watch calls again until the descriptor is drained, and may be destroyed by its own call") {
  Loop loop;
  Pair pair;
  REQUIRE(::write(pair.theirs.get(), "abc", 3) == 3);
  std::string got;
  std::unique_ptr<Watch> watch;
  watch = std::make_unique<Watch>(loop, pair.ours.get(), [&] {
    char c = 0;
    REQUIRE(::read(pair.ours.get(), &c, 1) == 1);
    got += c;
    if (got.size() == 3) {
      watch.reset();
      loop.stop();
    }
  });
  loop.run();
  CHECK(got == "abc");
}

TEST_CASE("the pump moves bytes to the machine and back, and tells its events") {
  Loop loop;
  Pair pair;
  REQUIRE(::write(pair.theirs.get(), "hello\nquit\n", 11) == 11);
  std::vector<std::string> lines;
  std::unique_ptr<Pump<Echo>> pump;
  pump = std::make_unique<Pump<Echo>>(
      loop, std::make_unique<SocketStream>(std::move(pair.ours)), Echo{},
      Pump<Echo>::Calls{[&](Echo::Event& event) {
                          lines.push_back(event.line);
                          if (event.line == "quit") pump->close();
                        },
                        [&](const Error&) {
                          pump.reset();
                          loop.stop();
                        },
                        {}});
  loop.run();
  CHECK(lines == std::vector<std::string>{"hello", "quit"});
  char buffer[64];
  const auto n = ::read(pair.theirs.get(), buffer, sizeof buffer);
  CHECK(std::string(buffer, static_cast<std::size_t>(std::max<ssize_t>(n, 0))) == "hello\nquit\n");
}

TEST_CASE("the pump keeps the machine's deadline") {
  Loop loop;
  Pair pair;
  Echo echo;
  echo.alarm = loop.now().instant + 2ms;
  std::string first;
  std::unique_ptr<Pump<Echo>> pump;
  pump = std::make_unique<Pump<Echo>>(loop, std::make_unique<SocketStream>(std::move(pair.ours)), std::move(echo),
                                      Pump<Echo>::Calls{[&](Echo::Event& event) {
                                                          first = event.line;
                                                          pump->close();
                                                        },
                                                        [&](const Error&) {
                                                          pump.reset();
                                                          loop.stop();
                                                        },
                                                        {}});
  loop.run();
  CHECK(first == "alarm");
}

TEST_CASE("the end of the stream reaches the machine before the connection is closed") {
  Loop loop;
  Pair pair;
  REQUIRE(::write(pair.theirs.get(), "last\n", 5) == 5);
  pair.theirs.reset();
  std::vector<std::string> told;
  std::unique_ptr<Pump<Echo>> pump;
  pump = std::make_unique<Pump<Echo>>(loop, std::make_unique<SocketStream>(std::move(pair.ours)), Echo{},
                                      Pump<Echo>::Calls{[&](Echo::Event& event) { told.push_back(event.line); },
                                                        [&](const Error& error) {
                                                          CHECK(pump->machine().ended);
                                                          CHECK(error.code == ErrorCode::network);
                                                          pump.reset();
                                                          loop.stop();
                                                        },
                                                        {}});
  loop.run();
  CHECK(told == std::vector<std::string>{"last"});
}
