// Timer: a duration that begins to run at the next look at the clock. feed() knows no time, so a
// timer that starts inside it must not be measured from an old one.
#pragma once

#include "base/time.hpp"

#include <optional>

namespace otpctl::imap {

class Timer {
 public:
  void start(Duration length) {
    length_ = length;
    at_.reset();
  }
  void stop() { length_.reset(); }

  /// Sets the end of a timer that has just started.
  void see(Instant now) {
    if (length_ && !at_) at_ = now + *length_;
  }
  bool expired(Instant now) {
    see(now);
    return length_ && now >= *at_;
  }
  /// When to look at the clock: at once for a timer that has not seen it yet.
  std::optional<Instant> at(Instant last_seen) const {
    if (!length_) return std::nullopt;
    return at_.value_or(last_seen);
  }

 private:
  std::optional<Duration> length_;
  std::optional<Instant> at_;
};

}  // namespace otpctl::imap
