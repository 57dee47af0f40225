#include "io/listen.hpp"

#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

using namespace otpctl;
using namespace otpctl::io;

namespace {

unsigned mode_of(const std::string& path) {
  struct stat status {};
  ::lstat(path.c_str(), &status);
  return status.st_mode & 07777;
}

Fd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

}  // namespace

TEST_CASE("L02 the socket is 0600 in a folder of 0700, whatever the umask") {
  test::TempDir dir;
  const auto before = ::umask(0);
  Loop loop;
  const auto path = dir.path() + "/run/deep/agent.sock";
  auto listener = Listener::open(loop, {path, 8}, [](Fd, Peer) {});
  ::umask(before);
  REQUIRE(listener);
  CHECK(mode_of(path) == 0600);
  CHECK(mode_of(dir.path() + "/run/deep") == 0700);
}

TEST_CASE("L04 what stands at the socket's path and is no socket is refused and left as it is") {
  test::TempDir dir;
  Loop loop;
  const auto path = dir.path() + "/agent.sock";
  SUBCASE("a file") { std::ofstream(path) << "precious"; }
  SUBCASE("a folder") { std::filesystem::create_directory(path); }
  SUBCASE("a FIFO") { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
  SUBCASE("a symlink") { std::filesystem::create_symlink("/dev/null", path); }
  struct stat before {}, after {};
  REQUIRE(::lstat(path.c_str(), &before) == 0);
  CHECK(Listener::open(loop, {path, 8}, [](Fd, Peer) {}).error().code == ErrorCode::permission);
  REQUIRE(::lstat(path.c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
}

TEST_CASE("L05 a stale socket is replaced") {
  test::TempDir dir;
  Loop loop;
  const auto path = dir.path() + "/agent.sock";
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size());
    Fd stale(::socket(AF_UNIX, SOCK_STREAM, 0));
    REQUIRE(::bind(stale.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  REQUIRE(Listener::open(loop, {path, 8}, [](Fd, Peer) {}));
}

TEST_CASE("a socket that somebody listens on is not taken away from him, and not woken either") {
  test::TempDir dir;
  Loop loop(Now{});
  const auto path = dir.path() + "/agent.sock";
  int woken = 0;
  auto listener = Listener::open(loop, {path, 8}, [&](Fd, Peer) { ++woken; });
  REQUIRE(listener);
  const auto second = Listener::open(loop, {path, 8}, [](Fd, Peer) {});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::busy);
  CHECK((*listener)->still_ours());
  loop.pass(std::chrono::hours(1));
  CHECK(woken == 0);
  CHECK(connect_to(path));  // who means him wakes him
  loop.pass(std::chrono::hours(1));
  CHECK(woken == 1);
}

TEST_CASE("an adopted socket takes clients and is left where it is at the end") {
  test::TempDir dir;
  Loop loop;
  const auto path = dir.path() + "/agent.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  Fd bound(::socket(AF_UNIX, SOCK_STREAM, 0));
  REQUIRE(::bind(bound.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(bound.get(), 8) == 0);
  const auto client = connect_to(path);  // before anybody accepts
  REQUIRE(client);
  std::optional<Peer> peer;
  {
    const auto listener = Listener::adopt(loop, {path, 8}, std::move(bound), [&](Fd, Peer who) {
      peer = who;
      loop.stop();
    });
    CHECK(listener->is_adopted());
    CHECK(listener->still_ours());
    loop.run();
  }
  CHECK(peer->uid == ::geteuid());
  CHECK(::access(path.c_str(), F_OK) == 0);
}

TEST_CASE("a client of our uid is welcomed with the kernel's word on it") {
  test::TempDir dir;
  Loop loop;
  std::optional<Peer> peer;
  const auto path = dir.path() + "/agent.sock";
  auto listener = Listener::open(loop, {path, 8}, [&](Fd, Peer who) {
    peer = who;
    loop.stop();
  });
  REQUIRE(listener);
  const auto client = connect_to(path);
  REQUIRE(client);
  loop.run();
  CHECK(peer->uid == ::geteuid());
  CHECK(peer->pid == ::getpid());
}

TEST_CASE("at the limit nobody more is taken until one has left") {
  test::TempDir dir;
  Loop loop(Now{});
  std::vector<Fd> taken;
  const auto path = dir.path() + "/agent.sock";
  auto listener = Listener::open(loop, {path, 2}, [&](Fd fd, Peer) { taken.push_back(std::move(fd)); });
  REQUIRE(listener);
  std::vector<Fd> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(connect_to(path));
  loop.pass(std::chrono::hours(1));
  CHECK(taken.size() == 2);
  taken.pop_back();
  (*listener)->client_left();
  loop.pass(std::chrono::hours(1));
  CHECK(taken.size() == 2);
}

TEST_CASE("L08 a socket that was removed or replaced is noticed and not unlinked") {
  test::TempDir dir;
  Loop loop;
  const auto path = dir.path() + "/agent.sock";
  auto listener = Listener::open(loop, {path, 2}, [](Fd, Peer) {});
  REQUIRE(listener);
  CHECK((*listener)->still_ours());
  std::filesystem::remove(path);
  CHECK_FALSE((*listener)->still_ours());
  std::ofstream(path) << "somebody else's";
  listener->reset();
  CHECK(std::filesystem::exists(path));
}
