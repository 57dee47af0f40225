// otpctl manual: an operator enters a code for whoever waits, or sees who does and chooses.
#pragma once

#include "shared/cli.hpp"

namespace otpctl::apps::manual {

struct Options {
  std::string target;  // empty: list who waits, and ask on a terminal
  std::string code;    // empty: read from standard input
  bool json = false;
  bool plain = false;
  bool follow = false;
  bool operator==(const Options&) const = default;
};

/// `usage` for what no code can be. The code itself is never repeated.
Result<void> check(const std::string& code);

/// "handed over to a wait for bot5@example.com".
std::string in_words(const rpc::ManualResult& result);

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::manual
