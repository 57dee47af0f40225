#include "client/end_by_signal.hpp"

#include "base/fd.hpp"
#include "base/plain_file.hpp"
#include "base/text.hpp"
#include "client/agent_file.hpp"
#include "client/channel.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace otpctl::client {

namespace {

constexpr std::string_view kProgram = "otpctl-agentd";

int number_in(std::string_view text) {
  text = trim(text);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

/// What the lock file says, as long as somebody holds it. 0: nobody does, or it is not ours.
int pid_in_lock(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid()) return 0;
  if (flock(file.get(), LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return 0;
  char text[32];
  const ssize_t got = pread(file.get(), text, sizeof text, 0);
  return got > 0 ? number_in({text, static_cast<std::size_t>(got)}) : 0;
}

/// An agent is not dumpable: its /proc/PID/exe is root's, name and uid everybody may read.
bool is_agent_of_ours(int pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const auto name = read_plain_file(folder + "/comm", 64);
  const auto status = read_plain_file(folder + "/status", 8192);
  if (!name || !status || trim(name->text) != kProgram) return false;
  if (status->text.find("\nState:\tZ") != std::string::npos) return false;  // ended, and not yet taken leave of
  const std::string uid = std::to_string(geteuid());
  return status->text.find("\nUid:\t" + uid + "\t" + uid + "\t") != std::string::npos;
}

}  // namespace

std::optional<int> holder_of_lock(const Paths& paths) {
  const auto known = agent_file(paths);
  if (!known || known->pid <= 1 || !is_agent_of_ours(known->pid)) return std::nullopt;
  // The last look, because it locks for a moment what nobody holds: an agent that just starts must not meet that.
  if (pid_in_lock(paths.agent_lock) != known->pid) return std::nullopt;
  return known->pid;
}

Result<int> end_by_signal(const Paths& paths, Instant until) {
  const auto pid = holder_of_lock(paths);
  // From here on it is this process and no later one of the same number; it is looked at once more.
  const Fd process(pid ? static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)) : -1);
  if (!process || holder_of_lock(paths) != pid) return fail(ErrorCode::not_found, "no agent holds the lock");
  const std::string who = "the agent (pid " + std::to_string(*pid) + ")";
  if (syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0) != 0 && errno != ESRCH) {
    return fail(ErrorCode::agent_unreachable, who + " cannot be ended: " + std::strerror(errno));
  }
  if (pause(process.get(), {}, until) == Woke::time) {
    return fail(ErrorCode::agent_unreachable,
                who + " does not answer and does not end on SIGTERM; end it with: kill -KILL " + std::to_string(*pid));
  }
  return *pid;
}

}  // namespace otpctl::client
