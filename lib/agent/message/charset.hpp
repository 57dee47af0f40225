// Bytes of a text part → UTF-8, whatever the sender calls them.
#pragma once

#include <string>
#include <string_view>

namespace otpctl::message {

/// `charset` as declared, may be empty, unknown or wrong. Valid UTF-8 comes out; what cannot be read costs single
/// characters, never the ASCII around them.
std::string to_utf8(const std::string& bytes, std::string_view charset);

/// The charset that an HTML document names for itself, or empty.
std::string_view charset_of_html(std::string_view html);

}  // namespace otpctl::message
