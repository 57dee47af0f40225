// Which mails of a folder have been told and are held by delivery still. A look-back finds them again; they are no second
// message. Pure, bounded.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <deque>
#include <set>
#include <utility>

namespace otpctl::source {

class Told {
 public:
  /// Remembered for `keep`: what is told for longer is held by nobody any more.
  explicit Told(Duration keep) : keep_(keep) {}

  /// False: it was told already.
  bool is_new(std::uint32_t uid_validity, std::uint32_t uid, Instant now);

 private:
  using Place = std::pair<std::uint32_t, std::uint32_t>;

  Duration keep_;
  std::set<Place> places_;
  std::deque<std::pair<Instant, Place>> order_;
};

}  // namespace otpctl::source
