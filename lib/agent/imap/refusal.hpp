// What a server means by NO, BAD and BYE: the response codes of RFC 5530, and the habits of those
// that only have words.
#pragma once

#include "imap/response.hpp"
#include "imap/session.hpp"

#include <optional>

namespace otpctl::imap {

/// True when the same command may succeed later: UNAVAILABLE, LIMIT, INUSE, SERVERBUG, OVERQUOTA
/// (Gmail's word for bandwidth), or words to that effect where there is no code.
bool is_temporary(const StatusResponse& status);

LoginRefused login_refused(const StatusResponse& status);

/// A failure that means the same wherever it comes: "Request is throttled. Suggested Backoff Time:
/// 299961 milliseconds" (NO, BAD or BYE; the wait capped at 5 min, a number that is none gives
/// none) and Exchange's "User is authenticated but not connected". Nothing: it means what the
/// command makes of it.
std::optional<Failed> special_failure(const StatusResponse& status);

/// Why EXAMINE failed.
Error folder_error(const StatusResponse& status, std::string_view folder);

}  // namespace otpctl::imap
