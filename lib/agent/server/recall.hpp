// What the timeline knows of the last 24 hours, told to Health after a start: an agent that crashes in a loop must not look
// well. Messages are exact; of tries that failed and of reconnects the timeline keeps the changes, not every one. Pure.
#pragma once

#include "server/health.hpp"

#include <set>
#include <string>

namespace otpctl::server {

class Recall {
 public:
  /// Events oldest first. Those of a day ago and more, or of a clock that has gone back, count nothing.
  void add(const Event& event, Health& health, Now now);

 private:
  void add_source(const Event& event, Health& health, Now now);

  std::set<std::string> live_;
};

}  // namespace otpctl::server
