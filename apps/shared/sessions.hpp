// Sessions as people name them.
#pragma once

#include "client/client.hpp"

#include <string>
#include <vector>

namespace otpctl::apps {

/// Every living session, page by page.
Result<std::vector<SessionInfo>> all_sessions(client::Client& agent);

/// The id for what was named: an id or prefix as it is; an address: the living session for it (`not_found`, or
/// `ambiguous` when there are several).
Result<std::string> session_named(client::Client& agent, const std::string& name);

}  // namespace otpctl::apps
