// What the user has said beside the message: patterns, rules, the length of the code.
#pragma once

#include "code/pattern.hpp"
#include "code/rule.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace otpctl::code {

/// In characters, both ends included.
struct Lengths {
  int shortest = 1;
  int longest = 64;
  bool fit(std::string_view value) const;
};

/// In the order in which they are tried; the first that matches decides.
struct Hints {
  std::optional<Pattern> asked = {};      // of this one call (`extract --pattern`)
  std::vector<Rule> rules = {};           // for the senders that they fit
  std::vector<Pattern> patterns = {};     // for every sender
  std::optional<Lengths> lengths = {};  // a candidate of another length is none; says nothing in favour of the others
};

}  // namespace otpctl::code
