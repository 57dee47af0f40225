#include "agent/agent.hpp"

#include "base/launch.hpp"
#include "base/text.hpp"
#include "client/client.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"
#include "status/status.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <unistd.h>

namespace otpctl::apps::agent {

const Command<Options> kCommand{
    "agent",
    "  otpctl agent start\n"
    "  otpctl agent run -v                       # in the foreground, log on the terminal\n"
    "  otpctl agent reload -v                    # the configuration again; says what has changed\n"
    "  otpctl agent restart                      # waiters come back by themselves\n"
    "  otpctl agent stop                         # waiters end with 69\n",
    add, run};

namespace {

CLI::App& add_one(CLI::App& app, const char* name, const char* summary, Options& options,
                  Action which, bool json) {
  CLI::App& action = add_action(app, name, summary, [&options, which] { options.action = which; });
  if (json) add_json(action, options.json);
  return action;
}

void add_how_it_runs(CLI::App& action, Options& options) {
  add_text(action, "--config", "FILE", options.config,
           "this configuration instead of the usual one");
  add_count(action, "-v,--verbose", options.verbose, "log more; -vv logs the most");
  add_env_file(action, options.env_file);
}

}  // namespace

void add(CLI::App& app, Options& options) {
  add_how_it_runs(add_one(app, "run", "run it in the foreground", options, Action::run, false),
                  options);
  add_how_it_runs(add_one(app, "start", "start it in the background", options, Action::start, true),
                  options);
  add_one(app, "stop", "end it; every wait ends with 69", options, Action::stop, true);
  add_how_it_runs(add_one(app, "restart", "end it and start the next; waits go on", options,
                          Action::restart, true),
                  options);
  CLI::App& reload =
      add_one(app, "reload", "read the configuration and the secrets again; waits go on", options,
              Action::reload, true);
  add_count(reload, "-v,--verbose", options.verbose, "say what has changed");
  add_one(app, "status", "the same as otpctl status", options, Action::status, true);
}

std::vector<std::string> agent_arguments(const Options& options) {
  std::vector<std::string> arguments;
  if (!options.config.empty()) arguments.insert(arguments.end(), {"--config", options.config});
  for (int i = 0; i < options.verbose; ++i) arguments.emplace_back("-v");
  return arguments;
}

namespace {

ExitCode run_in_foreground(const Options& options, Context& context,
                           const client::Options& connection) {
  const std::string& program = connection.agent_program;
  std::vector<std::string> words = connection.agent_arguments;
  words.insert(words.begin(), program);
  std::signal(SIGPIPE, SIG_DFL);
  execv(program.c_str(), pointers_to(words).data());
  return report(context,
                {ErrorCode::agent_unreachable,
                 "cannot run " + printable(program) + ": " + std::strerror(errno)},
                options.json);
}

/// The answer of start, stop and restart: with --json the pid, else nothing.
ExitCode done(const Options& options, Context& context, const Result<int>& pid) {
  if (!pid) return report(context, pid.error(), options.json);
  return options.json ? answer_json(context, rpc::StopResult{*pid}) : ExitCode::done;
}

/// The agent that runs may be another one than the one that was asked for: the first one that came, or its unit's.
void warn_of_other(const Options& options, Context& context, const AgentStatus& status) {
  const std::string text = options.config.empty() ? "" : other_configuration(options.config, status.config);
  if (!text.empty()) warn(context, rpc::Warning{text, 0}, options.json);
}

Result<int> start(const Options& options, Context& context, client::Options connection) {
  connection.start = client::Start::if_needed;
  connection.start_after_stop = true;
  client::Client agent(connection);
  const auto status = agent.ask<AgentStatus>(rpc::Status{});
  if (!status) return fail(status.error());
  warn_of_other(options, context, *status);
  return status->pid;
}

Result<int> restart(const Options& options, Context& context, const client::Options& connection) {
  auto pid = client::restart_agent(connection);
  if (!pid || options.config.empty()) return pid;
  client::Client agent(connection);
  if (const auto status = agent.ask<AgentStatus>(rpc::Status{})) warn_of_other(options, context, *status);
  return pid;
}

ExitCode reload(const Options& options, Context& context, const client::Options& connection) {
  constexpr Duration kWithin = std::chrono::seconds(30);
  client::Client agent(connection);
  const auto result = agent.ask<rpc::ReloadResult>(rpc::Reload{}, kWithin);
  if (!result) return report(context, result.error(), options.json);
  if (options.json) return answer_json(context, *result);
  if (options.verbose == 0) return ExitCode::done;
  std::string text;
  for (const std::string& change : result->changes) text += printable(change, 2000) + "\n";
  return answer(context, text.empty() ? "nothing has changed\n" : text, false);
}

}  // namespace

std::string other_configuration(const std::string& asked, const std::string& running) {
  std::error_code none;
  if (asked == running || std::filesystem::equivalent(asked, running, none)) return {};
  return "an agent runs already with " +
         (running.empty() ? std::string("no configuration file") : printable(running)) + "; " + printable(asked) +
         " was not read (otpctl agent restart --config " + printable(asked) + ")";
}

ExitCode run(const Options& options, Context& context) {
  if (!options.env_file.empty()) {
    if (auto loaded = load_env_file(context, options.env_file); !loaded)
      return report(context, loaded.error(), options.json);
  }
  auto connection = agent_options(context, client::Start::never, options.config);
  if (!connection) return report(context, connection.error(), options.json);
  Options from_root = options;  // the agent works in "/"
  if (!options.config.empty()) from_root.config = connection->paths.config;
  connection->agent_arguments = agent_arguments(from_root);
  connection->note = [&](const std::string& text) { warn(context, rpc::Warning{text, 0}, options.json); };
  // They are for the agent that runs, whatever mailbox it watches: else nobody could end it.
  if (options.action != Action::start) connection->environment.clear();
  switch (options.action) {
    case Action::run: return run_in_foreground(options, context, *connection);
    case Action::start: return done(options, context, start(from_root, context, *connection));
    case Action::stop: return done(options, context, client::stop_agent(*connection));
    case Action::restart: return done(options, context, restart(from_root, context, *connection));
    case Action::reload: return reload(options, context, *connection);
    case Action::status:
    case Action::none: break;
  }
  return status::run({options.json}, context);
}

}  // namespace otpctl::apps::agent
