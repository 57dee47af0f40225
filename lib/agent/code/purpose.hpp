// What a code is for and how long it lives, as the message says it. For show and for choosing,
// never for finding.
#pragma once

#include "base/time.hpp"
#include "code/gaps.hpp"
#include "code/lexicon.hpp"
#include "code/numbers.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace otpctl::code {

/// "payment", "reset", "login", "verify" or empty, of the hits of a text.
std::string_view find_purpose(const Hits& hits);

/// The first "valid for 10 minutes".
std::optional<Duration> find_lifetime(const Gaps& gaps, const Hits& hits, const std::vector<Number>& numbers);

}  // namespace otpctl::code
