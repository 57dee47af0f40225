// HTML character references (HTML 13.2.5.72).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace otpctl::message {

/// `text[pos]` is '&'. Appends the character as UTF-8 and returns how many bytes the reference
/// takes; 0 when it is none, and nothing is appended.
std::size_t decode_entity(std::string_view text, std::size_t pos, std::string& out);

}  // namespace otpctl::message
