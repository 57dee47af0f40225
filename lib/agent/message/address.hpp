// The one spelling of a recipient: what messages, sessions and waiters are matched by.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace otpctl::message {

/// `local@domain`, lower case (ASCII letters), domain without trailing dot, U-labels as A-labels (xn--…).
/// Quoted local parts are unquoted where that changes nothing. Plus tags stay. At most 254 bytes.
/// `usage` with a line that names what is wrong; never folds Unicode look-alikes together.
Result<std::string> normalise_address(std::string_view text);

/// E.164 ("+905551234567") by libphonenumber; "0555 …" needs `region` ("TR"; may be empty).
/// A short code stays as it is. `usage` when it is no number.
Result<std::string> normalise_phone(std::string_view text, std::string_view region);

/// True for a region that telephones have: two capital letters, as CLDR writes them ("TR").
bool is_region(std::string_view region);

/// An address when there is an @, else a phone number.
Result<std::string> normalise_recipient(std::string_view text, std::string_view region);

inline bool is_address(std::string_view recipient) { return recipient.find('@') != recipient.npos; }

}  // namespace otpctl::message
