// otpctl doctor: looks at everything that must be right, says what to fix. Never starts an agent, changes nothing.
#pragma once

#include "shared/cli.hpp"

namespace otpctl::apps::doctor {

struct Options : ReadingOptions {
  bool secrets = false;
  bool operator==(const Options&) const = default;
};

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::doctor
