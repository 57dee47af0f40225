// The way of a command to the agent.
#pragma once

#include "client/client.hpp"
#include "shared/context.hpp"

#include <string>

namespace otpctl::apps {

/// client::options_from for this command.
Result<client::Options> agent_options(const Context& context, client::Start start,
                                      const std::string& config = {});

/// Sets the variables of ours that an environment file names (OTPCTL_*, OTP_MANAGER_*, M365_*;
/// NAME=VALUE lines, `#` comments, `export ` and quotes are allowed), all others are passed over.
/// `not_found` when it cannot be read, `config` with file:line for a line that is none or when
/// others may read a password in it.
Result<void> load_env_file(Context& context, const std::string& path);

/// OTPCTL_SESSION, or "".
std::string session_of(const Context& context);

/// What was wrong with a session that nobody typed: says that OTPCTL_SESSION named it.
Error of_variable(Error error);

}  // namespace otpctl::apps
