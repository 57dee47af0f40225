// What in a folded text has the shape of a code, and what only looks so: phone numbers, dates,
// times, amounts, years.
#pragma once

#include "code/fold.hpp"
#include "code/lexicon.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace otpctl::code {

enum class Shape {
  digits,        // 3 to 8, also grouped ("482 913") or behind a short prefix ("G-482913")
  alphanumeric,  // 4 to 10, or groups of 3 to 5 joined by hyphens; at least one digit
  letters,       // "QGFDAE", "DJZ-TLX": capitals behind ':' or on a line of their own
  duration,      // "10 minutes": says how long a code lives
  other,         // anything else with digits: takes a label, never is a code
};

/// Why what has digits is no code.
enum class Guard : std::uint8_t {
  none,
  short_,     // one or two digits
  long_,      // more than eight
  groups,     // a phone number, a date, an amount with thousands
  date,       // 20261120
  money,
  count,      // "6 digits"
  neighbour,  // '+', '$', '%', '/', '@' … beside it, or cut out of something longer
  word,       // letters and digits that no code looks like
};

struct Number {
  std::size_t begin = 0;  // in the folded text, prefix and separators included
  std::size_t end = 0;
  Shape shape = Shape::other;
  std::string value;  // canonical: digits without separators; alphanumeric as in the original
  enum class Needs : std::uint8_t {
    nothing,
    request,  // a prefix other than G-: behind "code:", "code is" or "use"
    tie,      // a year, "#1234", three digits, "888-8888": behind "code:" or "code is"
  };
  Needs needs = Needs::nothing;
  bool alone = false;  // nothing else on its line
  bool emphasised = false;  // it stands out in the HTML
  long seconds = 0;    // of a duration
  Guard guard = Guard::none;
};

/// In order, never overlapping. `original` is what `folded` was made of.
std::vector<Number> find_numbers(const Folded& folded, const Hits& hits, std::string_view original);

}  // namespace otpctl::code
