// A connected Unix stream socket, read line by line. Never blocks but where it says so, and then
// not beyond a deadline on CLOCK_BOOTTIME. SIGPIPE is never raised.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/fd.hpp"

#include <optional>
#include <poll.h>
#include <span>
#include <string>

namespace otpctl::client {

/// What ended a pause.
enum class Woke { ready, watched, time };

/// Whoever waits here and is given a `cancel` descriptor (-1: none) ends with this once it is readable.
Error cancelled();
bool is_readable(int fd);

/// Waits until `fd` (-1: none) is readable, one of `watch` has what it asks for (its revents are
/// set), or `until` (nothing: for ever) has come.
Woke pause(int fd, std::span<pollfd> watch, std::optional<Instant> until);

/// As pause(), watching `cancel` alone.
Woke pause_unless(int cancel, int fd, std::optional<Instant> until);

class Channel {
 public:
  /// Connects to a socket of our own user: the socket file and its folder must be ours (or root's)
  /// and writable by nobody else, and the listening process must be ours or root's (SO_PEERCRED).
  /// `agent_unreachable` when nobody listens or the backlog stays full until the deadline,
  /// `permission` when it is somebody else's.
  static Result<Channel> connect(const std::string& path, Instant until, int cancel = -1);

  /// Sends all of it. `network` when the peer is gone, `timeout` when it does not read.
  Result<void> send(std::string_view bytes, Instant until);

  /// A line that was read whole, without its LF.
  std::optional<std::string> line();

  /// Takes what has arrived; false at the end of the stream. `protocol` for a line that exceeds the
  /// limit.
  Result<bool> fill();

  /// line(), after waiting for it. `network` at the end of the stream, `timeout` at the deadline.
  Result<std::string> await_line(Instant until);

  /// Ends the connection for every process that has a copy of it (a child after fork).
  void hang_up();

  int fd() const { return fd_.get(); }
  int peer_pid() const { return peer_pid_; }

 private:
  explicit Channel(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
  int peer_pid_ = 0;
  std::string in_;
  std::size_t scanned_ = 0;
};

}  // namespace otpctl::client
