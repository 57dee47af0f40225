// This machine and this installation: versions, clock, paths, files, disk.
#include "base/private_folder.hpp"
#include "base/text.hpp"
#include "config/files.hpp"
#include "doctor/checks.hpp"

#include <otpctl/version.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace otpctl::apps::doctor {

namespace {

constexpr std::size_t kSocketLimit = 107;           // unix(7)
constexpr std::uint64_t kTooLittle = 1024 * 1024;   // bytes: the store cannot grow by a page of its log
constexpr std::uint64_t kLittle = 50 * 1024 * 1024;

/// The versions of the libraries of commands that lie beside this program: one, unless an installation is mixed.
std::vector<std::string> library_versions() {
  constexpr std::string_view kBegin = "libotpctl-shared-", kEnd = ".so";
  std::vector<std::string> versions;
  std::error_code error;
  const auto folder = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kBegin) || !name.ends_with(kEnd)) continue;
    versions.push_back(name.substr(kBegin.size(), name.size() - kBegin.size() - kEnd.size()));
  }
  return versions;
}

std::string origin_of_tilde(const Context& context) {
  return context.env("HOME").empty() ? "the user database, without HOME" : "HOME";
}

std::string origin_of_home(const Context& context, const Paths& paths) {
  const auto from = [&](const char* name) { return !context.env(name).empty(); };
  if (from("OTPCTL_HOME")) return "OTPCTL_HOME";
  const auto below = [&](const char* name) {
    const std::string value = context.env(name);
    return value.starts_with('/') && paths.state.starts_with(value);
  };
  if (below("STATE_DIRECTORY")) return "STATE_DIRECTORY of systemd";
  if (paths.state == "/var/lib/otpctl") return "system service";
  return below("XDG_STATE_HOME") ? "XDG_STATE_HOME" : origin_of_tilde(context);
}

std::string origin_of_config(const Facts& facts) {
  if (!facts.options.config.empty()) return "--config";
  if (!facts.context.env("OTPCTL_HOME").empty()) return "OTPCTL_HOME";
  const std::string base = facts.context.env("XDG_CONFIG_HOME");
  if (base.starts_with('/') && facts.paths->config.starts_with(base)) return "XDG_CONFIG_HOME";
  const bool of_unit = !facts.context.env("CONFIGURATION_DIRECTORY").empty();
  if (facts.paths->config == "/etc/otpctl/config.toml" && !of_unit) return "system service";
  return facts.context.env("CONFIGURATION_DIRECTORY").empty() ? origin_of_tilde(facts.context)
                                                              : "CONFIGURATION_DIRECTORY of systemd";
}

std::string origin_of_socket(const Facts& facts) {
  for (const char* name : {"OTPCTL_SOCKET", "OTPCTL_HOME"}) {
    if (!facts.context.env(name).empty()) return name;
  }
  const std::string runtime = facts.context.env("XDG_RUNTIME_DIR");
  if (runtime.starts_with('/') && facts.paths->socket.starts_with(runtime)) return "XDG_RUNTIME_DIR";
  if (facts.paths->socket.starts_with(facts.paths->state + "/")) return "the state folder";
  if (facts.paths->socket.starts_with("/run/user/")) return "/run/user";
  return facts.context.env("RUNTIME_DIRECTORY").empty() ? "system service" : "RUNTIME_DIRECTORY of systemd";
}

/// It was taken away from ourselves.
bool is_denied(const std::string& path, int rights) {
  return ::faccessat(AT_FDCWD, path.c_str(), rights, AT_EACCESS) != 0 && errno == EACCES;
}

Row folder_row(const std::string& path, const struct stat& info) {
  const std::string shown = printable(path, 1000);
  if (S_ISLNK(info.st_mode)) return failed(ErrorCode::permission, shown + " is a symbolic link", "make it a folder");
  if (!S_ISDIR(info.st_mode)) return failed(ErrorCode::permission, shown + " is no folder", "move it away");
  if (info.st_uid != ::geteuid()) {
    return failed(ErrorCode::permission, shown + " belongs to uid " + std::to_string(info.st_uid),
                  "run this as that user, or chown it");
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return failed(ErrorCode::permission, shown + " can be written by others", "chmod 700 " + shown);
  }
  if (is_denied(path, R_OK | W_OK | X_OK)) {
    return failed(ErrorCode::permission, shown + " may not be used by this user", "chmod 700 " + shown);
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) return warning(shown + " can be read by others", "chmod 700 " + shown);
  return passed("");
}

/// What somebody of us must be able to do with it.
int rights_on(const std::string& name) {
  if (name == "key" || name == "agent-file") return R_OK;  // replaced, never written to
  return name == "log" || name.ends_with("socket") ? W_OK : R_OK | W_OK;
}

/// A file or socket of ours: `kind` is S_IFREG or S_IFSOCK.
Row own_row(const std::string& path, const struct stat& info, mode_t kind, int rights) {
  const std::string shown = printable(path, 1000);
  if (S_ISLNK(info.st_mode)) return failed(ErrorCode::permission, shown + " is a symbolic link", "remove it");
  if ((info.st_mode & S_IFMT) != kind) {
    return failed(ErrorCode::permission, shown + (kind == S_IFREG ? " is no plain file" : " is no socket"),
                  "move it away");
  }
  if (info.st_uid != ::geteuid()) {
    return failed(ErrorCode::permission, shown + " belongs to uid " + std::to_string(info.st_uid),
                  "run this as that user, or chown it");
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return failed(ErrorCode::permission, shown + " is open to other users", "chmod 600 " + shown);
  }
  if (is_denied(path, rights)) {
    const char* what = rights == R_OK ? " may not be read by this user" : " may not be read and written by this user";
    return failed(ErrorCode::permission, shown + what, "chmod 600 " + shown);
  }
  return passed("");
}

std::optional<Row> row_of(const config::OwnFile& file) {
  struct stat info {};
  if (file.name == "config" || ::lstat(file.path.c_str(), &info) != 0) return std::nullopt;
  if (file.name == "state" || file.name == "runtime") return folder_row(file.path, info);
  return own_row(file.path, info, file.name.ends_with("socket") ? S_IFSOCK : S_IFREG, rights_on(file.name));
}

/// The folder itself, or the nearest one above it that is there.
std::string existing(std::string path) {
  while (path != "/" && ::access(path.c_str(), F_OK) != 0) path = folder_of(path);
  return path;
}

/// "" when something can be written there, else why not. Leaves nothing behind.
std::string cannot_write(const std::string& folder) {
  const Fd file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file && (errno == EOPNOTSUPP || errno == EISDIR)) {
    return ::access(folder.c_str(), W_OK) == 0 ? "" : std::strerror(errno);
  }
  const char page[4096] = {};
  if (file && ::write(file.get(), page, sizeof page) == static_cast<ssize_t>(sizeof page)) return "";
  return std::strerror(errno);
}

std::string size_in_words(std::uint64_t bytes) {
  constexpr std::uint64_t kMega = 1024 * 1024;
  return bytes >= 1024 * kMega ? std::to_string(bytes / (1024 * kMega)) + " GiB"
                               : std::to_string(bytes / kMega) + " MiB";
}

}  // namespace

Rows check_versions(const Facts& facts) {
  std::string words = std::string("otpctl ") + kVersion;
  const auto libraries = library_versions();
  for (const std::string& version : libraries) {
    if (version == kVersion && libraries.size() == 1) continue;
    return {failed(ErrorCode::agent_version, words + ", but its library is " + printable(version, 40),
                   "install it again, as a whole")};
  }
  if (facts.agent.found != Agent::Found::answers) return {passed(words)};
  if (facts.agent.status.version != kVersion) {
    return {warning(words + ", the agent is " + printable(facts.agent.status.version, 40), "otpctl agent restart")};
  }
  return {passed(words + ", the agent too")};
}

Rows check_clock(const Facts& facts) {
  using namespace std::chrono;
  const std::string now = format_time(facts.now.wall);
  if (facts.now.wall < WallTime(sys_days(year(2025) / 1 / 1))) {
    return {failed(ErrorCode::config, "it is " + now + " by this machine's clock", "set the clock; certificates depend on it")};
  }
  const auto ahead = [&](std::optional<WallTime> then) { return then && *then > facts.now.wall + minutes(1); };
  const bool agent_ahead = facts.agent.found == Agent::Found::answers && ahead(facts.agent.status.started);
  if (agent_ahead || (facts.paths && ahead(changed(facts.paths->store)))) {
    return {warning("it was set back: the agent or its store is of a later time than " + now,
                    "look at the clock; marks of sessions may be wrong until it has caught up")};
  }
  return {passed(now)};
}

Rows check_home(const Facts& facts) {
  if (facts.no_paths) {
    const bool too_long = paths_of_any_length(facts.context.surroundings, facts.options.config).has_value();
    return {failed(facts.no_paths->code, facts.no_paths->message,
                   too_long ? "a short path: OTPCTL_SOCKET for the socket alone, or OTPCTL_HOME"
                            : "set OTPCTL_HOME to a folder of your own")};
  }
  const Paths& paths = *facts.paths;
  const std::size_t longest = std::max(paths.socket.size(), paths.lmtp_socket.size());
  return {of("config", passed(printable(paths.config, 1000) + " (" + origin_of_config(facts) + ")")),
          of("state", passed(printable(paths.state, 1000) + " (" + origin_of_home(facts.context, paths) + ")")),
          of("socket", passed(printable(paths.socket, 1000) + " (" + origin_of_socket(facts) + "), " +
                              std::to_string(longest) + " of " + std::to_string(kSocketLimit) + " bytes"))};
}

Rows check_files(const Facts& facts) {
  if (!facts.paths) return {skipped("no home")};
  Rows rows;
  std::size_t looked_at = 0;
  std::string before;
  for (const config::OwnFile& file : config::own_files(*facts.paths, facts.config ? facts.config->log_file : "")) {
    auto row = file.path == before ? std::nullopt : row_of(file);
    if (file.name == "state") before = file.path;  // in one home with the sockets
    if (file.name == "runtime" && file.path == facts.paths->state) continue;
    if (!row) continue;
    ++looked_at;
    if (row->state != State::passed) rows.push_back(of(file.name, std::move(*row)));
  }
  if (rows.empty()) rows.push_back(passed(std::to_string(looked_at) + " files and folders of ours, open to nobody else"));
  return rows;
}

Rows check_disk(const Facts& facts) {
  if (!facts.paths) return {skipped("no home")};
  if (facts.config && facts.config->store_in_memory) return {skipped("the store is in memory")};
  const std::string folder = existing(facts.paths->state);
  const std::string shown = printable(folder, 1000);
  if (const std::string why = cannot_write(folder); !why.empty()) {
    return {failed(ErrorCode::storage, "nothing can be written to " + shown + ": " + why,
                   "make room or make it writable; until then mail is refused for later")};
  }
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return {skipped(shown + " tells no free space")};
  const std::uint64_t free = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  if (free < kTooLittle) return {failed(ErrorCode::storage, shown + " is full", "make room")};
  if (free < kLittle) return {warning(shown + " has " + size_in_words(free) + " free", "make room")};
  return {passed(size_in_words(free) + " free")};
}

}  // namespace otpctl::apps::doctor
