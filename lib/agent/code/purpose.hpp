// What a code is for and how long it lives, as the message says it. For show and for choosing,
// never for finding.
#pragma once

#include "base/time.hpp"
#include "code/numbers.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::code {

/// "payment", "reset", "login", "verify" or empty; both texts folded.
std::string find_purpose(std::string_view subject, std::string_view body);

/// The first "valid for 10 minutes".
std::optional<Duration> find_lifetime(std::string_view folded, const std::vector<Number>& numbers);

}  // namespace otpctl::code
