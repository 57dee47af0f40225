// Decimal digits as people and phones write them.
#pragma once

#include <string>
#include <string_view>

namespace otpctl {

/// 0 to 9 for a decimal digit (Unicode Nd) of a script in everyday use, else -1.
int digit_value(char32_t point);

/// The digits of every script as 0-9; all else as it is.
std::string fold_digits(std::string_view text);

/// A code as a person types or pastes it: "482 913 ", "482–913" and "٤٨٢٩١٣" are 482913, where there is nothing but
/// digits and what separates them ("" when there are only separators). Anything else stays, without the white space
/// around it.
std::string as_code(std::string_view typed);

}  // namespace otpctl
