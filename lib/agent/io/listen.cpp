#include "io/listen.hpp"

#include "base/private_folder.hpp"
#include "io/log.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace otpctl::io {
namespace {

tl::unexpected<Error> unsafe(const std::string& path, const std::string& why) {
  return fail(ErrorCode::permission, path + " " + why);
}

/// Whether a process listens there, without connecting: that would wake a socket unit. Only a file of ours is asked
/// for, so that nobody else's line can be meant; where there is no /proc it counts as stale.
bool is_listened_on(const std::string& path) {
  std::ifstream sockets("/proc/net/unix");
  for (std::string line; std::getline(sockets, line);) {
    // Num RefCount Protocol Flags Type St Inode Path; a listening one has the flag 0x10000.
    if (!line.ends_with(" " + path)) continue;
    std::istringstream fields(line);
    std::string number, count, protocol, flags;
    fields >> number >> count >> protocol >> flags;
    if (flags == "00010000") return true;
  }
  return false;
}

}  // namespace

struct Listener::State {
  State(Loop& l, Options o, std::function<void(Fd, Peer)> call)
      : loop(l), options(std::move(o)), on_client(std::move(call)), pause(l) {}

  Loop& loop;
  Options options;
  std::function<void(Fd, Peer)> on_client;
  Timer pause;
  std::size_t clients = 0;
  dev_t device = 0;
  ino_t inode = 0;
  bool adopted = false;
  Fd fd;
  std::unique_ptr<Watch> watch;

  void accept_all() {
    for (int round = 0; round < 64; ++round) {
      if (clients >= options.max_clients) {
        watch->want_read(false);  // client_left() takes it up again
        return;
      }
      Fd client(::accept4(fd.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!client) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) rest();
        return;
      }
      welcome(std::move(client));
    }
  }

  // At the descriptor limit epoll would wake us for ever: look away until a client leaves, or for a second.
  void rest() {
    watch->want_read(false);
    pause.set(loop.now().instant + std::chrono::seconds(1), [this] { watch->want_read(true); });
  }

  void welcome(Fd client) {
    ucred who{};
    socklen_t size = sizeof who;
    // The uid stays an integer from the kernel; one that cannot be told is refused (polkit CVE-2021-3560).
    const bool told = ::getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && size == sizeof who;
    if (!told || who.uid != ::geteuid()) {
      log_warning("refused a connection of uid " + (told ? std::to_string(who.uid) : std::string("unknown")));
      return;
    }
    ++clients;
    on_client(std::move(client), Peer{who.uid, who.pid});
  }
};

Listener::Listener(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, const Options& options,
                                                 std::function<void(Fd, Peer)> on_client) {
  if (auto safe = make_private_folder(folder_of(options.path)); !safe) return fail(safe.error());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options.path.size() >= sizeof address.sun_path) return unsafe(options.path, "is too long for a socket");
  std::memcpy(address.sun_path, options.path.c_str(), options.path.size());

  struct stat status {};
  if (::lstat(options.path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode) || status.st_uid != ::geteuid()) {
      return unsafe(options.path, "exists and is not a socket of ours; move it away");
    }
    if (is_listened_on(options.path)) {
      return fail(ErrorCode::busy, options.path + " belongs to somebody who listens on it (otpctl-agent.socket?); "
                                                  "start the agent by its unit, or stop that");
    }
    ::unlink(options.path.c_str());
  }
  auto state = std::make_unique<State>(loop, options, std::move(on_client));
  state->fd = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const mode_t before = ::umask(0177);
  const int bound = ::bind(state->fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  ::umask(before);
  if (bound != 0 || ::listen(state->fd.get(), 1024) != 0 || ::lstat(options.path.c_str(), &status) != 0) {
    return unsafe(options.path, std::string("cannot be bound: ") + std::strerror(errno));
  }
  state->device = status.st_dev;
  state->inode = status.st_ino;
  return begin(std::move(state));
}

std::unique_ptr<Listener> Listener::adopt(Loop& loop, const Options& options, Fd socket,
                                          std::function<void(Fd, Peer)> on_client) {
  auto state = std::make_unique<State>(loop, options, std::move(on_client));
  state->fd = std::move(socket);
  ::fcntl(state->fd.get(), F_SETFD, FD_CLOEXEC);
  ::fcntl(state->fd.get(), F_SETFL, ::fcntl(state->fd.get(), F_GETFL) | O_NONBLOCK);
  struct stat status {};
  if (::lstat(options.path.c_str(), &status) == 0) {
    state->device = status.st_dev;
    state->inode = status.st_ino;
  }
  state->adopted = true;
  return begin(std::move(state));
}

std::unique_ptr<Listener> Listener::begin(std::unique_ptr<State> state) {
  auto* raw = state.get();
  state->watch = std::make_unique<Watch>(state->loop, state->fd.get(), [raw] { raw->accept_all(); });
  return std::unique_ptr<Listener>(new Listener(std::move(state)));
}

Listener::~Listener() {
  state_->watch.reset();
  if (!state_->adopted && still_ours()) ::unlink(state_->options.path.c_str());
}

void Listener::client_left() {
  if (state_->clients > 0) --state_->clients;
  state_->watch->want_read(true);
}

bool Listener::is_adopted() const { return state_->adopted; }

bool Listener::still_ours() const {
  struct stat status {};
  return ::lstat(state_->options.path.c_str(), &status) == 0 && status.st_dev == state_->device &&
         status.st_ino == state_->inode;
}

}  // namespace otpctl::io
