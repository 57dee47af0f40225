#include "run/private_home.hpp"

#include "base/text.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace otpctl::apps::run {

namespace {

constexpr char kName[] = "/otpctl-run-XXXXXX";
constexpr char kLongestSocket[] = "/agent.sock";
constexpr std::size_t kSocketLimit = 107;  // sun_path holds 108 with its NUL (unix(7))

/// `surroundings` with other variables.
Surroundings with(const Surroundings& surroundings, std::map<std::string, std::string> variables) {
  Surroundings changed = surroundings;
  changed.env = [env = surroundings.env, variables = std::move(variables)](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? env(name) : found->second;
  };
  return changed;
}

bool is_there(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

/// The configuration that the caller's own agent would have; "" when there is none: the environment's mailbox, or none.
Result<std::string> config_of_caller(const Surroundings& surroundings, const std::string& folder,
                                     const std::string& named) {
  // Where its socket would be, and whether it has a home at all, does not matter here.
  std::map<std::string, std::string> variables{{"OTPCTL_SOCKET", folder + kLongestSocket}};
  auto paths = resolve_paths(with(surroundings, variables), named);
  if (!paths && surroundings.env("HOME").empty()) {
    variables["HOME"] = folder;
    paths = resolve_paths(with(surroundings, std::move(variables)), named);
  }
  if (!paths) return fail(paths.error());
  return !named.empty() || is_there(paths->config) ? paths->config : std::string();
}

}  // namespace

std::vector<std::string> places_for_home(const Surroundings& surroundings) {
  std::vector<std::string> places;
  for (std::string place : {surroundings.env("TMPDIR"), surroundings.env("XDG_RUNTIME_DIR"),
                            std::string("/tmp"), std::string("/dev/shm")}) {
    while (place.size() > 1 && place.back() == '/') place.pop_back();
    const std::size_t longest = place.size() + sizeof kName - 1 + sizeof kLongestSocket - 1;
    if (!place.empty() && place.front() == '/' && longest <= kSocketLimit)
      places.push_back(std::move(place));
  }
  return places;
}

Result<PrivateHome> PrivateHome::make(const Context& context, const std::string& config) {
  int error = ENOENT;
  for (const std::string& place : places_for_home(context.surroundings)) {
    std::string folder = place + kName;
    if (mkdtemp(folder.data()) == nullptr) {
      error = errno;
      continue;
    }
    PrivateHome home(std::move(folder));
    if (auto prepared = home.prepare(context, config); !prepared) return fail(prepared.error());
    return home;
  }
  return fail(ErrorCode::storage, std::string("no folder for --private can be made: ") +
                                      std::strerror(error) + "; set TMPDIR to one that is ours and short");
}

Result<void> PrivateHome::prepare(const Context& context, const std::string& config) {
  const auto used = config_of_caller(context.surroundings, folder_, config);
  if (!used) return fail(used.error());
  int ends[2];
  // No pipe: here we also see when the last process that has the other end is gone.
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(ErrorCode::storage, std::string("no leash for the agent: ") + std::strerror(errno));
  leash_ = above_streams(Fd(ends[0]));
  leash_held_ = above_streams(Fd(ends[1]));
  const std::map<std::string, std::string> here{
      {"OTPCTL_HOME", folder_}, {"OTPCTL_SOCKET", ""}, {"OTPCTL_START", ""}};
  auto agent = client::options_from(with(context.surroundings, here), context.command,
                                    client::Start::if_needed);
  if (!agent) return fail(agent.error());
  agent_ = std::move(*agent);
  agent_.agent_environment = here;
  if (!used->empty()) agent_.agent_arguments = {"--config", *used};
  agent_.leash = leash_.get();
  return {};
}

namespace {

/// False when somebody still has the other end after 2 s.
bool let_go_of(const Fd& leash) {
  shutdown(leash.get(), SHUT_WR);
  const Instant until = BootClock::now() + std::chrono::seconds(2);
  char none = 0;
  for (ssize_t got = -1; got != 0;) {
    if (BootClock::now() >= until) return false;
    client::pause(leash.get(), {}, until);
    got = recv(leash.get(), &none, 1, MSG_DONTWAIT);
    if (got < 0 && errno != EAGAIN && errno != EINTR) return true;
  }
  return true;
}

/// It has let go of everything; its process may need a moment more.
void await_end_of(int pid) {
  const Fd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0U)));
  if (process) client::pause(process.get(), {}, BootClock::now() + std::chrono::seconds(2));
}

}  // namespace

void PrivateHome::end() {
  if (folder_.empty()) return;
  leash_.reset();
  agent_.cancel = -1;
  // Also one that somebody has started there meanwhile.
  if (const auto pid = client::stop_agent(agent_)) await_end_of(*pid);
  // One that is still starting is no agent yet, but it makes files: it ends by the leash, and then nobody makes any.
  // If it does not end in time it removes the folder itself when it does: we would only take its lock away.
  const bool alone = !leash_held_ || let_go_of(leash_held_);
  leash_held_.reset();
  const std::string folder = std::exchange(folder_, {});
  if (!alone) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

}  // namespace otpctl::apps::run
