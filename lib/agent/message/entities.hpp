// HTML character references (HTML 13.2.5.72).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace otpctl::message {

/// Where a reference stands: in an attribute "&copy=1" is none (HTML 13.2.5.73).
enum class Place { text, attribute };

/// `text[pos]` is '&'. Appends the character as UTF-8 and returns how many bytes the reference
/// takes; 0 when it is none, and nothing is appended.
std::size_t decode_entity(std::string_view text, std::size_t pos, std::string& out, Place place = Place::text);

/// entity_names.cpp
extern const std::string_view kNamedCharacters;

}  // namespace otpctl::message
