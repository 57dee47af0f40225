// A Unix socket of the agent: bound 0600 in a folder that is safe, peers checked by the kernel's word on them.
#pragma once

#include "base/result.hpp"
#include "base/fd.hpp"
#include "io/loop.hpp"

#include <functional>
#include <memory>
#include <string>

namespace otpctl::io {

struct Peer {
  unsigned uid = 0;
  int pid = 0;  // for show, never for authorisation: it may be reused
};

class Listener {
 public:
  struct Options {
    std::string path;
    std::size_t max_clients = 16'384;
  };
  /// A stale socket of ours is replaced; anything else at the path is refused (`permission`) and left as it is, and so
  /// is one that somebody listens on (`busy`: a socket unit of systemd).
  /// Only the holder of the agent's lock may call it: it decides what is stale.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, const Options& options,
                                                std::function<void(Fd, Peer)> on_client);
  /// A socket that somebody else has bound at the path and listens on (socket activation): never unlinked.
  static std::unique_ptr<Listener> adopt(Loop& loop, const Options& options, Fd socket,
                                         std::function<void(Fd, Peer)> on_client);
  ~Listener();  // unlinks the socket when it is still the one that was bound
  Listener(const Listener&) = delete;

  /// One client has left: accept again if the limit had been reached.
  void client_left();
  /// False when somebody removed or replaced the socket file.
  bool still_ours() const;
  bool is_adopted() const;

 private:
  struct State;
  explicit Listener(std::unique_ptr<State> state);
  static std::unique_ptr<Listener> begin(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace otpctl::io
