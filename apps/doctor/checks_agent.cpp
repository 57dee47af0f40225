// The agent: is it there, is it one, what does it work with, who starts it.
#include "base/fd.hpp"
#include "base/text.hpp"
#include "client/end_by_signal.hpp"
#include "doctor/checks.hpp"
#include "rpc/messages.hpp"
#include "shared/output.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace otpctl::apps::doctor {

namespace {

bool answers(const Facts& facts) { return facts.agent.found == Agent::Found::answers; }

std::string milliseconds(Duration duration) {
  const auto micros = duration.count();
  return micros < 1000 ? "under 1 ms" : std::to_string(micros / 1000) + " ms";
}

/// The agents that listen where a command would look for one.
std::set<int> listening(const Paths& paths) {
  std::set<int> pids;
  for (const std::string& socket : client::sockets_to_ask(paths, client::Start::never)) {
    const auto channel = client::Channel::connect(socket, BootClock::now() + std::chrono::milliseconds(500));
    if (channel) pids.insert(channel->peer_pid());
  }
  return pids;
}

Row no_agent(const Paths& paths) {
  if (const auto pid = client::holder_of_lock(paths)) {
    return failed(ErrorCode::agent_unreachable,
                  "an agent (pid " + std::to_string(*pid) + ") holds the store, but nobody answers on its socket",
                  "wait 30 s: it makes a lost socket again; else end it by its pid");
  }
  if (is_locked(paths.agent_lock)) {
    return failed(ErrorCode::busy, "no agent that is known holds the store, but somebody locks " + printable(paths.agent_lock, 1000),
                  "ask again when one has just been started; else see who it is with lslocks");
  }
  return skipped("none is running; the first otpctl wait starts one");
}

// ---- the store without an agent ----

/// `not_found`, `permission` or `storage`, with the reason alone.
Result<std::string> first_bytes(const std::string& path, std::size_t count) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) {
    const ErrorCode why = errno == ENOENT   ? ErrorCode::not_found
                          : errno == EACCES ? ErrorCode::permission
                                            : ErrorCode::storage;
    return fail(why, std::strerror(errno));
  }
  std::string bytes(count, '\0');
  const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

/// What is wrong with the key of a store that is there. A living agent has read its own long ago: the next one will not.
std::optional<Row> key_trouble(const Paths& paths, bool lives) {
  constexpr std::size_t kKeyBytes = 32;
  const std::string key = printable(paths.key, 1000);
  const char* fix = lives ? "bring the right key back before the agent ends: what the store keeps is lost without it"
                          : "bring the key back, or move store and key away: what it kept is lost";
  const char* then = lives ? "; the next agent cannot read the store" : "";
  const auto bytes = first_bytes(paths.key, kKeyBytes + 1);
  if (!bytes && bytes.error().code == ErrorCode::permission) {
    return failed(ErrorCode::permission, "its key may not be read by this user (" + key + ")" + then,
                  "chmod 600 " + key);
  }
  if (!bytes || bytes->size() != kKeyBytes) {
    return failed(ErrorCode::config, std::string("its key ") + (bytes ? "is damaged" : "is missing") + " (" + key + ")" + then,
                  fix);
  }
  const auto fits = store::Store::key_fits({paths.store, paths.key, std::chrono::milliseconds(500)});
  if (fits.value_or(true)) return std::nullopt;
  return failed(ErrorCode::config, key + " is not the key of this store" + then, fix);
}

Row store_row(const Paths& paths) {
  const std::string shown = printable(paths.store, 1000);
  const auto store = first_bytes(paths.store, 16);
  if (!store && store.error().code == ErrorCode::not_found) return skipped("none yet: the first agent makes it");
  if (!store) {
    return failed(ErrorCode::permission, shown + " cannot be opened: " + store.error().message, "see files above");
  }
  if (store->empty()) return passed("it is empty");
  if (*store != std::string("SQLite format 3\0", 16)) {
    return failed(ErrorCode::storage, shown + " is no store", "move it away with its -wal and -shm; what it kept is lost");
  }
  return key_trouble(paths, false).value_or(passed("store and key are there"));
}

/// What the agent says of it, and what will meet the next one.
Row store_row(const Facts& facts, const HealthReport& health) {
  const Paths& paths = *facts.paths;
  if (!health.store_trouble.empty()) {
    return failed(ErrorCode::storage, health.store_trouble,
                  "make room, or make it writable; the agent tries again every second");
  }
  const bool there = ::access(paths.store.c_str(), F_OK) == 0;
  const bool its_own = facts.agent.status.home == paths.state;
  if (!there && errno == ENOENT && its_own) {
    return warning(printable(paths.store, 1000) + " is gone, the agent writes to a file that has no name any more",
                   "otpctl agent restart makes a new one; sessions and codes that are not taken end with this agent");
  }
  return (there ? key_trouble(paths, true) : std::nullopt).value_or(passed("the agent can write it"));
}

// ---- who starts it ----

struct Unit {
  std::string path;
  bool enabled = false;
};

std::optional<Unit> find_unit(const std::vector<std::string>& folders) {
  std::optional<Unit> unit;
  for (const std::string& folder : folders) {
    for (const char* name : {"otpctl-agent.socket", "otpctl-agent.service"}) {
      const std::string path = folder + "/" + name;
      if (!unit && ::access(path.c_str(), F_OK) == 0) unit = Unit{path, false};
      for (const char* target : {"/sockets.target.wants/", "/default.target.wants/", "/multi-user.target.wants/"}) {
        const std::string wanted = folder + target + name;
        struct stat info {};
        if (::lstat(wanted.c_str(), &info) == 0) unit = Unit{wanted, true};
      }
    }
  }
  return unit;
}

std::optional<Unit> user_unit(const Context& context) {
  std::string own = context.env("XDG_CONFIG_HOME");
  if (own.empty()) own = context.env("HOME") + "/.config";
  return find_unit({own + "/systemd/user", "/etc/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user"});
}

std::optional<Unit> system_unit() {
  return find_unit({"/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"});
}

bool runs_in_unit(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cgroup");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return text.find("otpctl-agent.service") != text.npos;
}

Row source_row(const SourceStatus& source, WallTime now) {
  const std::string words = describe(source, now);
  switch (source.state) {
    case SourceState::live: return passed(words);
    case SourceState::starting: return warning(words, "ask again in a moment");
    case SourceState::throttled: return warning(words, "the server asks for a pause; nothing to do");
    case SourceState::unreachable:
      return failed(ErrorCode::source_unreachable, words, "host, port and tls in the configuration; the network");
    case SourceState::signed_out:
      return failed(ErrorCode::auth_rejected, words, "correct the secret or the user name, then otpctl agent reload");
  }
  return skipped(words);
}

}  // namespace

Rows check_agent(const Facts& facts) {
  if (!facts.paths) return {skipped("no home")};
  const auto pids = listening(*facts.paths);
  Rows rows;
  switch (facts.agent.found) {
    case Agent::Found::none: rows.push_back(no_agent(*facts.paths)); break;
    case Agent::Found::silent:
      rows.push_back(failed(facts.agent.trouble->code, facts.agent.trouble->message,
                            facts.agent.trouble->code == ErrorCode::permission
                                ? "use an OTPCTL_HOME of your own, or set OTPCTL_SOCKET"
                                : "otpctl agent restart; if that fails end it by its pid"));
      break;
    case Agent::Found::answers:
      rows.push_back(passed("pid " + std::to_string(facts.agent.status.pid) + " answers in " +
                            milliseconds(facts.agent.answered_in)));
      break;
  }
  if (pids.size() > 1) {
    std::string list;
    for (const int pid : pids) list += (list.empty() ? "" : ", ") + std::to_string(pid);
    rows.push_back(warning(std::to_string(pids.size()) + " agents listen where commands look (pids " + list + ")",
                           "stop one of them: codes go to the one that is found first"));
  }
  return rows;
}

Rows check_in_force(const Facts& facts) {
  if (!answers(facts)) return {skipped("no agent to compare with")};
  const std::string& agents = facts.agent.status.config;
  const std::string& ours = facts.paths->config;
  const bool there = ::access(ours.c_str(), F_OK) == 0;
  if (!there && errno == EACCES) return {skipped(printable(ours, 1000) + " may not be looked at, see config above")};
  if (agents.empty() && !there) return {passed("the agent has no file either")};
  if (agents.empty()) return {warning("the agent works without " + printable(ours, 1000), "otpctl agent reload")};
  if (agents != ours) {
    return {warning("the agent reads " + printable(agents, 1000) + ", this shell would read " + printable(ours, 1000),
                    "otpctl doctor --config " + printable(agents, 1000))};
  }
  if (!there) return {warning(printable(ours, 1000) + " was removed since the agent read it", "otpctl agent reload")};
  if (facts.agent.config_taken) return {passed("the agent works with the file as it is")};
  return {warning(printable(ours, 1000) + " was changed since the agent read it", "otpctl agent reload")};
}

Rows check_store(const Facts& facts) {
  if (!facts.paths) return {skipped("no home")};
  if (facts.config && facts.config->store_in_memory) return {skipped("in memory")};
  if (!answers(facts)) return {store_row(*facts.paths)};
  if (!facts.agent.health) return {skipped("the agent does not tell")};
  return {store_row(facts, *facts.agent.health)};
}

Rows check_launcher(const Facts& facts) {
  const auto user = user_unit(facts.context);
  const auto system = system_unit();
  const bool by_unit = answers(facts) && runs_in_unit(facts.agent.status.pid);
  if (user && system && user->enabled && system->enabled) {
    return {warning("the unit of the user and that of the system are both enabled", "systemctl disable one of them")};
  }
  const auto& unit = user && (user->enabled || !system || !system->enabled) ? user : system;
  if (!unit) return {skipped("no systemd unit; commands start the agent")};
  const std::string path = printable(unit->path, 1000);
  if (!unit->enabled) return {skipped(path + " is not enabled; commands start the agent")};
  if (answers(facts) && !by_unit) {
    return {warning("systemd is to start the agent (" + path + "), but this one was started otherwise",
                    "otpctl agent stop, then systemctl start otpctl-agent.socket (--user for one of yours)")};
  }
  return {passed("systemd, " + path)};
}

Rows check_sources(const Facts& facts) {
  if (!answers(facts)) return {skipped("no agent that watches them")};
  Rows rows;
  for (const SourceStatus& source : facts.agent.status.sources) {
    rows.push_back(of(source.name, source_row(source, facts.now.wall)));
  }
  if (rows.empty()) rows.push_back(skipped("no mailbox; the agent takes what deliver, sms and manual bring"));
  return rows;
}

}  // namespace otpctl::apps::doctor
