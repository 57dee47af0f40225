// The way of a command to the agent.
#pragma once

#include "client/client.hpp"
#include "shared/context.hpp"

#include <string>

namespace otpctl::apps {

/// client::options_from for this command.
Result<client::Options> agent_options(const Context& context, client::Start start,
                                      const std::string& config = {});

/// To hand something over to the agent that runs, whatever mailbox the caller's environment names.
Result<client::Options> hand_over_options(const Context& context);

/// For a caller that still has the message, and would drop it or send it back at any other exit code than 75: whatever is
/// wrong here, permissions and configuration included, can be mended before it tries again.
Error try_later(Error error);
/// The same, but a wrong command line (64) and what is refused for good (65) stay what they are.
Error for_retry(Error error);

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
