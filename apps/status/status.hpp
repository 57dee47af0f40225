// otpctl status: what the agent watches and who waits. Never starts one.
#pragma once

#include "shared/cli.hpp"

namespace otpctl::apps::status {

struct Options {
  bool json = false;
  bool operator==(const Options&) const = default;
};

/// For people, in lines of at most `columns` (0: as long as they are). Pure.
std::string in_words(const AgentStatus& status, WallTime now, int columns = 0);

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::status
