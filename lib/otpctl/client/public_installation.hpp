// Where the programs lie that belong to this library.
#pragma once

#include <string>

namespace otpctl::client {

/// otpctl-agentd of the installation that this library was loaded from, wherever that was moved to; else where it was
/// configured to be installed. As a path from the root.
std::string installed_agent();

}  // namespace otpctl::client
