// agent.json: the plain file beside the store that says where the living agent listens (docs/agent-protocol.md,
// "Socket and permissions"). Pure.
#pragma once

#include "base/result.hpp"

#include <otpctl/types.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace otpctl::rpc {

struct AgentFile {
  std::string socket;
  std::string lmtp;
  int pid = 0;
  std::string version;
  WallTime started{};
  std::optional<WallTime> stopped;  // by `agent stop`: nobody starts one for kStoppedFor
  bool operator==(const AgentFile&) const = default;
};

inline constexpr Duration kStoppedFor = std::chrono::seconds(2);

/// One line with its LF.
std::string to_text(const AgentFile& file);
/// `protocol` when the text is none. The sockets are not checked.
Result<AgentFile> read_agent_file(std::string_view text);

/// The line that an agent writes to --ready-fd when it cannot start, as rpc::to_json(Error) writes it.
std::optional<Error> read_error_line(std::string_view line);

}  // namespace otpctl::rpc
