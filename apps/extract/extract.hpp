// otpctl extract: the agent's own extractor on one message (a file, standard input, or a mail that the agent has
// seen) or on many (--ndjson); and which
// rule of the configuration would decide (--rule-test).
#pragma once

#include "shared/cli.hpp"

#include <optional>
#include <string>

namespace otpctl::apps::extract {

struct Options : ReadingOptions {
  std::string file;     // empty or "-": standard input
  std::string message;  // id of an event of `otpctl log`
  std::string pattern;
  std::string catch_all;
  bool ndjson = false;
  bool sms = false;
  bool explain = false;
  int shortest = 0;  // --length; 0: any
  int longest = 0;
  std::optional<std::string> rule_test = {};  // whose messages they are; "": the sender of the message itself
  bool operator==(const Options&) const = default;
};

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::extract
