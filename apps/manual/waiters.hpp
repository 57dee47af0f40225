// Everybody who waits, page after page.
#pragma once

#include "client/client.hpp"

#include <vector>

namespace otpctl::apps::manual {

/// With the candidates of the ambiguous: it holds codes.
Result<std::vector<WaiterInfo>> read_waiters(client::Client& agent);

}  // namespace otpctl::apps::manual
