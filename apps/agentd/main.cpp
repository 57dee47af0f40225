// otpctl-agentd: reads the configuration, takes the lock, opens store and sockets, says that it is ready, runs.
#include "base/paths.hpp"
#include "base/private_folder.hpp"
#include "io/log.hpp"
#include "server/agent.hpp"
#include "server/lifecycle.hpp"
#include "server/reload.hpp"
#include "server/systemd.hpp"

#include <otpctl/version.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <unistd.h>
#include <vector>

namespace {

using namespace std::string_literals;
namespace server = otpctl::server;
using otpctl::Error;
using otpctl::fail;
using otpctl::Fd;
using otpctl::Result;

struct Options {
  std::string config;
  std::string log_level;
  int verbosity = 0;
  std::optional<int> ready_fd;
  std::optional<int> leash_fd;
  bool remove_home = false;
  bool check = false;
  bool foreground() const { return !ready_fd; }
};

std::string log_level(const Options& options) {
  if (options.verbosity > 1) return "trace";
  if (options.verbosity == 1) return "debug";
  if (!options.log_level.empty()) return options.log_level;
  const char* variable = std::getenv("OTPCTL_LOG");
  return variable ? variable : "";
}

server::Origin origin_of(const Options& options, const otpctl::Paths& paths) {
  return {paths.config, !options.config.empty(), log_level(options),
          options.foreground() ? "" : paths.state + "/agent.log"};
}

/// Where everything is. A socket that systemd handed over decides for both sockets.
Result<otpctl::Paths> find_paths(const Options& options, const server::Activation& activation) {
  auto paths = otpctl::resolve_paths(otpctl::real_surroundings(), options.config);
  if (!paths || !activation.socket) return paths;
  paths->socket = activation.path;
  paths->lmtp_socket = otpctl::folder_of(activation.path) + "/lmtp.sock";
  return paths;
}

/// What lives as long as the agent and a moment longer.
struct Life {
  otpctl::io::Loop loop;
  std::unique_ptr<server::Leash> leash;
  otpctl::Paths paths;
  Fd lock;  // the same lock as the agent's
  std::unique_ptr<server::Agent> agent;
};

Result<void> begin(Life& life, const Options& options, server::Activation activation, Fd leash) {
  auto paths = find_paths(options, activation);
  if (!paths) return fail(paths.error());
  if (auto may = server::may_begin_in(*paths, options.remove_home); !may) return may;
  auto origin = origin_of(options, *paths);
  auto plan = server::read_plan(origin);
  if (!plan) return fail(plan.error());
  server::reduce_environment(plan->config);
  auto lock = server::take_agent_lock(*paths);
  if (!lock) return fail(lock.error());
  if (options.remove_home) {
    if (auto marked = server::mark_removable(*paths); !marked) return marked;
  }
  if (auto logging = otpctl::io::start_log(plan->log_file, plan->level); !logging) return logging;
  if (leash) {
    auto held = server::Leash::hold(life.loop, std::move(leash));
    if (!held) return fail(held.error());
    life.leash = std::move(*held);
  }
  life.paths = *paths;
  life.lock = Fd(::fcntl(lock->get(), F_DUPFD_CLOEXEC, 3));
  const otpctl::rpc::AgentFile file{paths->socket,    paths->lmtp_socket,   ::getpid(),
                                    otpctl::kVersion, life.loop.now().wall, std::nullopt};
  auto agent = server::Agent::create(life.loop, {std::move(*paths), std::move(origin), std::move(*plan),
                                                 std::move(*lock), std::move(activation.socket), activation.watchdog});
  if (!agent) return fail(agent.error());
  life.agent = std::move(*agent);
  return server::write_agent_file(life.paths.agent_file, file);
}

/// What a restart asks before it ends the agent that works: would it be followed by the next one?
Result<void> check(const Options& options) {
  const auto paths = find_paths(options, {});
  if (!paths) return fail(paths.error());
  if (auto may = server::may_begin_in(*paths, options.remove_home); !may) return may;
  const auto plan = server::read_plan(origin_of(options, *paths));
  if (!plan) return fail(plan.error());
  return {};
}

int tell(const Options& options, const Error& error) {
  server::tell_starter(options.ready_fd.value_or(-1), &error);
  if (options.foreground()) std::fprintf(stderr, "otpctl-agentd: %s\n", error.message.c_str());
  return static_cast<int>(otpctl::exit_code_for(error.code));
}

int live(const Options& options, server::Activation activation, Fd leash) {
  Life life;
  if (auto begun = begin(life, options, std::move(activation), std::move(leash)); !begun)
    return tell(options, begun.error());
  server::tell_starter(options.ready_fd.value_or(-1), nullptr);
  life.agent->run();
  life.agent.reset();
  if (options.remove_home && life.leash->has_ended()) {
    if (auto removed = server::remove_home(life.paths, life.lock); !removed)
      otpctl::io::log_warning(removed.error().message);
  }
  return 0;
}

/// A starter that named another descriptor than it gave would wait for ever.
Result<void> check_ready_fd(const Options& options) {
  if (options.foreground()) return {};
  const int flags = *options.ready_fd <= STDERR_FILENO ? -1 : ::fcntl(*options.ready_fd, F_GETFL);
  if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) return {};
  return fail(otpctl::ErrorCode::usage,
              "--ready-fd: descriptor " + std::to_string(*options.ready_fd) + " is none above 2 that is open for writing");
}

/// What it is, server::Leash looks at.
Result<void> check_leash_fd(const Options& options) {
  if (!options.leash_fd || *options.leash_fd >= 0) return {};
  return fail(otpctl::ErrorCode::usage, "--leash-fd: " + std::to_string(*options.leash_fd) + " is no descriptor");
}

int run(const Options& options) {
  if (const auto ready = check_ready_fd(options); !ready) {
    std::fprintf(stderr, "otpctl-agentd: %s\n", ready.error().message.c_str());
    return static_cast<int>(otpctl::ExitCode::usage);
  }
  if (const auto leash = check_leash_fd(options); !leash) return tell(options, leash.error());
  auto activation = server::take_activation();
  std::vector<int> keep;
  for (int fd : {options.ready_fd.value_or(-1), options.leash_fd.value_or(-1), activation ? activation->socket.get() : -1}) {
    if (fd >= 0) keep.push_back(fd);
  }
  server::clean_process(!options.foreground(), keep);
  if (options.check) {
    const auto good = check(options);
    if (!good) return tell(options, good.error());
    server::tell_starter(options.ready_fd.value_or(-1), nullptr);
    return 0;
  }
  if (!activation) return tell(options, activation.error());
  return live(options, std::move(*activation), Fd(options.leash_fd.value_or(-1)));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"otpctl-agentd: watches the places where one-time codes arrive (see otpctl-agentd(8))"};
  Options options;
  app.add_option("--config", options.config, "configuration file");
  app.add_option("--log-level", options.log_level, "trace, debug, info, warning, error or off");
  app.add_flag("-v", options.verbosity, "more in the log; twice: everything");
  app.add_flag("--check", options.check, "only read the configuration and say whether it is right");
  app.add_option("--ready-fd", options.ready_fd, "tell on this descriptor when clients may come (used by otpctl)");
  auto* leash = app.add_option("--leash-fd", options.leash_fd,
                               "end when this pipe reports end of file (used by otpctl run --private)");
  app.add_flag("--remove-home", options.remove_home, "then also remove the folder of the agent")->needs(leash);
  app.set_version_flag("-V,--version", "otpctl-agentd "s + otpctl::kVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(otpctl::ExitCode::usage);
  }
  if (!options.config.empty()) options.config = std::filesystem::absolute(options.config);  // before chdir("/")
  return run(options);
}
