#include "delivery/past.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

constexpr std::size_t kMostPast = 1'000;
constexpr std::size_t kShortestPrefix = 4;

}  // namespace

void PastWaits::add(PastWait wait) {
  all_.push_back(std::move(wait));
  if (all_.size() > kMostPast) all_.pop_front();
}

void PastWaits::forget(std::string_view id) {
  std::erase_if(all_, [id](const PastWait& wait) { return wait.id == id; });
}

template <class Fits>
const PastWait* PastWaits::latest(const Fits& fits) const {
  const auto found = std::find_if(all_.rbegin(), all_.rend(), fits);
  return found == all_.rend() ? nullptr : &*found;
}

const PastWait* PastWaits::of_wait(std::string_view id) const {
  return latest([id](const PastWait& wait) {
    return wait.id == id || (id.size() >= kShortestPrefix && wait.id.starts_with(id));
  });
}

const PastWait* PastWaits::of_session(std::string_view id) const {
  return latest([id](const PastWait& wait) { return wait.session == id; });
}

const PastWait* PastWaits::of_recipient(std::string_view recipient) const {
  return latest([recipient](const PastWait& wait) {
    return wait.email == recipient || wait.phone == recipient;
  });
}

const PastWait* PastWaits::like(std::string_view part) const {
  if (part.empty()) return nullptr;
  return latest([part](const PastWait& wait) {
    return wait.email.find(part) != std::string::npos || wait.phone.find(part) != std::string::npos;
  });
}

std::vector<const PastWait*> PastWaits::served_after(Instant since) const {
  std::vector<const PastWait*> all;
  for (auto each = all_.rbegin(); each != all_.rend() && each->when > since; ++each) {
    if (each->served) all.push_back(&*each);
  }
  return all;
}

}  // namespace otpctl::delivery
