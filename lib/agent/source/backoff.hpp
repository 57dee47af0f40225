// When to try again. Pure: randomness comes in as a number.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace otpctl::source {

/// Reconnecting: 2 s doubling to 300 s, each 50–100 % of the step at random but never under 2 s, so that a fleet
/// spreads and a server that dies is not hammered. While somebody waits at most 15 s.
class Backoff {
 public:
  struct Limits {
    Duration first = std::chrono::seconds(2);
    Duration most = std::chrono::seconds(300);
    Duration most_while_waiting = std::chrono::seconds(15);
  };
  Backoff() = default;
  explicit Backoff(Limits limits) : limits_(limits) {}

  /// The pause after one more failure. `random` in [0, 1).
  Duration failed(double random, bool somebody_waits) {
    const Duration step = step_;
    step_ = std::min(step_ * 2, limits_.most);
    const auto part = Duration(static_cast<Duration::rep>(static_cast<double>(step.count()) * (0.5 + random / 2)));
    return cap(std::max(part, limits_.first), somebody_waits);
  }
  Duration cap(Duration pause, bool somebody_waits) const {
    return somebody_waits ? std::min(pause, limits_.most_while_waiting) : pause;
  }
  /// The connection has proved itself (a complete IDLE renewal): not merely that it opened, or a server whose IDLE
  /// dies at once is reconnected to once a second for ever.
  void proven() { step_ = limits_.first; }

 private:
  Limits limits_;
  Duration step_ = limits_.first;
};

/// Sign-ins that the server refuses. After the third the breaker is open: no further login with that secret, because
/// a stale password tried for ever bans the address of a whole fleet. At most two logins in 120 s before that.
class LoginBreaker {
 public:
  static constexpr int kMost = 3;

  void refused(Secret secret, Instant now) {
    secret_ = std::move(secret);
    ++refusals_;
    not_before_ = now + (refusals_ <= 1 ? std::chrono::seconds(10) : std::chrono::seconds(120));
  }
  void accepted() { refusals_ = 0; }
  bool open() const { return refusals_ >= kMost; }

  /// When a login with `secret` may be tried; nothing: not with this one. A password that differs from the refused
  /// one is a new start. A token differs at every fetch (`renewed`): its pauses stay.
  std::optional<Instant> allowed(const Secret& secret, Instant now, bool renewed) {
    if (refusals_ == 0) return now;
    const bool differs = secret.reveal() != secret_.reveal();
    if (differs && !renewed) {
      refusals_ = 0;
      return now;
    }
    if (open() && !differs) return std::nullopt;
    return std::max(now, not_before_);
  }

 private:
  int refusals_ = 0;
  Secret secret_;
  Instant not_before_{};
};

}  // namespace otpctl::source
