// A domain as it is compared: lower case, no trailing dot, U-labels as A-labels (RFC 5890; Punycode
// RFC 3492).
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace otpctl::message {

/// `usage` when it is no domain. An address literal ("[192.0.2.1]") stays. A character that would
/// only *look* the same after mapping (full-width letters, the Kelvin sign, a dotted capital I) is
/// refused, never mapped.
Result<std::string> normalise_domain(std::string_view text);

}  // namespace otpctl::message
