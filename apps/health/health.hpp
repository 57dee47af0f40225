// otpctl health: is the agent well, and every source of it? For cron and monitoring. Never starts one.
#pragma once

#include "health/assess.hpp"
#include "shared/cli.hpp"

namespace otpctl::apps::health {

struct Options {
  std::optional<Duration> warning;
  std::optional<Duration> critical;
  std::vector<std::string> sources;  // globs; none: all
  bool quiet = false;
  bool json = false;
  bool prometheus = false;
  std::string textfile;
  bool operator==(const Options&) const = default;
};

void add(CLI::App& app, Options& options);
/// Ends with 0, 1, 2 or 3, as monitoring systems ask for it, and always says why on standard output.
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

/// A command line that is wrong ends with 3 as well, and says so on standard output: that is what a
/// monitoring system shows.
ExitCode parse_and_run(const std::vector<std::string>& arguments, Context& context);
int main_of(int argc, char** argv);

}  // namespace otpctl::apps::health
