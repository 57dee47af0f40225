// What the brain has asked for and not heard yet, who stands in line, and what has passed.
#pragma once

#include "delivery/delivery.hpp"
#include "delivery/model.hpp"

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace otpctl::delivery {

/// Mailboxes were asked where they stand (or what they have) and some have not answered yet.
struct Round {
  std::set<std::string> awaited;
  Positions positions;
  Session* session = nullptr;       // its mark, or
  Waiter* waiter = nullptr;         // a --timeout 0
  std::vector<RequestId> requests;  // of Register and MarkSession
  bool degraded = false;
  Instant deadline{};
};

/// Somebody who stands in line for recipients that another has for himself.
struct InLine {
  std::variant<Register, Wait> command;
  std::vector<std::string> recipients;
  std::string self;
  bool exclusive = false;
  Now since;
  Instant deadline{};
};

/// The last messages of a channel, also those that are not held: for "came for others".
struct Passed {
  struct One {
    Seq seq = 0;
    std::string sender;
    WallTime received{};
    bool withdrawn = false;
  };
  std::uint64_t total = 0;
  std::deque<One> latest;
};

}  // namespace otpctl::delivery
