#include "client/search.hpp"

#include <algorithm>

namespace otpctl::client {

bool may_come_back(ErrorCode code) {
  return code == ErrorCode::network || code == ErrorCode::agent_unreachable || code == ErrorCode::timeout;
}

void Search::lost(Instant now) {
  if (!lost_at_) lost_at_ = now;
  try_later(now);
}

void Search::try_later(Instant now) {
  due_ = now + pause_;
  pause_ = std::min(pause_ * 2, limits_.longest_pause);
}

void Search::found() {
  lost_at_.reset();
  pause_ = kFirstPause;
}

}  // namespace otpctl::client
