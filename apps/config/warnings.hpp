// What is not wrong but should be known of a configuration.
#pragma once

#include "config/config.hpp"

#include <functional>
#include <string>
#include <vector>

namespace otpctl::apps::config {

/// One line each. Looks at the file itself (who may write and read it) and at the files that it names.
std::vector<std::string> warnings_of(const otpctl::config::Config& config);

using Environment = std::function<std::string(const char*)>;

/// Why a secret cannot be had here, as far as can be told without running a program or reading a file: the variable is not
/// set, the credential not given, the program not on the PATH. "" when there is no reason, and for a file.
std::string missing_here(const otpctl::config::SecretSource& secret, const Environment& env);

/// A line for each secret of which that is so; the agent may have what this shell has not.
std::vector<std::string> missing_secrets(const otpctl::config::Config& config, const Environment& env);

}  // namespace otpctl::apps::config
