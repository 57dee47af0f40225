#include "client/channel.hpp"

#include "base/text.hpp"
#include "rpc/messages.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <vector>

namespace otpctl::client {

namespace {

using std::chrono::duration_cast;

timespec left_until(Instant until) {
  const Duration left = std::max(until - BootClock::now(), Duration(0));
  const auto seconds = duration_cast<std::chrono::seconds>(left);
  return timespec{seconds.count(), duration_cast<std::chrono::nanoseconds>(left - seconds).count()};
}

std::string with_reason(const std::string& what) { return what + ": " + std::strerror(errno); }

/// The socket and its folder are ours and nobody else can put another one there.
Result<void> check_owner(const std::string& path) {
  struct stat socket {};
  if (lstat(path.c_str(), &socket) != 0) {
    const ErrorCode code = errno == EACCES ? ErrorCode::permission : ErrorCode::agent_unreachable;
    return fail(code, with_reason(printable(path)));
  }
  if (!S_ISSOCK(socket.st_mode))
    return fail(ErrorCode::permission, printable(path) + " is no socket");
  if (socket.st_uid != geteuid()) {
    return fail(ErrorCode::permission, printable(path) + " belongs to another user (uid " +
                                           std::to_string(socket.st_uid) + ")");
  }
  const std::string folder = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
  struct stat info {};
  if (stat(folder.c_str(), &info) != 0)
    return fail(ErrorCode::agent_unreachable, with_reason(printable(folder)));
  const bool ours = info.st_uid == geteuid() || info.st_uid == 0;
  if (!ours || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(ErrorCode::permission,
                printable(folder) + " can be written by others: chmod 700 it");
  }
  return {};
}

/// A non-blocking connect says EAGAIN at once when the backlog is full; a blocking one waits for a place as long as
/// SO_SNDTIMEO allows (unix(7) has no other way). 0 or errno.
int connect_once(int fd, const sockaddr_un& address, Instant until) {
  const timespec left = left_until(until);
  const timeval limit{left.tv_sec, left.tv_nsec / 1000 + 1};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

/// 0, errno, or ECANCELED. EAGAIN and EINTR: the agent takes no connections.
int connect_until(int fd, const sockaddr_un& address, Instant until, int cancel) {
  for (;;) {
    const Instant look = BootClock::now() + std::chrono::milliseconds(50);
    const int error = connect_once(fd, address, cancel < 0 ? until : std::min(until, look));
    if (error != EAGAIN && error != EINTR) return error;
    if (is_readable(cancel)) return ECANCELED;
    if (BootClock::now() >= until) return error;
  }
}

/// Up to `scanned` there is no end of a line.
bool holds_long_line(std::string_view bytes, std::size_t scanned) {
  std::size_t begin = 0;
  for (auto lf = bytes.find('\n', scanned); lf != bytes.npos; lf = bytes.find('\n', begin)) {
    if (lf + 1 - begin > rpc::kMaxLine) return true;
    begin = lf + 1;
  }
  return bytes.size() - begin >= rpc::kMaxLine;  // its LF is still to come
}

}  // namespace

Error cancelled() { return Error{ErrorCode::cancelled, "the caller asked to stop"}; }

bool is_readable(int fd) {
  pollfd asked{fd, POLLIN, 0};
  return poll(&asked, 1, 0) > 0;
}

Woke pause_unless(int cancel, int fd, std::optional<Instant> until) {
  pollfd watch{cancel, POLLIN, 0};
  return pause(fd, std::span(&watch, 1), until);
}

Woke pause(int fd, std::span<pollfd> watch, std::optional<Instant> until) {
  std::vector<pollfd> fds;
  fds.push_back(pollfd{fd, POLLIN, 0});
  fds.insert(fds.end(), watch.begin(), watch.end());
  for (;;) {
    timespec left{};
    if (until) left = left_until(*until);
    // ppoll counts on CLOCK_MONOTONIC, which stands still during suspend: look again at least every
    // 5 s.
    const timespec longest{5, 0};
    const bool capped = !until || left.tv_sec >= longest.tv_sec;
    const int count = ppoll(fds.data(), fds.size(), capped ? &longest : &left, nullptr);
    if (count > 0) break;
    if (until && BootClock::now() >= *until) return Woke::time;
    // A deadline that has not come yet by a rounding, the cap, or EINTR.
  }
  bool watched = false;
  for (std::size_t i = 0; i < watch.size(); ++i) {
    watch[i].revents = fds[i + 1].revents;
    watched = watched || watch[i].revents != 0;
  }
  return watched ? Woke::watched : Woke::ready;
}

Result<Channel> Channel::connect(const std::string& path, Instant until, int cancel) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(ErrorCode::config, "the path of the socket is too long: " + printable(path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  if (auto owner = check_owner(path); !owner) return fail(owner.error());

  Fd fd = above_streams(Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  if (!fd) return fail(ErrorCode::agent_unreachable, with_reason("socket"));
  if (const int error = connect_until(fd.get(), address, until, cancel); error != 0) {
    if (error == ECANCELED) return fail(cancelled());
    if (error == EAGAIN || error == EINTR)
      return fail(ErrorCode::timeout,
                  "the agent at " + printable(path) + " does not take connections");
    return fail(error == EACCES ? ErrorCode::permission : ErrorCode::agent_unreachable,
                printable(path) + ": " + std::strerror(error));
  }
  ucred peer{};
  peer.uid = static_cast<uid_t>(-1);
  socklen_t size = sizeof peer;
  const bool told =
      getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && size == sizeof peer;
  // A socket unit's is bound by the manager: of a system service that is root.
  if (!told || (peer.uid != geteuid() && peer.uid != 0)) {
    return fail(ErrorCode::permission, "the agent at " + printable(path) + " runs as another user");
  }
  fcntl(fd.get(), F_SETFL, O_NONBLOCK);
  Channel channel(std::move(fd));
  channel.peer_pid_ = peer.pid;
  return channel;
}

void Channel::hang_up() { shutdown(fd_.get(), SHUT_RDWR); }

Result<void> Channel::send(std::string_view bytes, Instant until) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      pollfd writable{fd_.get(), POLLOUT, 0};
      if (pause(-1, std::span(&writable, 1), until) == Woke::time) {
        return fail(ErrorCode::timeout, "the agent does not read");
      }
    } else if (errno != EINTR) {
      return fail(ErrorCode::network, "the agent closed the connection");
    }
  }
  return {};
}

std::optional<std::string> Channel::line() {
  const std::size_t lf = in_.find('\n', scanned_);
  if (lf == in_.npos) {
    scanned_ = in_.size();
    return std::nullopt;
  }
  std::string found = in_.substr(0, lf);
  in_.erase(0, lf + 1);
  scanned_ = 0;
  return found;
}

Result<bool> Channel::fill() {
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got > 0) {
      in_.append(buffer.data(), static_cast<std::size_t>(got));
      if (holds_long_line(in_, scanned_) || in_.size() > 4 * rpc::kMaxLine)
        return fail(ErrorCode::protocol, "the agent sent a line beyond the limit");
      return true;
    }
    if (got == 0) return false;
    if (errno == EAGAIN) return true;
    if (errno != EINTR) return false;  // a reset is an end
  }
}

Result<std::string> Channel::await_line(Instant until) {
  for (;;) {
    if (auto found = line()) return std::move(*found);
    if (pause(fd_.get(), {}, until) == Woke::time)
      return fail(ErrorCode::timeout, "the agent does not answer");
    const auto open = fill();
    if (!open) return fail(open.error());
    if (!*open) {
      if (auto found = line()) return std::move(*found);
      return fail(ErrorCode::network, "the agent closed the connection");
    }
  }
}

}  // namespace otpctl::client
