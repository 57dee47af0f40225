// otpctl session: register, list, show, mark, refresh, close.
#pragma once

#include "shared/cli.hpp"

namespace otpctl::apps::session {

enum class Action { none, register_, list, show, mark, refresh, close };

struct Options {
  Action action = Action::none;
  std::string session;  // of show, mark, refresh, close; OTPCTL_SESSION when empty
  Target target;
  Filters filters;
  std::string metadata;
  std::string country;
  std::optional<Duration> ttl;
  bool exclusive = false;
  std::optional<Duration> queue;
  std::string env_file;
  bool unique = false;
  bool quiet = false;
  bool json = false;
  bool operator==(const Options&) const = default;
};

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::session
