// How values are spelled on the wire: quoted strings, folder names, dates, UID sets, base64.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::imap {

std::string to_upper(std::string_view text);  // ASCII letters only

/// True when `text` can stand in a quoted string (RFC 3501 "quoted"): 7-bit, no CR, LF or NUL.
bool can_be_quoted(std::string_view text);
/// `"a \"b\" \\c"`. Precondition: can_be_quoted.
std::string quoted(std::string_view text);

/// A folder name (UTF-8) as a command argument: modified UTF-7 (RFC 3501 5.1.3), quoted. `config`
/// for control characters, invalid UTF-8, an empty name or one over 1,000 bytes.
Result<std::string> folder_argument(std::string_view name);

std::string base64(std::string_view bytes);  // RFC 4648 section 4, padded

/// `dd-Mon-yyyy hh:mm:ss +zzzz`, the day may be space padded (RFC 3501 "date-time").
std::optional<WallTime> parse_internal_date(std::string_view text);
/// `19-Nov-2026`: the UTC day of `time` (RFC 3501 "date").
std::string search_date(WallTime time);

/// `4,6:8` for 4 6 7 8 (ascending, without doubles).
std::string uid_set(const std::vector<std::uint32_t>& ascending);
/// The reverse; nothing for bad grammar, a zero, `*`, or more than `limit` numbers.
std::optional<std::vector<std::uint32_t>> expand_set(std::string_view set, std::size_t limit);
/// How many numbers a set has, ranges not spelled out.
std::optional<std::uint64_t> count_set(std::string_view set);

}  // namespace otpctl::imap
