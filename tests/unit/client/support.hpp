// What the tests of otpctl::Client share: a Client in a home of its own, listeners that do not take anybody, many agents.
#pragma once

#include "client/find.hpp"
#include "support/fake_agent.hpp"

#include <otpctl/client.hpp>

#include <fstream>
#include <mutex>
#include <sys/stat.h>

namespace otpctl::test {

inline Client client_in(const TempDir& home, const std::string& agent_program = "/bin/false") {
  return Client(ClientOptions{.home = home.path(), .agent_program = agent_program});
}

inline client::Options options_in(const TempDir& home) {
  client::Options options;
  options.paths.state = home.path();
  options.paths.agent_file = home.path() + "/agent.json";
  options.paths.agent_lock = home.path() + "/agent.lock";
  options.paths.start_lock = home.path() + "/start.lock";
  options.paths.config = home.path() + "/config.toml";
  options.paths.candidates = {home.path() + "/agent.sock"};
  options.name = "otpctl-test 1";
  return options;
}

inline std::string socket_in(const TempDir& home) { return home.path() + "/agent.sock"; }

/// A shell script that stands for otpctl-agentd.
inline std::string script_in(const TempDir& home, const std::string& text) {
  const std::string path = home.path() + "/agentd";
  std::ofstream(path) << "#!/bin/sh\n" << text;
  REQUIRE(chmod(path.c_str(), 0700) == 0);
  return path;
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline Delivered code_of(const std::string& text) {
  Delivered delivered;
  delivered.delivery = "d1";
  delivered.code = text;
  return delivered;
}

/// Answers a wait with a code and takes its acknowledgement.
inline void hand_over(AgentSide& side, const rpc::Id& wait, const std::string& code) {
  side.answer(wait, code_of(code));
  side.answer(side.call().id, rpc::AckResult{true});
}

/// Plays the same script on each connection, each in a thread of its own, until it goes.
class Crowd {
 public:
  Crowd(const std::string& path, FakeAgent::Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener_, 64) == 0);
    accepting_ = std::thread([this] {
      for (int fd = 0; (fd = accept(listener_, nullptr, nullptr)) >= 0;) {
        talking_.emplace_back([this, fd] {
          AgentSide side(fd);
          script_(side);
        });
      }
    });
  }
  ~Crowd() {
    shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    for (std::thread& each : talking_) each.join();
    close(listener_);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

 private:
  FakeAgent::Script script_;
  int listener_ = -1;
  std::thread accepting_;
  std::vector<std::thread> talking_;
};

}  // namespace otpctl::test
