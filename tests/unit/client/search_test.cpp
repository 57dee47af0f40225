#include "client/search.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;

namespace otpctl::client {
namespace {

Instant at(Duration time) { return Instant(time); }

TEST_CASE("the first try is due at once, the pauses before the others double up to the longest") {
  Search search({.patience = {}, .longest_pause = 100ms}, at(1h));
  CHECK(search.due() == at(1h));
  Instant now = at(1h);
  for (const Duration pause : {25ms, 50ms, 100ms, 100ms}) {
    search.try_later(now);
    CHECK(search.due() == now + pause);
    now = search.due();
  }
  search.found();
  search.lost(now);
  CHECK(search.due() == now + 25ms);
}

TEST_CASE("patience counts from the moment that the agent was lost, each time anew") {
  Search search({.patience = 120s}, at(0s));
  CHECK(!search.is_over(at(100h)));  // nothing was lost
  search.lost(at(100h));
  CHECK(!search.is_over(at(100h + 120s - 1us)));
  search.lost(at(100h + 60s));  // the next one has said nothing
  CHECK(search.is_over(at(100h + 120s)));
  search.found();
  CHECK(!search.is_over(at(200h)));
  search.lost(at(200h));
  CHECK(!search.is_over(at(200h + 119s)));
  CHECK(search.is_over(at(200h + 120s)));
}

TEST_CASE("without a limit it is looked for as long as it takes") {
  Search search({}, at(0s));
  search.lost(at(1s));
  CHECK(!search.is_over(at(24h * 365)));
}

}  // namespace
}  // namespace otpctl::client
