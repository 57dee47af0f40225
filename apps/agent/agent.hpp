// otpctl agent: run, start, stop, restart, reload, status.
#pragma once

#include "shared/cli.hpp"

namespace otpctl::apps::agent {

enum class Action { none, run, start, stop, restart, reload, status };

struct Options {
  Action action = Action::none;
  std::string config;
  int verbose = 0;
  std::string env_file;
  bool json = false;
  bool operator==(const Options&) const = default;
};

/// What otpctl-agentd is given of these options. Pure.
std::vector<std::string> agent_arguments(const Options& options);

/// What somebody must be told who asked for `asked` while an agent runs with `running` ("": the embedded default or the
/// environment). Both from the root; empty when they are the same.
std::string other_configuration(const std::string& asked, const std::string& running);

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::agent
