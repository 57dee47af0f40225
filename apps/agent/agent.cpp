#include "agent/agent.hpp"

#include "base/text.hpp"
#include "client/client.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"
#include "status/status.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <unistd.h>

namespace otpctl::apps::agent {

const Command<Options> kCommand{
    "agent",
    "  otpctl agent start\n"
    "  otpctl agent run -v                       # in the foreground, log on the terminal\n"
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
  add_text(action, "--env-file", "FILE", options.env_file,
           "read OTPCTL_* and related variables from FILE");
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
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  execv(program.c_str(), argv.data());
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

Result<int> start(client::Options connection) {
  connection.start = client::Start::if_needed;
  connection.start_after_stop = true;
  client::Client agent(connection);
  const auto status = agent.ask<AgentStatus>(rpc::Status{});
  if (!status) return fail(status.error());
  return status->pid;
}

}  // namespace

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
  // They are for the agent that runs, whatever mailbox it watches: else nobody could end it.
  if (options.action != Action::start) connection->environment.clear();
  switch (options.action) {
    case Action::run: return run_in_foreground(options, context, *connection);
    case Action::start: return done(options, context, start(*connection));
    case Action::stop: return done(options, context, client::stop_agent(*connection));
    case Action::restart: return done(options, context, client::restart_agent(*connection));
    case Action::status:
    case Action::none: break;
  }
  return status::run({options.json}, context);
}

}  // namespace otpctl::apps::agent
