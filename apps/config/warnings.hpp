// What is not wrong but should be known of a configuration.
#pragma once

#include "config/config.hpp"

#include <string>
#include <vector>

namespace otpctl::apps::config {

/// One line each. Looks at the file itself (who may write and read it) and at the files that it names.
std::vector<std::string> warnings_of(const otpctl::config::Config& config);

}  // namespace otpctl::apps::config
