#include "base/paths.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <pwd.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace otpctl {

namespace {

constexpr std::size_t kSocketLimit = 107;  // sun_path holds 108 with its NUL (unix(7))
constexpr char kSystemConfig[] = "/etc/otpctl/config.toml";
constexpr char kSystemState[] = "/var/lib/otpctl";
constexpr char kSystemRuntime[] = "/run/otpctl";

bool is_absolute(const std::string& path) { return !path.empty() && path.front() == '/'; }

std::string without_trailing_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

std::string join(const std::string& folder, const char* name) {
  return folder == "/" ? folder + name : folder + "/" + name;
}

std::string parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

tl::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::config, std::move(message));
}

/// A variable of ours: a path from the root, or "" when unset.
Result<std::string> own_variable(const Surroundings& from, const char* name) {
  const std::string value = from.env(name);
  if (value.empty()) return std::string();
  if (!is_absolute(value)) {
    return refuse(std::string(name) + "='" + printable(value) +
                  "' is a relative path: write it from the root, " + name + "=\"$PWD/" +
                  printable(value) + "\"");
  }
  return without_trailing_slashes(value);
}

/// What systemd made for us: the entry of a colon-separated list whose last name is `otpctl`.
std::string systemd_folder(const Surroundings& from, const char* name) {
  const std::string value = from.env(name);
  std::string_view rest = value;
  while (!rest.empty()) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    const std::string entry = without_trailing_slashes(std::string(rest.substr(0, colon)));
    if (is_absolute(entry) && std::string_view(entry).substr(entry.rfind('/')) == "/otpctl")
      return entry;
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return {};
}

/// ~, or "" when it is not known.
std::string home_folder(const Surroundings& from) {
  std::string home = from.env("HOME");
  if (home.empty() && from.home_of_account) {
    home = from.home_of_account();
    if (!from.is_own_directory(home)) home.clear();  // "/nonexistent" of a service's account
  }
  return is_absolute(home) ? without_trailing_slashes(std::move(home)) : std::string();
}

/// $NAME/otpctl, or ~/FALLBACK/otpctl, or "" when neither is known.
std::string xdg_folder(const Surroundings& from, const char* name, const char* fallback) {
  const std::string base = from.env(name);
  if (is_absolute(base)) return join(without_trailing_slashes(base), "otpctl");
  const std::string home = home_folder(from);
  return home.empty() ? home : join(join(home, fallback), "otpctl");
}

struct Asked {  // what was said explicitly
  std::string home;
  std::string socket;
  std::string config;
  bool system = false;      // the system's folders are meant
};

/// The system service's own account, without the variables that systemd gives the service itself.
bool is_service_account(const Surroundings& from) {
  return home_folder(from) == kSystemState && !is_absolute(from.env("XDG_CONFIG_HOME")) &&
         !is_absolute(from.env("XDG_STATE_HOME"));
}

Result<Asked> read_asked(const Surroundings& from, const std::string& config_option) {
  Asked asked;
  auto home = own_variable(from, "OTPCTL_HOME");
  if (!home) return fail(home.error());
  auto socket = own_variable(from, "OTPCTL_SOCKET");
  if (!socket) return fail(socket.error());
  asked.home = *home;
  asked.socket = *socket;
  asked.config = config_option;
  if (!config_option.empty() && !is_absolute(config_option)) {
    if (!is_absolute(from.cwd)) {
      return refuse("--config " + printable(config_option) +
                    ": write it from the root, the working directory has no name");
    }
    asked.config = join(without_trailing_slashes(from.cwd), config_option.c_str());
  }
  asked.system = asked.home.empty() && (asked.config == kSystemConfig || is_service_account(from));
  return asked;
}

std::string state_folder(const Surroundings& from, const Asked& asked) {
  if (!asked.home.empty()) return asked.home;
  if (const std::string folder = systemd_folder(from, "STATE_DIRECTORY"); !folder.empty())
    return folder;
  if (asked.system) return kSystemState;
  return xdg_folder(from, "XDG_STATE_HOME", ".local/state");
}

std::string config_file(const Surroundings& from, const Asked& asked) {
  if (!asked.config.empty()) return asked.config;
  if (!asked.home.empty()) return join(asked.home, "config.toml");
  std::string folder = systemd_folder(from, "CONFIGURATION_DIRECTORY");
  if (folder.empty() && asked.system) return kSystemConfig;
  if (folder.empty()) folder = xdg_folder(from, "XDG_CONFIG_HOME", ".config");
  return folder.empty() ? std::string() : join(folder, "config.toml");
}

/// Folders for sockets, the best first; the last one always works.
std::vector<std::string> socket_folders(const Surroundings& from, const Asked& asked,
                                        const std::string& state) {
  if (!asked.home.empty()) return {asked.home};
  std::vector<std::string> folders;
  if (const std::string folder = systemd_folder(from, "RUNTIME_DIRECTORY"); !folder.empty())
    folders.push_back(folder);
  if (asked.system) folders.push_back(kSystemRuntime);
  // After `su` the variable still names the folder of the user before.
  const std::string runtime = without_trailing_slashes(from.env("XDG_RUNTIME_DIR"));
  if (is_absolute(runtime) && from.is_own_directory(runtime))
    folders.push_back(join(runtime, "otpctl"));
  const std::string run_user = "/run/user/" + std::to_string(from.uid);
  if (from.is_own_directory(run_user)) folders.push_back(join(run_user, "otpctl"));
  folders.push_back(state);
  return folders;
}

void add_candidate(std::vector<std::string>& candidates, const std::string& socket) {
  const bool known = std::find(candidates.begin(), candidates.end(), socket) != candidates.end();
  if (!known && socket.size() <= kSocketLimit) candidates.push_back(socket);
}

std::optional<Error> check_socket(const std::string& socket, const Surroundings& from) {
  if (socket.size() <= kSocketLimit) return std::nullopt;
  const char* fix = !from.env("OTPCTL_SOCKET").empty() ? "set OTPCTL_SOCKET to a shorter path"
                    : !from.env("OTPCTL_HOME").empty()
                        ? "set OTPCTL_SOCKET to a short path, or use a shorter OTPCTL_HOME"
                        : "set OTPCTL_SOCKET to a short path";
  return Error{ErrorCode::config, "the socket's path has " + std::to_string(socket.size()) +
                                      " bytes, the system allows " + std::to_string(kSocketLimit) +
                                      ": " + fix + " (" + printable(socket) + ")"};
}

}  // namespace

Surroundings real_surroundings() {
  Surroundings real;
  real.env = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  real.uid = geteuid();
  real.is_own_directory = [](const std::string& path) {
    struct stat info {};
    return lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid();
  };
  real.home_of_account = [] {
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> space(16 * 1024);
    getpwuid_r(geteuid(), &entry, space.data(), space.size(), &found);
    return std::string(found && found->pw_dir ? found->pw_dir : "");
  };
  if (char* cwd = getcwd(nullptr, 0)) {
    real.cwd = cwd;
    std::free(cwd);
  }
  return real;
}

Result<Paths> paths_of_any_length(const Surroundings& surroundings, const std::string& config_option) {
  const auto asked = read_asked(surroundings, config_option);
  if (!asked) return fail(asked.error());
  Paths paths;
  paths.state = state_folder(surroundings, *asked);
  paths.config = config_file(surroundings, *asked);
  if (paths.state.empty() || paths.config.empty()) {
    return refuse(
        "no home directory: HOME is not set; set OTPCTL_HOME to the folder that shall hold "
        "everything");
  }
  paths.store = join(paths.state, "store.db");
  paths.key = join(paths.state, "key");
  paths.agent_file = join(paths.state, "agent.json");
  paths.agent_lock = join(paths.state, "agent.lock");
  paths.start_lock = join(paths.state, "start.lock");

  const std::vector<std::string> folders = socket_folders(surroundings, *asked, paths.state);
  paths.socket = asked->socket.empty() ? join(folders.front(), "agent.sock") : asked->socket;
  paths.lmtp_socket = join(parent(paths.socket), "lmtp.sock");
  if (paths.socket == paths.lmtp_socket) {
    return refuse(
        "OTPCTL_SOCKET may not be named lmtp.sock: that name beside it is the LMTP socket's");
  }
  add_candidate(paths.candidates, paths.socket);
  for (const std::string& folder : folders)
    add_candidate(paths.candidates, join(folder, "agent.sock"));
  const std::string system = join(kSystemRuntime, "agent.sock");
  if (asked->home.empty()) add_candidate(paths.candidates, system);
  if (!asked->socket.empty()) paths.of_others.push_back(paths.socket);
  if (asked->home.empty() && paths.state != kSystemState) paths.of_others.push_back(system);
  return paths;
}

Result<Paths> resolve_paths(const Surroundings& surroundings, const std::string& config_option) {
  auto paths = paths_of_any_length(surroundings, config_option);
  if (!paths) return paths;
  for (const std::string& socket : {paths->socket, paths->lmtp_socket}) {
    if (auto error = check_socket(socket, surroundings)) return fail(std::move(*error));
  }
  return paths;
}

}  // namespace otpctl
