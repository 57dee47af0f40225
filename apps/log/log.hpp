// otpctl log: what happened, as far back as the agent keeps it. Never starts one.
#pragma once

#include "shared/cli.hpp"
#include "shared/timeline.hpp"

namespace otpctl::apps::log {

struct Options {
  std::string recipient;  // glob
  std::vector<EventType> types;
  std::optional<Moment> since;
  std::optional<Moment> until;
  std::string session;  // id or the beginning of one
  std::optional<int> last;
  bool json = false;
  bool operator==(const Options&) const = default;
};

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::log
