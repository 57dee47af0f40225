// A plus-address that nobody has used before: qa@example.com → qa+k3x9p2m4r7wz@example.com. Mail to it arrives where
// mail to qa@example.com does, and whatever comes to it came for this one run.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace otpctl::apps {

/// 12 characters a-z2-7, 60 bits from getrandom(2).
std::string random_nonce();

/// `address` with the nonce: behind a '+', or behind a '-' where it has a plus part already. `usage` for what is no
/// address, a quoted name, or one that becomes longer than 64 bytes (RFC 5321, 4.5.3.1.1). Pure.
Result<std::string> with_nonce(const std::string& address, std::string_view nonce);

/// True for what with_nonce() makes, and for little else. Pure.
bool has_nonce(std::string_view address);

}  // namespace otpctl::apps
