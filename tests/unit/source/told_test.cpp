#include "source/told.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace std::chrono_literals;
using otpctl::source::Told;

TEST_CASE("a mail that is fetched again is no second one while it is held, whatever came between") {
  Told told(10min);
  const Instant now{1h};
  CHECK(told.is_new(7, 1, now));
  CHECK(told.is_new(7, 2, now));
  CHECK_FALSE(told.is_new(7, 1, now + 1ms));
  CHECK_FALSE(told.is_new(7, 2, now + 9min));
}

TEST_CASE("the same number under another UIDVALIDITY is another mail") {
  Told told(10min);
  CHECK(told.is_new(7, 1, Instant{1h}));
  CHECK(told.is_new(8, 1, Instant{1h}));
}

TEST_CASE("what was told longer ago than it is held is told again") {
  Told told(10min);
  const Instant now{1h};
  CHECK(told.is_new(7, 1, now));
  CHECK(told.is_new(7, 2, now + 1min));
  CHECK(told.is_new(7, 1, now + 10min));
  CHECK_FALSE(told.is_new(7, 2, now + 10min));
  CHECK_FALSE(told.is_new(7, 1, now + 11min));
}

TEST_CASE("what is remembered of told mails is bounded") {
  Told told(10min);
  const Instant now{1h};
  for (std::uint32_t uid = 1; uid <= 1'001; ++uid) CHECK(told.is_new(7, uid, now));
  CHECK_FALSE(told.is_new(7, 1'001, now));
  CHECK(told.is_new(7, 1, now));
}
