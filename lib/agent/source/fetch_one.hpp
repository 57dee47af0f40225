// One message again from its mailbox: credentials, connection, EXAMINE, UID FETCH with PEEK, LOGOUT. Nothing is marked as
// seen, nobody is waited for longer than the deadline. For a command that explains what the agent saw.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
#include "imap/session.hpp"

#include <string>

namespace otpctl::source {

/// Blocks; runs a loop of its own. Errors:
///   not_found           the message was moved or deleted, its folder is gone or was numbered anew
///   auth_rejected       the server refused the sign-in (with its words), or a program gave no secret
///   permission, config  the secret or the folder cannot be had; tls: no encryption that can be trusted
///   source_unreachable  the server cannot be reached, broke the protocol, or did not answer within `within`
///   throttled, busy     the server asks to come later
Result<imap::Mail> fetch_one(const config::Mailbox& mailbox, const std::string& folder, imap::Place place,
                             Duration within = std::chrono::seconds(30));

}  // namespace otpctl::source
