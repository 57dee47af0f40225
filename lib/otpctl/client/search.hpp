// Looking for the next agent when one was lost: when to try again, and when to give up. Pure: it takes clock values.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <chrono>
#include <optional>

namespace otpctl::client {

constexpr Duration kFirstPause = std::chrono::milliseconds(25);
constexpr Duration kLongestPause = std::chrono::seconds(1);

/// Of a connection, so that the next one, or the next agent, may do better.
bool may_come_back(ErrorCode code);

/// The first try is due at once, the pauses before the others double.
class Search {
 public:
  struct Limits {
    std::optional<Duration> patience = {};  // from the moment that the agent was lost; nothing: endless
    Duration longest_pause = kLongestPause;
  };
  Search(Limits limits, Instant now) : limits_(limits), due_(now) {}

  Instant due() const { return due_; }
  /// An agent that answered is lost, or one that was taken for the next and did not answer.
  void lost(Instant now);
  void try_later(Instant now);
  /// An agent has answered: what is lost after this is looked for with all patience anew.
  void found();
  bool is_over(Instant now) const { return limits_.patience && lost_at_ && now - *lost_at_ >= *limits_.patience; }

 private:
  Limits limits_;
  Instant due_;
  Duration pause_ = kFirstPause;
  std::optional<Instant> lost_at_;
};

}  // namespace otpctl::client
