// Small pure functions on text that several rooms share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl {

/// ASCII letters only; everything else stays. Never locale dependent (Turkish dotless i).
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

std::string_view trim(std::string_view text);  // spaces, tabs, CR, LF

/// Characters that drive a terminal or reorder a line without being seen: C1, UAX #9 controls, line and
/// paragraph separator. All are below U+10000.
bool is_deceptive(char32_t point);

/// For a terminal or a log line: control bytes, DEL, C1, bidi controls and invalid UTF-8 become `\xNN` or
/// `\u{NNNN}`, so that text from outside can neither forge a second line nor drive a terminal. At most
/// `limit` bytes of `text` are looked at; what is cut is shown as "…".
std::string printable(std::string_view text, std::size_t limit = 200);

/// True when `text` is valid UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// Invalid sequences replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

/// Glob with `*` and `?`, ASCII case ignored, linear in text times the number of stars; matches the whole text.
bool glob_match(std::string_view pattern, std::string_view text);

/// The known name nearest to `word` (edit distance at most a third of its length, at least 1), or nothing.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

/// "6 digits", "8 characters": what may be said of a code where the code itself may not.
std::string describe_code(std::string_view code);

/// A random UUID version 4 (RFC 9562 5.4), lower case, from getrandom(2).
std::string random_uuid();

}  // namespace otpctl
