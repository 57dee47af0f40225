// An agent of a few lines for the tests of clients: it listens in a folder of its own and plays one
// script a connection, in order, in a thread of its own. A script talks in whole lines and may hang
// up at any place.
#pragma once

#include "rpc/messages.hpp"
#include "support/temp_dir.hpp"

#include <otpctl/version.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <functional>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace otpctl::test {

class AgentSide {
 public:
  explicit AgentSide(int fd) : fd_(fd) {}
  ~AgentSide() { close(fd_); }
  AgentSide(const AgentSide&) = delete;
  AgentSide& operator=(const AgentSide&) = delete;

  /// The next line of the client, or "" at the end.
  std::string line() {
    std::string text;
    char byte = 0;
    while (read(fd_, &byte, 1) == 1 && byte != '\n') text += byte;
    return text;
  }
  /// The next call. A line that is none, or the end, is a Status with id "none".
  rpc::Call call() {
    auto read = rpc::decode_call(line());
    return read ? std::move(*read) : rpc::Call{"none", rpc::Status{}};
  }
  /// Answers hello and gives the call after it.
  rpc::Call greet() {
    const rpc::Call hello = call();
    answer(hello.id, rpc::HelloResult{kProtocolVersion, "9.9.9", 4711, {"wait"}});
    return call();
  }
  void answer(const rpc::Id& id, const rpc::Answer& value) { say(rpc::encode_answer(id, value)); }
  void say(const std::string& text) {
    static_cast<void>(send(fd_, text.data(), text.size(), MSG_NOSIGNAL));
  }

 private:
  int fd_;
};

class FakeAgent {
 public:
  using Script = std::function<void(AgentSide&)>;

  FakeAgent(const std::string& socket, std::vector<Script> scripts) : path_(socket) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    unlink(path_.c_str());
    REQUIRE(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener_, 16) == 0);
    thread_ = std::thread([this, scripts = std::move(scripts)] {
      for (const Script& script : scripts) {
        const int fd = accept(listener_, nullptr, nullptr);
        if (fd < 0) return;
        AgentSide side(fd);
        script(side);
      }
    });
  }
  /// Waits for the scripts; those whose connection never comes are let go.
  ~FakeAgent() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  FakeAgent(const FakeAgent&) = delete;
  FakeAgent& operator=(const FakeAgent&) = delete;

 private:
  std::string path_;
  int listener_ = -1;
  std::thread thread_;
};

}  // namespace otpctl::test
