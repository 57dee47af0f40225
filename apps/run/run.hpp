// otpctl run: a session before the program starts, held as long as it runs, closed at its end.
//
//   program       finds, starts and follows the program: signals, stops, its exit code
//   first_code    --env: the code before the program starts
//   giver         --fd: codes through a pipe while it runs
//   private_home  --private: a folder with an agent of its own
//   supervise     the loop that does all of it until the program ends
#pragma once

#include "shared/cli.hpp"

#include <string>
#include <vector>

namespace otpctl::apps::run {

struct Options {
  Target target;
  Filters filters;
  std::optional<Duration> ttl;
  std::string country;
  std::string metadata;
  bool exclusive = false;
  std::optional<Duration> queue;
  std::string env_file;
  bool quiet = false;
  std::optional<int> fd;  // the program finds the codes there
  std::string variable;   // or the first one in this variable
  std::optional<Duration> timeout;
  bool no_limit = false;
  std::optional<Duration> since;
  bool own_agent = false;
  std::string config;
  std::vector<std::string> command;
  bool operator==(const Options&) const = default;
};

void add(CLI::App& app, Options& options);

/// What is wrong with the options by themselves. Pure.
std::optional<Error> wrong(const Options& options);

/// A name that may carry a code: a variable's, and none that would change how the program or we work. Pure.
bool may_carry_code(std::string_view name);

ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::run
