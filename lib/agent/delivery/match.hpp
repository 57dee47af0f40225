// Filters against one message: what code, if any, a waiter would get out of it.
#pragma once

#include "delivery/model.hpp"

#include <optional>

namespace otpctl::delivery {

/// Compiles the pattern and checks the lengths. `usage`.
Result<Gate> make_gate(const Filters& filters);

/// What a code found by no extractor looks like.
code::Kind kind_of(std::string_view value);

struct Pick {
  std::optional<code::Code> code;
  Unmatched why = Unmatched::no_code;  // without a code: no_code, ambiguous_code or filtered
};

/// Both gates must let it through; either may be null. With a pattern the code is what the group of
/// the last one matches in subject or text. A person's entry has neither sender nor subject: only
/// its length is looked at.
Pick pick(const Held& held, const Gate* session, const Gate* own);

/// What the waiter gets out of it: its session's gate, then its own.
Pick pick(const Held& held, const Waiter& waiter);

/// The codes of an ambiguous message among which a person may choose for the waiter: those that
/// its filters let through. With a pattern there is no such choice.
std::vector<code::Code> choices(const Held& held, const Waiter& waiter);

}  // namespace otpctl::delivery
