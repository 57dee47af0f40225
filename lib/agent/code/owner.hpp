// Which number belongs to which label. Every number belongs to its nearest label to the left; a
// label that has its number is used up; "482913 is your code" reads the other way round.
// Deliberately narrow: where it is not plain, a number stays without an owner and the message
// without a code.
#pragma once

#include "code/lexicon.hpp"
#include "code/numbers.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace otpctl::code {

enum class Tie {
  context,  // only number on a line of its own, the label stands in the subject
  near,     // same sentence behind a strong label, or "use 482913 to sign in"
  line,     // a line of its own below the label
  tied,     // "code: 482913", "code is 482913", "482913 is your code"
};

/// What became of a number.
struct Fate {
  enum class Owner : std::uint8_t {
    nobody,
    label,    // of a code
    request,  // "use 482913 to sign in"
    other,    // a label that makes it none
    expired,  // the message says that it is dead
  };
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  Owner owner = Owner::nobody;
  Tie tie = Tie::near;         // of label and request
  bool strong = false;         // the label was
  std::uint32_t label = kNone; // its place in Hits::labels, of label and other

  bool is_code() const { return owner == Owner::label || owner == Owner::request; }
};

struct Ownership {
  std::vector<Fate> fates;   // one for each number
  bool open_label = false;   // a positive label is left without a number
  bool open_strong = false;  // and it was a strong one
};

/// `text`: folded; `hits` and `numbers` are of it.
Ownership assign(std::string_view text, const Hits& hits, const std::vector<Number>& numbers);

}  // namespace otpctl::code
