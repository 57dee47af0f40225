// A moment as people write it: --since and --until of log and watch.
#include "shared/timeline.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;

namespace otpctl::apps {
namespace {

const WallTime kThree(1795143600s);  // 2026-11-20T03:00:00Z
const Zone kUtc = [](WallTime) { return 0s; };

TEST_CASE("a moment is a duration ago or RFC 3339, with Z or an offset") {
  CHECK(*parse_moment("2h") == Moment{2h, {}});
  CHECK(*parse_moment("2026-11-20T03:00:00Z") == Moment{{}, kThree});
  CHECK(*parse_moment("2026-11-20T06:00:00+03:00") == Moment{{}, kThree});
  CHECK(*parse_moment("2026-11-19T22:30:00.000-04:30") == Moment{{}, kThree});
  for (const char* wrong : {"", "yesterday", "2026-11-20", "2026-11-20T03:00:00", "2026-11-20T03:00:00+25:00", "-2h"})
    CHECK_FALSE(parse_moment(wrong));
  CHECK(resolve(Moment{2h, {}}, kThree, kUtc) == kThree - 2h);
}

TEST_CASE("a moment is also a local time as log prints it, without a date it is the last such time") {
  const Zone istanbul = [](WallTime) { return 3h; };
  const auto in = [](const char* text, const Zone& zone) { return resolve(parse_moment(text).value(), kThree, zone); };
  CHECK(in("2026-11-20 02:14", kUtc) == kThree - 46min);
  CHECK(in("2026-11-20 02:14:05", istanbul) == kThree - 46min + 5s - 3h);
  CHECK(in("02:14", kUtc) == kThree - 46min);
  CHECK(in("03:00", kUtc) == kThree);
  CHECK(in("03:00:01", kUtc) == kThree + 1s - 24h);
  CHECK(in("05:30", istanbul) == kThree - 30min);
  CHECK(in("23:00", istanbul) == kThree - 7h);
  const Zone summer_until_two = [](WallTime at) { return at < kThree - 1h ? 1h : 0h; };
  CHECK(in("02:30", summer_until_two) == kThree - 30min);
  CHECK(in("01:30", summer_until_two) == kThree - 150min);
  for (const char* wrong : {"24:00", "3:00", "03:60", "03:00:", "2026-13-20 03:00", "2026-11-20  03:00", " 03:00", "03:00:00.5"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_moment(wrong));
  }
}

}  // namespace
}  // namespace otpctl::apps
