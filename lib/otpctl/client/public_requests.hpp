// The options of the public calls as requests of the protocol. What the agent could not even be asked is refused here.
// Pure.
#pragma once

#include "base/result.hpp"
#include "rpc/messages.hpp"

#include <otpctl/client.hpp>

#include <optional>

namespace otpctl::client {

Result<rpc::SessionRegister> request_of(const RegisterOptions& wanted);
Result<rpc::Wait> request_of(const WaitOptions& wanted);

/// `usage` for what parse_duration would not take: below 0 or beyond 366 days.
Result<void> check_duration(const char* name, const std::optional<Duration>& duration);

/// `usage` when its line would exceed rpc::kMaxLine.
Result<void> fits_into_a_line(const rpc::Request& request);

}  // namespace otpctl::client
