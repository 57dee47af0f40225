// A sender may write its code into its own address or Message-ID: what is told or logged of a message goes through here.
#pragma once

#include <string>
#include <string_view>

namespace otpctl::code {

/// `text` with "…" wherever `value` stands in it, in capitals or not, also with one separator (- . _ or a space) between
/// two of its characters. A value of fewer than four characters stays: it would be found everywhere.
std::string without_code(std::string_view text, std::string_view value);

}  // namespace otpctl::code
