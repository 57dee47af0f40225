#include "source/told.hpp"

namespace otpctl::source {

namespace {

constexpr std::size_t kMost = 1'000;  // fewer than delivery holds: what it had to drop may be told again

}  // namespace

bool Told::is_new(std::uint32_t uid_validity, std::uint32_t uid, Instant now) {
  while (!order_.empty() && (order_.front().first + keep_ <= now || order_.size() >= kMost)) {
    places_.erase(order_.front().second);
    order_.pop_front();
  }
  const Place place{uid_validity, uid};
  if (!places_.insert(place).second) return false;
  order_.emplace_back(now, place);
  return true;
}

}  // namespace otpctl::source
