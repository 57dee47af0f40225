// What in a folded text has the shape of a code, and what only looks so: phone numbers, dates,
// times, amounts, years.
#pragma once

#include "code/fold.hpp"
#include "code/lexicon.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace otpctl::code {

enum class Shape {
  digits,        // 4 to 8, also grouped ("482 913") or behind a short prefix ("G-482913")
  alphanumeric,  // 4 to 10, or groups of 3 to 5 joined by hyphens; at least one digit
  duration,      // "10 minutes": says how long a code lives
  other,         // anything else with digits: takes a label, never is a code
};

struct Number {
  std::size_t begin = 0;  // in the folded text, prefix and separators included
  std::size_t end = 0;
  Shape shape = Shape::other;
  std::string value;  // canonical: digits without separators; alphanumeric as in the original
  bool needs_tie =
      false;           // a year, "#1234", a prefix other than G-: only behind "code:" or "code is"
  bool alone = false;  // nothing else on its line
  long seconds = 0;    // of a duration
};

/// In order, never overlapping. `original` is what `folded` was made of; `units` are Hits::units.
std::vector<Number> find_numbers(const Folded& folded, const std::vector<Hit>& units, std::string_view original);

}  // namespace otpctl::code
