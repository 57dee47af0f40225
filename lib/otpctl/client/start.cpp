#include "client/start.hpp"

#include "base/fd.hpp"
#include "base/launch.hpp"
#include "base/text.hpp"
#include "client/channel.hpp"
#include "rpc/agent_file.hpp"
#include "rpc/messages.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace otpctl::client {

namespace {

constexpr int kReadyFd = 3;
constexpr int kLeashFd = 4;

// Everything below runs between fork and exec: system calls only.

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

struct Program {
  const char* path;
  char* const* argv;
  char* const* environment;
  const std::string& missing;  // what is said when it cannot be run
};

[[noreturn]] void become_agent(const Program& program, int ready, int leash) {
  reset_signals();
  const int null = open("/dev/null", O_RDWR);
  // Out of the way of 0..4 first.
  const int high = fcntl(ready, F_DUPFD, 10);
  const int high_leash = leash < 0 ? -1 : fcntl(leash, F_DUPFD, 10);
  if (null < 0 || high < 0 || chdir("/") != 0) _exit(1);
  for (int stream = 0; stream < 3; ++stream) dup2(null, stream);
  dup2(high, kReadyFd);
  if (leash >= 0) dup2(high_leash, kLeashFd);
  close_range(static_cast<unsigned>(leash < 0 ? kReadyFd : kLeashFd) + 1, ~0U, 0);
  umask(077);
  execve(program.path, program.argv, program.environment);
  const ssize_t ignored = write(kReadyFd, program.missing.data(), program.missing.size());
  static_cast<void>(ignored);
  _exit(127);
}

/// False when the first fork failed; returns in the caller only.
bool fork_twice(const Program& program, int ready, int leash) {
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    setsid();
    const pid_t agent = fork();
    if (agent == 0) become_agent(program, ready, leash);
    _exit(agent < 0 ? 1 : 0);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// What the agent says on its ready pipe until it is ready, ends, or the time is over.
Result<void> await_ready(int pipe_end, Instant until, int cancel) {
  constexpr std::size_t kLongest = 4096;
  std::string said;
  while (said.size() < kLongest) {
    const Woke woke = pause_unless(cancel, pipe_end, until);
    if (woke == Woke::watched) return fail(cancelled());
    if (woke == Woke::time) {
      return fail(ErrorCode::agent_unreachable,
                  "the agent was started but did not get ready in time");
    }
    char buffer[512];
    const ssize_t got = read(pipe_end, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    said.append(buffer, static_cast<std::size_t>(got));
    if (said.front() == 'R') return {};
  }
  if (auto error = rpc::read_error_line(trim(said))) return fail(std::move(*error));
  return fail(ErrorCode::agent_unreachable,
              "the agent ended while it started: run `otpctl agent run` to see why");
}

}  // namespace

std::string agent_program(const Surroundings& surroundings) {
  if (std::string named = surroundings.env("OTPCTL_AGENTD"); !named.empty()) return named;
  char self[4096];
  const ssize_t size = readlink("/proc/self/exe", self, sizeof self);
  const std::string path(self, size > 0 ? static_cast<std::size_t>(size) : 0);
  return path.substr(0, path.rfind('/') + 1) + "otpctl-agentd";
}

Variables own_variables() {
  Variables lines;
  for (char** line = environ; line != nullptr && *line != nullptr; ++line) lines.emplace_back(*line);
  return lines;
}

namespace {

Variables with_changes(Variables lines, const std::map<std::string, std::string>& changes) {
  std::erase_if(lines, [&](const std::string& line) { return changes.count(line.substr(0, line.find('='))) > 0; });
  for (const auto& [name, value] : changes) {
    if (!value.empty()) lines.push_back(name + "=" + value);
  }
  return lines;
}

}  // namespace

Result<void> start_agent(const std::string& program, const std::vector<std::string>& arguments,
                         Instant until, const StartAround& around) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return fail(ErrorCode::agent_unreachable, "no pipe for the agent");
  Fd read_end = above_streams(Fd(ends[0]));
  Fd write_end = above_streams(Fd(ends[1]));

  std::vector<std::string> words{"otpctl-agentd", "--ready-fd", std::to_string(kReadyFd)};
  if (around.leash >= 0) {
    words.insert(words.end(), {"--leash-fd", std::to_string(kLeashFd), "--remove-home"});
  }
  words.insert(words.end(), arguments.begin(), arguments.end());
  const std::vector<char*> argv = pointers_to(words);
  const std::vector<std::string> lines = with_changes(around.inherits ? *around.inherits : own_variables(), around.environment);
  const std::vector<char*> environment = pointers_to(lines);
  const std::string no_program =
      rpc::to_json(Error{ErrorCode::agent_unreachable, "cannot run " + printable(program, 500)});
  if (!fork_twice({program.c_str(), argv.data(), environment.data(), no_program}, write_end.get(),
                  around.leash)) {
    return fail(ErrorCode::agent_unreachable,
                std::string("cannot start the agent: ") + std::strerror(errno));
  }
  write_end.reset();  // so that its end is our end of file
  return await_ready(read_end.get(), until, around.cancel);
}

}  // namespace otpctl::client
