// A std::stop_token as something to poll.
#pragma once

#include "base/fd.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <poll.h>
#include <span>
#include <stop_token>
#include <sys/eventfd.h>

namespace otpctl::client {

/// Its descriptor is readable once stop was requested. Not for several threads; the request may come from any.
class Cancel {
 public:
  explicit Cancel(std::stop_token token) {
    if (!token.stop_possible()) return;
    fd_ = above_streams(Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
    works_ = static_cast<bool>(fd_);
    if (works_) ring_.emplace(std::move(token), Ring{fd_.get()});
    watched_[0] = pollfd{fd_.get(), POLLIN, 0};
  }
  Cancel(const Cancel&) = delete;
  Cancel& operator=(const Cancel&) = delete;

  bool works() const { return works_; }  // false: there was no descriptor for it
  int fd() const { return fd_.get(); }   // -1: it cannot be requested
  std::span<pollfd> watch() { return watched_; }

 private:
  struct Ring {
    int fd;
    void operator()() const noexcept {
      const std::uint64_t once = 1;
      const auto ignored = write(fd, &once, sizeof once);
      static_cast<void>(ignored);
    }
  };

  bool works_ = true;
  Fd fd_;
  std::optional<std::stop_callback<Ring>> ring_;  // gone before fd_
  std::array<pollfd, 1> watched_{pollfd{-1, POLLIN, 0}};
};

}  // namespace otpctl::client
