// Which number belongs to which label. Every number belongs to its nearest label to the left; a
// label that has its number is used up; "482913 is your code" reads the other way round.
// Deliberately narrow: where it is not plain, a number stays without an owner and the message
// without a code.
#pragma once

#include "code/labels.hpp"
#include "code/numbers.hpp"

#include <string_view>
#include <vector>

namespace otpctl::code {

enum class Tie {
  context,  // only number on a line of its own, the label stands in the subject
  near,     // same sentence behind a strong label, or "use 482913 to sign in"
  line,     // a line of its own below the label
  tied,     // "code: 482913", "code is 482913", "482913 is your code"
};

struct Owned {
  Number number;
  Tie tie = Tie::near;
  bool strong = false;  // the label was
};

struct Ownership {
  std::vector<Owned> owned;  // in order
  bool open_label = false;   // a positive label is left without a number
  bool open_strong = false;  // and it was a strong one
  std::vector<Number> lone;  // code-shaped numbers on a line of their own that nobody owns
};

Ownership assign(std::string_view folded, const std::vector<Label>& labels,
                 const std::vector<Number>& numbers);

}  // namespace otpctl::code
