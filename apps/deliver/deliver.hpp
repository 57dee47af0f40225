// otpctl deliver: hands one RFC 5322 message from standard input to the agent (Postfix, Sieve,
// procmail).
#pragma once

#include "shared/cli.hpp"

namespace otpctl::apps::deliver {

struct Options {
  std::vector<std::string> recipients;
  std::string sender;
  bool json = false;
  bool operator==(const Options&) const = default;
};

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

}  // namespace otpctl::apps::deliver
