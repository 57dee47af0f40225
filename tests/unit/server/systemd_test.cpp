// What systemd hands over and what it is told.
#include "server/systemd.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

using namespace otpctl;
using namespace std::chrono_literals;

namespace {

SourceHealth source(const char* name, SourceState state, std::optional<Duration> age = {}, Duration due = 5min) {
  SourceHealth health;
  health.status.name = name;
  health.status.kind = "imap";
  health.status.state = state;
  health.alive_age = age;
  health.due_every = due;
  return health;
}

HealthReport report(std::vector<SourceHealth> sources) {
  HealthReport health;
  health.sources = std::move(sources);
  return health;
}

/// A socket under NOTIFY_SOCKET, and what was sent to it.
class Listening {
 public:
  Listening() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = "otpctl-test-" + std::to_string(::getpid());
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
  }
  ~Listening() { ::unsetenv("NOTIFY_SOCKET"); }

  std::vector<std::string> said() {
    std::vector<std::string> all;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::recv(fd_.get(), buffer, sizeof buffer, 0)) >= 0;) {
      all.emplace_back(buffer, static_cast<std::size_t>(n));
    }
    return all;
  }

 private:
  Fd fd_;
};

const Now kStart{Instant(1h), WallTime(1'700'000'000s)};

}  // namespace

TEST_CASE("proof of life: who says live must have been heard of, who is down is not our fault") {
  using server::proof_of_life;
  CHECK(proof_of_life(report({})));
  CHECK(proof_of_life(report({source("a", SourceState::live, 5min), source("b", SourceState::live)})));
  CHECK(proof_of_life(report({source("a", SourceState::live, 5min + 59s)})));
  CHECK_FALSE(proof_of_life(report({source("a", SourceState::live, 1s), source("b", SourceState::live, 7min)})));
  CHECK(proof_of_life(report({source("door", SourceState::live, 24h, 0s)})));
  for (const auto state : {SourceState::starting, SourceState::unreachable, SourceState::signed_out,
                           SourceState::throttled}) {
    CHECK(proof_of_life(report({source("a", state, 24h)})));
  }
}

TEST_CASE("the status line tells sources, waits and the age of the last code") {
  auto health = report({source("a/INBOX", SourceState::live), source("b/INBOX", SourceState::live)});
  health.waiters = 3;
  CHECK(server::status_line(health, 12s) == "2 sources live, 3 waiting, last code 12 s ago");
  CHECK(server::status_line(health, std::nullopt) == "2 sources live, 3 waiting");
  CHECK(server::status_line(health, 119min + 59s) == "2 sources live, 3 waiting, last code 119 min ago");
  CHECK(server::status_line(health, 47h) == "2 sources live, 3 waiting, last code 47 h ago");
  CHECK(server::status_line(health, 48h) == "2 sources live, 3 waiting, last code 2 days ago");
  health.sources.push_back(source("c/In\nbox", SourceState::signed_out));
  auto door = source("lmtp", SourceState::live);
  door.status.kind = "lmtp";
  health.sources.push_back(door);
  CHECK(server::status_line(health, {}) == "2 sources live, c/In\\x0abox signed out, 3 waiting");
  for (const char* more : {"d", "e", "f"}) health.sources.push_back(source(more, SourceState::unreachable));
  health.store_trouble = "disk full";
  CHECK(server::status_line(health, {}) == "2 sources live, 4 are not, 3 waiting, the store cannot be written");
}

TEST_CASE("without NOTIFY_SOCKET nobody is told and nothing is looked at") {
  ::unsetenv("NOTIFY_SOCKET");
  io::Loop loop(kStart);
  int looks = 0;
  server::Supervisor supervisor(loop, 20ms, [&] { return ++looks, HealthReport(); });
  supervisor.ready();
  supervisor.changed();
  supervisor.reloading();
  loop.pass(1h);
  supervisor.stopping();
  CHECK(looks == 0);
}

TEST_CASE("systemd is told when the agent is ready, reloads and stops, in this order") {
  Listening systemd;
  io::Loop loop(kStart);
  server::Supervisor supervisor(loop, 0s, [] { return HealthReport(); });
  supervisor.changed();  // before it is ready nobody looks
  CHECK(systemd.said().empty());
  supervisor.ready();
  supervisor.reloading();
  supervisor.ready();
  supervisor.stopping();
  loop.pass(1min);
  const auto said = systemd.said();
  REQUIRE(said.size() == 5);
  CHECK(said[0] == "READY=1");
  CHECK(said[1] == "STATUS=0 sources live, 0 waiting");
  CHECK(said[2].starts_with("RELOADING=1\nMONOTONIC_USEC="));
  CHECK(said[3] == "READY=1");
  CHECK(said[4] == "STOPPING=1\nSTATUS=stopping");
}

TEST_CASE("many changes make one status line a second, and none when it says the same") {
  Listening systemd;
  io::Loop loop(kStart);
  HealthReport health;
  int looks = 0;
  server::Supervisor supervisor(loop, 0s, [&] { return ++looks, health; });
  supervisor.ready();
  for (int i = 0; i < 1000; ++i) {
    health.waiters = i;
    supervisor.changed();
  }
  loop.pass(1s - 1us);
  CHECK(looks == 1);
  loop.pass(1us);
  CHECK(looks == 2);
  CHECK(systemd.said() == std::vector<std::string>{"READY=1", "STATUS=0 sources live, 0 waiting",
                                                   "STATUS=0 sources live, 999 waiting"});
  supervisor.changed();
  loop.pass(1h);
  CHECK(looks == 3);
  CHECK(systemd.said().empty());
}

TEST_CASE("the watchdog is fed at half its time as long as the sources prove that they live") {
  Listening systemd;
  io::Loop loop(kStart);
  auto health = report({source("a", SourceState::live, 1s)});
  server::Supervisor supervisor(loop, 200ms, [&] { return health; });
  const auto fed = [&] {
    int count = 0;
    for (const auto& line : systemd.said()) count += line == "WATCHDOG=1" ? 1 : 0;
    return count;
  };
  supervisor.ready();
  CHECK(fed() == 1);
  loop.pass(350ms);
  CHECK(fed() == 3);  // at 100, 200 and 300 ms
  health.sources[0].alive_age = 1h;
  loop.pass(10s);
  CHECK(fed() == 0);
  health.sources[0].alive_age = 1s;
  loop.pass(25ms);  // it is looked at again four times as often
  CHECK(fed() == 1);
  loop.pass(99ms);
  CHECK(fed() == 0);
  loop.pass(1ms);
  CHECK(fed() == 1);
}
