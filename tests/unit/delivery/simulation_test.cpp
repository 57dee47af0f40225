// 10^6 random steps against the naive model.
#include "unit/delivery/simulation.hpp"

#include <doctest/doctest.h>

using otpctl::delivery::test::Simulation;

namespace {

void simulate(unsigned seed, long steps) {
  Simulation simulation(seed);
  simulation.run(steps);
  CAPTURE(seed);
  INFO(simulation.failure());
  REQUIRE_FALSE(simulation.failed());
  CHECK(simulation.delivered() > steps / 50);
  CHECK(simulation.acknowledged() > steps / 100);
  CHECK(simulation.restarts() > steps / 10'000);
  CHECK(simulation.choices() > steps / 1'000);
}

}  // namespace

TEST_CASE("10^6 random steps keep every promise, part 1") { simulate(20261120, 250'000); }
TEST_CASE("10^6 random steps keep every promise, part 2") { simulate(7, 250'000); }
TEST_CASE("10^6 random steps keep every promise, part 3") { simulate(4711, 250'000); }
TEST_CASE("10^6 random steps keep every promise, part 4") { simulate(99, 250'000); }
