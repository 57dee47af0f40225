// otpctl sms: hands one SMS to the agent (gammu, smstools, a phone's script).
#pragma once

#include "shared/cli.hpp"

namespace otpctl::apps::sms {

struct Options {
  std::string from;
  std::string to;
  std::optional<WallTime> sent;
  std::string id;
  std::string text;  // empty or "-": standard input
  bool json = false;
  bool operator==(const Options&) const = default;
};

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::sms
