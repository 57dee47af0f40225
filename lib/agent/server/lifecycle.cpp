#include "server/lifecycle.hpp"

#include "base/private_folder.hpp"
#include "base/text.hpp"
#include "rpc/messages.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

extern char** environ;

namespace otpctl::server {
namespace {

void close_all_but(std::vector<int> keep) {
  keep.push_back(2);
  std::sort(keep.begin(), keep.end());
  for (std::size_t i = 0; i < keep.size(); ++i) {
    const unsigned first = static_cast<unsigned>(keep[i]) + 1;
    const unsigned last = i + 1 < keep.size() ? static_cast<unsigned>(keep[i + 1]) - 1 : ~0U;
    if (first <= last) ::close_range(first, last, 0);
  }
}

void redirect_standard_descriptors() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd : {0, 1, 2}) ::dup2(null, fd);
  if (null > 2) ::close(null);
}

bool is_kept(const std::string& name) {
  static const std::vector<std::string> names = {
      "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
      "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME", "GPG_AGENT_INFO",
      "PASSWORD_STORE_DIR", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
      "STATE_DIRECTORY", "RUNTIME_DIRECTORY", "CONFIGURATION_DIRECTORY"};
  static const std::vector<std::string> prefixes = {"LC_", "XDG_", "OTPCTL_", "OTP_MANAGER_", "M365_", "ASAN_",
                                                    "UBSAN_", "LSAN_"};
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& p) { return name.starts_with(p); });
}

void note_variable(const config::SecretSource& secret, std::vector<std::string>& named) {
  if (secret.kind == config::SecretSource::Kind::env) named.push_back(secret.name);
}

}  // namespace

void clean_process(bool background, const std::vector<int>& keep) {
  ::umask(077);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
#ifndef OTPCTL_SANITIZED  // the leak checker attaches to its own process
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  std::signal(SIGPIPE, SIG_IGN);
  close_all_but(keep);
  if (::chdir("/") != 0) std::abort();
  if (background) redirect_standard_descriptors();
}

void reduce_environment(const config::Config& config) {
  std::vector<std::string> named;
  for (const auto& mailbox : config.mailboxes) {
    note_variable(mailbox.password, named);
    note_variable(mailbox.token, named);
  }
  std::vector<std::string> gone;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text(*entry);
    std::string name(text.substr(0, text.find('=')));
    if (!is_kept(name) && std::find(named.begin(), named.end(), name) == named.end()) gone.push_back(name);
  }
  for (const auto& name : gone) ::unsetenv(name.c_str());
}

std::size_t room_for_clients(const config::Config& config) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  const std::size_t limit = files.rlim_cur == RLIM_INFINITY ? 1'000'000 : files.rlim_cur;
  std::size_t own = 32;
  // A connection has its socket, libcurl's two and a resolver's two, and a program for its secret four.
  for (const auto& mailbox : config.mailboxes) own += 9 * mailbox.folders.size();
  return std::min<std::size_t>(limit > own + 16 ? limit - own : 16, 65'536);
}

namespace {

/// Whoever only looks whether an agent lives holds it for a moment, shared (client::is_let_go).
bool lock_unless_held(const Fd& fd) {
  for (int tries = 0; tries < 20; ++tries) {
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return true;
    if (::flock(fd.get(), LOCK_SH | LOCK_NB) != 0) return false;  // an agent has it for itself
    ::flock(fd.get(), LOCK_UN);
    ::usleep(1000);
  }
  return false;
}

}  // namespace

Result<Fd> take_agent_lock(const Paths& paths) {
  if (auto safe = make_private_folder(paths.state); !safe) return fail(safe.error());
  Fd fd(::open(paths.agent_lock.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!fd && errno == EACCES) {
    return fail(ErrorCode::permission, paths.agent_lock + " may not be read and written by this user; chmod 600 it");
  }
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != ::geteuid()) {
    return fail(ErrorCode::permission, paths.agent_lock + " is not a plain file of ours; move it away");
  }
  ::fchmod(fd.get(), 0600);
  if (!lock_unless_held(fd)) {
    char pid[32] = {};
    [[maybe_unused]] auto n = ::pread(fd.get(), pid, sizeof pid - 1, 0);
    return fail(ErrorCode::busy, "another agent runs on " + paths.state + " (pid " +
                                     printable(trim(pid), 20) + "); see: otpctl agent status");
  }
  const std::string own = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), own.data(), own.size(), 0) < 0) {
    return fail(ErrorCode::storage, "cannot write " + paths.agent_lock + ": " + std::strerror(errno));
  }
  return fd;
}

Result<void> write_agent_file(const std::string& path, const rpc::AgentFile& file) {
  const std::string text = rpc::to_text(file);
  const std::string next = path + ".new";
  ::unlink(next.c_str());
  Fd fd(::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  const auto size = static_cast<ssize_t>(text.size());
  if (!fd || ::write(fd.get(), text.data(), text.size()) != size || ::rename(next.c_str(), path.c_str()) != 0) {
    return fail(ErrorCode::storage, "cannot write " + path + ": " + std::strerror(errno));
  }
  return {};
}

bool home_is_there(const Paths& paths, const Fd& lock) {
  struct stat held {}, there {};
  return ::fstat(lock.get(), &held) == 0 && ::lstat(paths.agent_lock.c_str(), &there) == 0 &&
         held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

// ------------------------------------------------------------------------- a private agent

Leash::Leash(io::Loop& loop, Fd fd) : fd_(std::move(fd)), watch_(loop, fd_.get(), [this] { look(); }) {}

Result<std::unique_ptr<Leash>> Leash::hold(io::Loop& loop, Fd fd) {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  struct stat status {};
  const bool pipe = flags >= 0 && (flags & O_ACCMODE) != O_WRONLY && ::fstat(fd.get(), &status) == 0 &&
                    (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode));
  if (!pipe) {
    return fail(ErrorCode::usage, "--leash-fd: descriptor " + std::to_string(fd.get()) + " is no pipe to read");
  }
  ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK);
  ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  return std::unique_ptr<Leash>(new Leash(loop, std::move(fd)));
}

void Leash::look() {
  char ignored[512];
  const ssize_t n = ::read(fd_.get(), ignored, sizeof ignored);  // one a turn: whoever floods it holds up nothing else
  if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))) return;
  watch_.want_read(false);
  ended_ = true;
  ::kill(::getpid(), SIGTERM);
}

namespace {

constexpr const char kRemovable[] = "private";  // marks a home that was begun empty, and goes with it

constexpr const char* kMadeHere[] = {
    kRemovable,
    "agent.sock",  "lmtp.sock", "agent.json",   "agent.json.new", "agent.log",        "agent.1.log",
    "agent.2.log", "store.db",  "store.db-wal", "store.db-shm",   "store.db-journal", "key",
    "key.new",     "start.lock", "agent.lock"};

bool is_plain_and_ours(const struct stat& status) {
  return (S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode)) && status.st_uid == ::geteuid();
}

}  // namespace

Result<void> may_begin_in(const Paths& paths, bool remove_home) {
  struct stat mark {};
  const bool marked = ::lstat((paths.state + "/" + kRemovable).c_str(), &mark) == 0 && is_plain_and_ours(mark);
  if (!remove_home && marked) {
    return fail(ErrorCode::agent_unreachable,
                "the agent of an otpctl run --private ends with that run, which alone can start it: nothing was changed "
                "(otpctl agent reload reads the configuration again)");
  }
  // An agent of this run that died has left its files there, with the mark of such a home.
  if (!remove_home || marked) return {};
  std::error_code error;
  std::filesystem::directory_iterator each(paths.state, error);
  for (; !error && each != std::filesystem::directory_iterator(); each.increment(error)) {
    const std::string name = each->path().filename();
    if (name != "start.lock" && name != "agent.lock" && name != "agent.log") {
      return fail(ErrorCode::usage, "--remove-home: " + paths.state + " is no folder of its own, there is " +
                                        printable(name, 60) + " in it; nothing was changed");
    }
  }
  return {};
}

Result<void> mark_removable(const Paths& paths) {
  const std::string path = paths.state + "/" + kRemovable;
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return fail(ErrorCode::storage, "cannot write " + path + ": " + std::strerror(errno));
  return {};
}

Result<void> remove_home(const Paths& paths, const Fd& lock) {
  Fd folder(::open(paths.state.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat home {}, held {}, there {};
  const bool ours = folder && ::fstat(folder.get(), &home) == 0 && home.st_uid == ::geteuid() &&
                    (home.st_mode & 07777) == 0700;
  const bool locked = ours && ::fstat(lock.get(), &held) == 0 &&
                      ::fstatat(folder.get(), "agent.lock", &there, AT_SYMLINK_NOFOLLOW) == 0 &&
                      held.st_dev == there.st_dev && held.st_ino == there.st_ino;
  if (!locked) {
    return fail(ErrorCode::permission, paths.state + " is not removed: it is not the private folder of this agent");
  }
  for (const char* name : kMadeHere) {
    struct stat status {};
    if (::fstatat(folder.get(), name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !is_plain_and_ours(status)) continue;
    ::unlinkat(folder.get(), name, 0);
  }
  // By its name again: rmdir() takes empty folders only, and no links.
  if (::rmdir(paths.state.c_str()) == 0) return {};
  return fail(ErrorCode::busy, paths.state + " is left: " + std::strerror(errno));
}

void tell_starter(int fd, const Error* error) {
  if (fd < 0) return;
  const std::string text = error ? rpc::to_json(*error) + "\n" : "R";
  [[maybe_unused]] auto n = ::write(fd, text.data(), text.size());
  ::close(fd);
}

}  // namespace otpctl::server
