// What `otpctl` itself does: find the program of a command, or help. No streams, no shared library
// of ours.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace otpctl::apps {

/// Paths of otpctl-NAME, the best first: in our own libexec folder, then along PATH. `self` is the
/// real path of the running program ("/usr/bin/otpctl"). Empty for a name that is none: it may hold
/// no slash.
std::vector<std::string> programs_for(std::string_view name, const std::string& self,
                                      std::string_view path);

/// What `otpctl help` prints, and `otpctl` alone on standard error.
std::string general_help();

/// What `otpctl help exit-codes` prints: the number, two spaces, the meaning; one a line.
std::string exit_code_help();

/// "unknown command 'wiat', did you mean 'wait'?"
std::string unknown_command(std::string_view name);

int dispatch(int argc, char** argv);

}  // namespace otpctl::apps
