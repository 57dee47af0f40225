// Errors as values. An Error says what a caller can do about it (its code) and, in one line, what to do
// (its message). It never holds a code, token, password or message body.
#pragma once

#include <otpctl/exit_code.hpp>

#include <string>
#include <string_view>

namespace otpctl {

enum class ErrorCode {
  usage,              // an argument that cannot be meant: not an address, an impossible duration
  config,             // the configuration, the message begins with file:line; or a damaged store
  not_found,          // no such session, file or recipient
  expired,            // the session existed and has ended
  no_code,            // a message came, its code is missing or ambiguous
  ambiguous,          // a prefix or name that fits several
  agent_unreachable,  // no agent, or it ended
  agent_version,      // an agent that speaks another protocol version
  source_unreachable, // no source can be reached
  auth_rejected,      // a server refused the sign-in
  permission,         // unsafe owner or mode, another user's socket, a locked file
  network,            // connection, name or reset
  tls,                // certificate or handshake
  protocol,           // the peer broke the protocol
  timeout,            // the time given is over
  busy,               // somebody else holds it; try later
  throttled,          // the server asked for less
  storage,            // disk full, a file that cannot be read or written
  cancelled,          // the caller asked to stop
  internal,           // a bug of ours
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // one line, no trailing full stop or newline, says what to do where that is known
};

/// True when the same call may succeed later without anybody changing anything.
bool is_retryable(ErrorCode code);

/// The exit code that a command ends with for this class.
ExitCode exit_code_for(ErrorCode code);

/// "auth_rejected" …: the name in JSON and in the protocol. Stable.
std::string_view name_of(ErrorCode code);

/// The reverse of name_of; `internal` for a name that is not known (a newer peer).
ErrorCode error_code_from(std::string_view name);

}  // namespace otpctl
