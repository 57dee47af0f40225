// otpctl watch: what happens, live. A table on a terminal, one JSON object an event in a pipe. Never starts an agent.
#pragma once

#include "shared/cli.hpp"
#include "shared/timeline.hpp"

namespace otpctl::apps::watch {

struct Options {
  std::string recipient;  // glob
  std::vector<EventType> types;
  std::optional<Moment> since;
  std::optional<std::uint64_t> after;
  bool plain = false;
  bool json = false;
  bool exit_with_agent = false;
  bool operator==(const Options&) const = default;
};

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::watch
