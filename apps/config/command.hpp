// otpctl config: where everything is, what is in force, whether it is right. (Not config.hpp: that is the agent's room.)
#pragma once

#include "shared/cli.hpp"

namespace otpctl::apps::config {

enum class Action { none, path, show, check };

struct Options {
  Action action = Action::none;
  std::string name;  // of `path`: this one alone
  std::string file;  // --config, or what `check` reads; empty: the usual one
  bool json = false;
  std::string env_file = {};  // of `show` and `check`
  bool operator==(const Options&) const = default;
};

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::config
