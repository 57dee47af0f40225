// otpctl complete: what a shell offers behind TAB that only the agent knows. For the completions, not for people: silent
// whatever goes wrong, always done, and gone after 80 ms.
#pragma once

#include "shared/cli.hpp"

namespace otpctl::apps::complete {

struct Options {
  std::string what;  // "recipients", "sessions", "waiters", "sources"
  std::string prefix;
  Duration patience = std::chrono::milliseconds(40);  // with the agent
  bool operator==(const Options&) const = default;
};

/// Sorted, each once, one a line: those that begin with `prefix`. A name that is not printable as it stands, or that a
/// command would read as an option, is left out.
std::string lines_of(std::vector<std::string> names, const std::string& prefix);

void add(CLI::App& app, Options& options);
ExitCode run(const Options& options, Context& context);

extern const Command<Options> kCommand;

/// Ends the process when the time is up, wherever it is.
int main_of(int argc, char** argv);

}  // namespace otpctl::apps::complete
