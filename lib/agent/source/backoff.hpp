// When to try again. Pure: randomness comes in as a number.
#pragma once

#include "base/time.hpp"

#include <optional>

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

/// Sign-ins that the server refuses. After the third the breaker is open: no further login until the secret
/// differs, because a stale password tried for ever bans the address of a whole fleet.
class LoginBreaker {
 public:
  static constexpr int kMost = 3;

  void refused() { ++refusals_; }
  void accepted() { refusals_ = 0; }
  void secret_changed() { refusals_ = 0; }
  bool open() const { return refusals_ >= kMost; }
  int refusals() const { return refusals_; }

  /// The pause before the next try: at most two logins in 120 s. Nothing when the breaker is open.
  std::optional<Duration> pause() const {
    if (open()) return std::nullopt;
    return refusals_ <= 1 ? std::chrono::seconds(10) : std::chrono::seconds(120);
  }

 private:
  int refusals_ = 0;
};

}  // namespace otpctl::source
