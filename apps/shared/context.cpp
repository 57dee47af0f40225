#include "shared/context.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace otpctl::apps {

namespace {

tl::unexpected<Error> cannot(const char* what) {
  return fail(ErrorCode::storage, std::string(what) + ": " + std::strerror(errno));
}

/// False with errno: it cannot be told, or (ETIMEDOUT) `until` has come.
bool wait_for(int fd, short events, std::optional<Instant> until = std::nullopt) {
  using namespace std::chrono;
  pollfd ready{fd, events, 0};
  for (;;) {
    const auto left = until ? ceil<milliseconds>(std::max(*until - BootClock::now(), Duration(0))).count() : -1;
    const int count = poll(&ready, 1, static_cast<int>(left));
    if (count > 0) return (ready.revents & (events | POLLERR | POLLHUP)) != 0;
    if (count == 0) errno = ETIMEDOUT;
    if (count == 0 || errno != EINTR) return false;
  }
}

/// The same pipe by a description of our own that does not block: another writer may fill it between our looking and our
/// writing. Nothing for all that is no pipe, or may not be opened.
Fd own_end_of_pipe(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISFIFO(info.st_mode)) return Fd();
  return Fd(open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

std::array<bool, 3> fill_closed_streams() {
  std::array<bool, 3> closed{};
  for (int fd = 0; fd < 3; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    closed[static_cast<std::size_t>(fd)] = true;
    // The lowest free number is `fd`. Standard output is opened for reading only: a write to it
    // fails.
    const int opened = open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
    if (opened != fd) std::_Exit(static_cast<int>(ExitCode::unreachable));
  }
  return closed;
}

}  // namespace

Result<void> Sink::write(std::string_view text) {
  if (buffer_ != nullptr) {
    buffer_->append(text);
    return {};
  }
  reader_is_gone_ = false;
  if (patience_) return write_in_time(text);
  while (!text.empty()) {
    const ssize_t done = ::write(fd_, text.data(), text.size());
    if (done >= 0) {
      text.remove_prefix(static_cast<std::size_t>(done));
    } else if (errno == EAGAIN) {
      if (!wait_for(fd_, POLLOUT)) return cannot("cannot write");
    } else if (errno != EINTR) {
      reader_is_gone_ = errno == EPIPE;
      return cannot("cannot write");
    }
  }
  return {};
}

/// What is ready takes PIPE_BUF without blocking.
Result<void> Sink::write_in_time(std::string_view text) {
  const Instant until = BootClock::now() + *patience_;
  const Fd own = own_end_of_pipe(fd_);
  while (!text.empty()) {
    if (!wait_for(fd_, POLLOUT, until)) {
      if (errno != ETIMEDOUT) return cannot("cannot write");
      return fail(ErrorCode::storage, "nobody has read it for " + format_duration(*patience_));
    }
    const ssize_t done = ::write(own ? own.get() : fd_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (done >= 0) {
      text.remove_prefix(static_cast<std::size_t>(done));
    } else if (errno != EINTR && errno != EAGAIN) {
      reader_is_gone_ = errno == EPIPE;
      return cannot("cannot write");
    }
  }
  return {};
}

bool Sink::is_open() const {
  const int flags = fd_ < 0 ? O_WRONLY : fcntl(fd_, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

Result<std::string> Source::read_all(std::size_t limit) { return read(limit, false); }

Result<std::string> Source::read_line(std::size_t limit) {
  auto text = read(limit, true);
  if (text) text->erase(std::min(text->find('\n'), text->size()));
  return text;
}

Result<std::string> Source::read(std::size_t limit, bool one_line) {
  std::string text = text_;
  char buffer[16 * 1024];
  while (fd_ >= 0 && text.size() <= limit) {
    const ssize_t got = ::read(fd_, buffer, sizeof buffer);
    if (got == 0) break;
    if (got > 0) {
      text.append(buffer, static_cast<std::size_t>(got));
      if (one_line && text.find('\n') != text.npos) break;
    } else if (errno == EAGAIN) {
      if (!wait_for(fd_, POLLIN)) return cannot("cannot read standard input");
    } else if (errno != EINTR) {
      return cannot("cannot read standard input");
    }
  }
  explicit_bzero(buffer, sizeof buffer);
  if (text.size() > limit) {
    return fail(ErrorCode::usage,
                "standard input is longer than " + std::to_string(limit) + " bytes");
  }
  return text;
}

Result<std::string> Source::read_some() {
  if (fd_ < 0) return std::exchange(text_, {});
  std::string text(64 * 1024, '\0');
  for (;;) {
    const ssize_t got = ::read(fd_, text.data(), text.size());
    if (got >= 0) {
      text.resize(static_cast<std::size_t>(got));
      return text;
    }
    const bool waits = errno == EAGAIN && wait_for(fd_, POLLIN);
    if (!waits && errno != EINTR) return cannot("cannot read standard input");
  }
}

Context Context::real(std::string command) {
  const std::array<bool, 3> closed = fill_closed_streams();
  const bool ignored_sigpipe = std::signal(SIGPIPE, SIG_IGN) == SIG_IGN;
  return Context{std::move(command),
                 Source(STDIN_FILENO),
                 Sink(STDOUT_FILENO),
                 Sink(STDERR_FILENO),
                 isatty(STDIN_FILENO) == 1,
                 isatty(STDERR_FILENO) == 1,
                 real_surroundings(),
                 [](const std::string& name, const std::string& value) {
                   setenv(name.c_str(), value.c_str(), 1);
                 },
                 read_clocks,
                 Inherited{ignored_sigpipe, closed}};
}

TestContext::TestContext(std::string command, std::string input,
                         std::map<std::string, std::string> variables)
    : environment(std::move(variables)),
      context{
          std::move(command),
          Source(std::move(input)),
          Sink(&out),
          Sink(&err),
          false,
          false,
          real_surroundings(),
          [this](const std::string& name, const std::string& value) { environment[name] = value; },
          [this] { return now; },
          Inherited{}} {
  context.surroundings.env = [this](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
}

}  // namespace otpctl::apps
