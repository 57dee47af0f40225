// Lists that the agent gives in pages, read to their end. A page that does not go on behind the one before is an error of
// class `protocol`: no agent keeps its client asking for ever.
#pragma once

#include "client/client.hpp"

#include <vector>

namespace otpctl::client {

/// The oldest first; the pages come in the order of ids.
Result<std::vector<SessionInfo>> all_sessions(Client& agent, Duration within = std::chrono::seconds(10));

Result<std::vector<WaiterInfo>> all_waiters(Client& agent, Duration within = std::chrono::seconds(10));

/// What a page that goes nowhere is.
Error no_progress(const char* method);

}  // namespace otpctl::client
