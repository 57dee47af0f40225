#include "run/program.hpp"

#include "base/launch.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace otpctl::apps::run {

NotStarted not_started(const std::string& name, int error) {
  const std::string shown = printable(name);
  if (error == ENOENT && name.find('/') == name.npos)
    return {kNotFound, shown + ": command not found"};
  return {error == ENOENT ? kNotFound : kCannotRun,
          "cannot run " + shown + ": " + std::strerror(error)};
}

namespace {

/// 0 or the errno that exec would say.
int can_run(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return errno;
  if (!S_ISREG(info.st_mode)) return EACCES;
  return faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

}  // namespace

std::optional<NotStarted> look_for(const std::string& name, const char* path) {
  if (name.find('/') != name.npos) {
    const int error = can_run(name);
    return error == 0 ? std::nullopt : std::optional(not_started(name, error));
  }
  if (name.empty() || path == nullptr) {  // without PATH the system's own applies: exec knows it
    return name.empty() ? std::optional(not_started(name, ENOENT)) : std::nullopt;
  }
  int worst = ENOENT;
  std::string_view rest = path;
  for (bool more = true; more;) {
    const std::size_t colon = rest.find(':');
    const std::string folder(rest.substr(0, colon));
    const int error = can_run(folder.empty() ? "./" + name : folder + "/" + name);
    if (error == 0) return std::nullopt;
    if (error == EACCES) worst = EACCES;
    more = colon != rest.npos;
    rest.remove_prefix(more ? colon + 1 : rest.size());
  }
  return not_started(name, worst);
}

Environment Environment::of_this_process() {
  std::vector<std::string> lines;
  for (char** line = environ; line != nullptr && *line != nullptr; ++line) lines.emplace_back(*line);
  return Environment(std::move(lines));
}

void Environment::remove(const std::string& name) {
  const auto is_it = [start = name + "="](const std::string& line) { return line.rfind(start, 0) == 0; };
  lines_.erase(std::remove_if(lines_.begin(), lines_.end(), is_it), lines_.end());
}

void Environment::set(const std::string& name, const std::string& value) {
  remove(name);
  lines_.push_back(name + "=" + value);
}

Dispositions Dispositions::of_this_process() {
  Dispositions found;
  sigprocmask(SIG_BLOCK, nullptr, &found.mask);
  struct sigaction child {};
  found.ignored_sigchld = sigaction(SIGCHLD, nullptr, &child) == 0 && child.sa_handler == SIG_IGN;
  return found;
}

namespace {

/// Between fork and exec: system calls only. Everything as our caller had it.
[[noreturn]] void become(const Launch& launch, char* const* argv, char* const* environment, int told) {
  if (!launch.inherited.ignored_sigpipe) signal(SIGPIPE, SIG_DFL);
  if (launch.dispositions.ignored_sigchld) signal(SIGCHLD, SIG_IGN);
  if (told == launch.give_at) told = fcntl(told, F_DUPFD_CLOEXEC, 10);
  // What stands at give_at is not CLOEXEC then; dup2() onto itself would change nothing.
  if (launch.give >= 0 && launch.give == launch.give_at) fcntl(launch.give, F_SETFD, 0);
  if (launch.give >= 0 && launch.give != launch.give_at) dup2(launch.give, launch.give_at);
  for (int fd = 0; fd < 3; ++fd) {
    if (launch.inherited.closed[static_cast<std::size_t>(fd)]) close(fd);
  }
  sigprocmask(SIG_SETMASK, &launch.dispositions.mask, nullptr);
  execvpe(argv[0], argv, environment);
  const int error = errno;
  const ssize_t ignored = write(told, &error, sizeof error);
  static_cast<void>(ignored);
  _exit(kCannotRun);
}

/// A copy that is not where `taken` is to be.
Fd above(Fd fd, int taken) {
  if (!fd || fd.get() > std::max(taken, STDERR_FILENO)) return fd;
  return Fd(fcntl(fd.get(), F_DUPFD_CLOEXEC, std::max(taken, STDERR_FILENO) + 1));
}

}  // namespace

tl::expected<pid_t, int> start(const Launch& launch) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return tl::unexpected(errno);
  const Fd read_end(ends[0]);
  Fd write_end = above(Fd(ends[1]), launch.give_at);
  const auto argv = pointers_to(launch.words);
  const auto environment = pointers_to(launch.environment.lines());
  const pid_t child = fork();
  if (child < 0) return tl::unexpected(errno);
  if (child == 0) become(launch, argv.data(), environment.data(), write_end.get());
  write_end.reset();
  int error = 0;
  ssize_t got = 0;
  do {
    got = read(read_end.get(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof error)) return child;  // the end of file: exec has closed it
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return tl::unexpected(error);
}

}  // namespace otpctl::apps::run
