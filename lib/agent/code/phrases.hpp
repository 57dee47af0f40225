// What stands between a label and a number, or around a number (folded text; English, Turkish,
// German).
#pragma once

#include <cstddef>
#include <string_view>

namespace otpctl::code {

enum class Link {
  none,
  delimiter,  // ':', '=', a dash between spaces
  copula,     // "is", "ist", "lautet"
};

/// How `gap` (label end to number begin) ends, quotes and brackets left aside.
Link link_before_number(std::string_view gap);
/// How `gap` (number end to label begin) begins.
Link link_after_number(std::string_view gap);

/// Its last word has at most three letters ("order no", "ref"): a full stop behind it may be an
/// abbreviation's.
bool ends_short(std::string_view label);

/// Nothing but white space, quotes, brackets and "no."/"#"/':' between.
bool is_adjacent(std::string_view gap);

bool has_stop(std::string_view gap);  // the end of a sentence
std::size_t count_words(std::string_view gap);
std::size_t count_lines(std::string_view gap);  // non-empty lines that lie wholly between

/// " and ", " or ", "/", …: two codes of one label.
bool is_list_link(std::string_view gap);

/// "has expired", "is no longer valid": of the number in front of `rest`, in its sentence.
bool is_expired(std::string_view rest);

/// "use … to sign in": `left` and `right` are the rest of the number's line.
bool is_request(std::string_view left, std::string_view right);

}  // namespace otpctl::code
