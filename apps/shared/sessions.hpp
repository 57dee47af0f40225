// Sessions as people name them.
#pragma once

#include "client/pages.hpp"

#include <string>
#include <vector>

namespace otpctl::apps {

using client::all_sessions;

/// The id for what was named: an id or prefix as it is; an address: the living session for it (`not_found`, or
/// `ambiguous` when there are several).
Result<std::string> session_named(client::Client& agent, const std::string& name);

}  // namespace otpctl::apps
