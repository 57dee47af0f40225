// Text that needs no layout: line ends and bytes made regular.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace otpctl::message {

/// Valid UTF-8, \n line ends, no NUL, at most `limit` bytes and never half a character at the end.
std::string plain_text(std::string_view text, std::size_t limit);

/// On one line: control characters and line ends become single spaces.
std::string one_line(std::string_view text, std::size_t limit);

}  // namespace otpctl::message
