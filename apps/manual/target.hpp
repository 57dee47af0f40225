// Whom `otpctl manual TARGET` means, before anybody is asked for a code. Pure.
#pragma once

#include "base/result.hpp"

#include <otpctl/types.hpp>

#include <string>
#include <vector>

namespace otpctl::apps::manual {

struct Meant {
  std::vector<WaiterInfo> waiting;  // all for one recipient; empty: a code can be kept for the next who waits
  std::string name;                 // the recipient
};

/// A whole recipient, the beginning of an id, or a part of a recipient, as the agent reads it. `not_found`: it fits
/// nobody; `ambiguous`: it fits several recipients.
Result<Meant> whom(const std::string& target, const std::vector<WaiterInfo>& waiters,
                   const std::vector<SessionInfo>& sessions);

}  // namespace otpctl::apps::manual
