#include "base/fd.hpp"

#include <doctest/doctest.h>

namespace otpctl {
namespace {

bool is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

TEST_CASE("a descriptor is closed once, by its last owner") {
  Fd first(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int number = first.get();
  Fd second(std::move(first));
  CHECK(!first);  // NOLINT(bugprone-use-after-move)
  CHECK(second.get() == number);
  second = Fd();
  CHECK(!is_open(number));
}

TEST_CASE("where a stream is closed, its number is never given to a descriptor of ours") {
  const Fd kept(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 100));  // as the program had it
  close(STDIN_FILENO);
  Fd low(open("/dev/null", O_RDONLY | O_CLOEXEC));
  REQUIRE(low.get() == STDIN_FILENO);
  const Fd high = above_streams(std::move(low));
  CHECK(high.get() > STDERR_FILENO);
  CHECK(!is_open(STDIN_FILENO));
  CHECK((fcntl(high.get(), F_GETFD) & FD_CLOEXEC) != 0);
  const int number = high.get();
  const Fd as_it_was = above_streams(Fd(fcntl(number, F_DUPFD_CLOEXEC, 50)));
  CHECK(as_it_was.get() >= 50);
  CHECK(!above_streams(Fd()));
  if (kept) dup2(kept.get(), STDIN_FILENO);
}

}  // namespace
}  // namespace otpctl
