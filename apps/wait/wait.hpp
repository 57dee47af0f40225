// otpctl wait: blocks until the code comes, prints only the code, acknowledges it, ends.
#pragma once

#include "shared/cli.hpp"

namespace otpctl::apps::wait {

struct Options {
  Target target;
  std::string session;
  Filters filters;
  std::optional<Duration> timeout;
  bool no_limit = false;
  std::optional<Duration> since;
  bool exclusive = false;
  std::optional<Duration> queue;
  bool fail_fast = false;
  std::optional<int> timeout_exit_code;
  bool json = false;
  std::string progress = "auto";
  bool quiet = false;
  std::string env_file;
  bool operator==(const Options&) const = default;
};

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::wait
