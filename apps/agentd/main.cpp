// otpctl-agentd: reads the configuration, takes the lock, opens store and sockets, says that it is ready, runs.
#include "base/paths.hpp"
#include "io/log.hpp"
#include "server/agent.hpp"
#include "server/check.hpp"
#include "server/lifecycle.hpp"

#include <otpctl/version.hpp>

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace {

using namespace std::string_literals;
using otpctl::Error;
using otpctl::ErrorCode;
using otpctl::Result;

struct Options {
  std::string config;
  std::string log_level;
  int verbosity = 0;
  int ready_fd = -1;
  bool check = false;
  bool foreground() const { return ready_fd < 0; }
};

Result<otpctl::config::Config> read_config(const std::string& path, bool named) {
  return otpctl::server::read_config(path, named, otpctl::real_surroundings().env);
}

Result<otpctl::io::LogLevel> log_level(const Options& options, const otpctl::config::Config& config) {
  if (options.verbosity > 1) return otpctl::io::LogLevel::trace;
  if (options.verbosity == 1) return otpctl::io::LogLevel::debug;
  if (!options.log_level.empty()) return otpctl::io::parse_log_level(options.log_level);
  if (const char* variable = std::getenv("OTPCTL_LOG"); variable && *variable) {
    return otpctl::io::parse_log_level(variable);
  }
  return otpctl::io::parse_log_level(config.log_level);
}

Result<std::unique_ptr<otpctl::server::Agent>> prepare(otpctl::io::Loop& loop, const Options& options) {
  namespace server = otpctl::server;
  auto paths = otpctl::resolve_paths(otpctl::real_surroundings(), options.config);
  if (!paths) return otpctl::fail(paths.error());
  auto config = read_config(paths->config, !options.config.empty());
  if (!config) return otpctl::fail(config.error());
  if (auto good = server::check_config(*config); !good) return otpctl::fail(good.error());
  server::reduce_environment(*config);
  auto lock = server::take_agent_lock(*paths);
  if (!lock) return otpctl::fail(lock.error());
  auto level = log_level(options, *config);
  if (!level) return otpctl::fail(level.error());
  const auto log_file = !config->log_file.empty() ? config->log_file
                        : options.foreground()    ? ""s
                                                  : paths->state + "/agent.log";
  if (auto logging = otpctl::io::start_log(log_file, *level); !logging) return otpctl::fail(logging.error());
  const otpctl::rpc::AgentFile file{paths->socket,     paths->lmtp_socket, ::getpid(),
                                    otpctl::kVersion, loop.now().wall,    std::nullopt};
  const auto agent_file = paths->agent_file;
  auto agent = server::Agent::create(loop, std::move(*paths), std::move(*config), std::move(*lock));
  if (!agent) return agent;
  if (auto written = server::write_agent_file(agent_file, file); !written) return otpctl::fail(written.error());
  return agent;
}

/// What a restart asks before it ends the agent that works: would this configuration be taken?
Result<void> check(const Options& options) {
  auto paths = otpctl::resolve_paths(otpctl::real_surroundings(), options.config);
  if (!paths) return otpctl::fail(paths.error());
  auto config = read_config(paths->config, !options.config.empty());
  if (!config) return otpctl::fail(config.error());
  if (auto level = log_level(options, *config); !level) return otpctl::fail(level.error());
  return otpctl::server::check_config(*config);
}

int tell(const Options& options, const Error& error) {
  otpctl::server::tell_starter(options.ready_fd, &error);
  if (options.foreground()) std::fprintf(stderr, "otpctl-agentd: %s\n", error.message.c_str());
  return static_cast<int>(otpctl::exit_code_for(error.code));
}

int run(const Options& options) {
  otpctl::server::clean_process(!options.foreground(),
                                options.ready_fd >= 0 ? std::vector<int>{options.ready_fd} : std::vector<int>{});
  if (options.check) {
    const auto good = check(options);
    if (!good) return tell(options, good.error());
    otpctl::server::tell_starter(options.ready_fd, nullptr);
    return 0;
  }
  otpctl::io::Loop loop;
  auto agent = prepare(loop, options);
  if (!agent) return tell(options, agent.error());
  otpctl::server::tell_starter(options.ready_fd, nullptr);
  (*agent)->run();
  return 0;
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
  app.set_version_flag("-V,--version", "otpctl-agentd "s + otpctl::kVersion);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(otpctl::ExitCode::usage);
  }
  if (!options.config.empty()) options.config = std::filesystem::absolute(options.config);  // before chdir("/")
  return run(options);
}
