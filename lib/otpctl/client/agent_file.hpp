// agent.json as a client reads it. Where and when it is written: server/lifecycle.
#pragma once

#include "base/paths.hpp"
#include "rpc/agent_file.hpp"

#include <optional>

namespace otpctl::client {

/// Nothing when there is none that can be believed: a plain file of ours, not behind a link. Never waits.
std::optional<rpc::AgentFile> agent_file(const Paths& paths);

}  // namespace otpctl::client
