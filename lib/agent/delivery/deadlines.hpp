// What runs out when: earliest first, each thing at most once.
#pragma once

#include "base/time.hpp"

#include <functional>
#include <optional>
#include <set>
#include <utility>

namespace otpctl::delivery {

template <class T, class Less = std::less<T>>
class Deadlines {
 public:
  void add(Instant when, const T& what) { due_.emplace(when, what); }
  void remove(Instant when, const T& what) { due_.erase({when, what}); }

  std::optional<Instant> next() const {
    if (due_.empty()) return std::nullopt;
    return due_.begin()->first;
  }
  /// Takes out the earliest that is due at `now`.
  std::optional<T> take_due(Instant now) {
    if (due_.empty() || due_.begin()->first > now) return std::nullopt;
    T what = due_.begin()->second;
    due_.erase(due_.begin());
    return what;
  }

 private:
  struct Earlier {
    bool operator()(const std::pair<Instant, T>& a, const std::pair<Instant, T>& b) const {
      if (a.first != b.first) return a.first < b.first;
      return Less()(a.second, b.second);
    }
  };
  std::set<std::pair<Instant, T>, Earlier> due_;
};

}  // namespace otpctl::delivery
