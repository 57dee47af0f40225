// How alive a source is, as of now.
#pragma once

#include "base/time.hpp"

#include <otpctl/types.hpp>

#include <optional>

namespace otpctl::source {

struct Vitals {
  SourceStatus status;
  std::optional<Instant> last_byte;  // of the server
  /// After `last_byte` the next one comes within that time or the connection is given up: what it owes us at the pace at
  /// which it is asked. 0: nothing is owed (it is a door, or not live).
  Duration due_every{};
};

}  // namespace otpctl::source
