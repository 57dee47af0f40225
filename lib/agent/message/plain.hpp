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

/// True when a person sees nothing: white space of any kind, zero-width characters.
bool is_blank(std::string_view text);

/// What follows the rules of CSS that some senders begin their plain text with: "body { margin: 0 } @media …".
std::string_view without_css(std::string_view text);

/// True when a text that is called plain is the source of an HTML document.
bool is_html_source(std::string_view text);

}  // namespace otpctl::message
