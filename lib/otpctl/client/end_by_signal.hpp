// The way out with an agent that cannot be asked: it hangs, or speaks another protocol.
#pragma once

#include "base/paths.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <optional>

namespace otpctl::client {

/// The pid of the living agent of this store: it holds agent.lock, wrote agent.json, is ours and is an otpctl-agentd.
/// Nothing when one of these cannot be told.
std::optional<int> holder_of_lock(const Paths& paths);

/// SIGTERM to that agent; returns its pid when it is gone. `not_found` when there is none that is certainly it;
/// `agent_unreachable`, with what to do, when it does not end. SIGKILL is never sent.
Result<int> end_by_signal(const Paths& paths, Instant until);

}  // namespace otpctl::client
