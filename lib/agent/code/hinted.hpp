// What the user's own patterns and rules find in a message. Nothing in a configuration costs more than a bound: a line
// that is too slow for a pattern counts as not matching (pattern.hpp); after kSlowMost patterns that met such lines, or
// after kSteps of all of them together, no other is tried on this message.
#pragma once

#include "code/code.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace otpctl::code {

inline constexpr int kSlowMost = 8;
// An honest pattern takes 5 steps a byte: 75 of them on the largest text. About a second.
inline constexpr std::size_t kSteps = 100'000'000;

enum class Fit {
  other_sender,
  nothing,       // it finds nothing
  other_length,  // what it finds has not the length asked for
  found,
};

struct Trial {
  Fit fit = Fit::other_sender;
  bool too_slow = false;  // a line ran into the bound
  Code code;              // with Fit::found: confidence 1
};

/// One rule alone.
Trial try_rule(const Rule& rule, const message::Message& message, const std::optional<Lengths>& lengths);

struct Hinted {
  std::optional<Code> code;
  std::string reason;  // "your rule for *@bank.example"
  std::string slow;    // "your pattern … was too slow for it", or empty
};

Hinted find_hinted(const message::Message& message, const Hints& hints);

/// "your rule for *@bank.example"
std::string words_for(const Rule& rule);

}  // namespace otpctl::code
