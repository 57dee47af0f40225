// The connections of the agent socket: hello, requests in, answers and notifications out. Each request gets a number
// that is unique in the agent's life; delivery's answers find their connection by it.
#pragma once

#include "io/listen.hpp"
#include "io/loop.hpp"
#include "io/pump.hpp"
#include "rpc/peer.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

namespace otpctl::server {

class Clients {
 public:
  /// One request that is to be answered later with answer(), fail() or not at all (its client has left).
  struct Asked {
    std::uint64_t request = 0;
    std::uint64_t client = 0;
    int pid = 0;
    const rpc::Request& what;  // lives as long as the call to `asked`
  };
  struct Handlers {
    std::function<Result<rpc::HelloResult>(const rpc::Hello&)> hello;
    std::function<void(const Asked&)> asked;
    std::function<void(std::uint64_t client)> gone;
  };
  Clients(io::Loop& loop, Handlers handlers);
  ~Clients();

  /// `inherited`: the socket that somebody else has bound there for us, or empty.
  Result<void> listen(const std::string& path, std::size_t max_clients, Fd inherited = {});
  bool socket_is_ours() const { return listener_ && listener_->still_ours(); }
  bool socket_is_adopted() const { return listener_ && listener_->is_adopted(); }
  void stop_listening() { listener_.reset(); }

  void answer(std::uint64_t request, const rpc::Answer& answer);
  void refuse(std::uint64_t request, const Error& error);
  void notify(std::uint64_t request, const rpc::Notification& notification);

  std::size_t count() const { return connections_.size(); }

  /// Sends what is queued and closes all.
  void close_all();

 private:
  using Pump = io::Pump<rpc::Peer>;
  struct Connection {
    std::unique_ptr<Pump> pump;
    int pid = 0;
    std::unique_ptr<io::Timer> leaving;  // it has ended its sending side; until when its answers may come
  };
  struct Open {
    std::uint64_t client = 0;
    rpc::Id id;
    bool is_wait = false;
  };

  void welcome(Fd fd, io::Peer peer);
  void on_event(std::uint64_t client, rpc::Peer::Event& event);
  void on_call(std::uint64_t client, rpc::Call& call);
  void on_ended(std::uint64_t client, const rpc::Peer::Ended& ended);
  void on_closed(std::uint64_t client);
  void send(std::uint64_t client, std::string line);
  void close_when_answered(std::uint64_t client);

  io::Loop& loop_;
  Handlers handlers_;
  std::unordered_map<std::uint64_t, Connection> connections_;
  std::unordered_map<std::uint64_t, Open> open_;
  std::unordered_map<std::uint64_t, std::vector<std::uint64_t>> open_of_;  // client → its requests
  std::uint64_t last_client_ = 0, last_request_ = 0;
  std::unique_ptr<io::Listener> listener_;
};

}  // namespace otpctl::server
