// How the last waits ended: what somebody is told whose answer comes too late. Bounded, in memory only.
#pragma once

#include "base/time.hpp"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::delivery {

struct PastWait {
  std::string id;
  std::string session;  // explicit; else empty
  std::string email;
  std::string phone;
  std::string how;  // "timed out", "got its code from a person"
  bool served = false;  // it has got a code
  Instant when{};
};

class PastWaits {
 public:
  void add(PastWait wait);
  void forget(std::string_view id);

  // The latest one, or null.
  const PastWait* of_wait(std::string_view id_or_prefix) const;
  const PastWait* of_session(std::string_view id) const;
  const PastWait* of_recipient(std::string_view recipient) const;
  /// One of whose recipients has `part` in it.
  const PastWait* like(std::string_view part) const;

  /// Those that got a code after `since`, the latest of each wait first.
  std::vector<const PastWait*> served_after(Instant since) const;

 private:
  template <class Fits>
  const PastWait* latest(const Fits& fits) const;

  std::deque<PastWait> all_;
};

}  // namespace otpctl::delivery
