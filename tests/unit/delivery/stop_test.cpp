// The end of the agent: nobody is left without an answer.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

TEST_CASE("after a stop nothing begins any more") {
  World w;
  w.apply(Stop{});
  CHECK(w.error(w.wait())->code == ErrorCode::agent_unreachable);
  CHECK(w.error(w.register_for())->code == ErrorCode::agent_unreachable);
}

TEST_CASE("stop answers those who stand in line and those whose mark is being taken") {
  World w;
  w.mailbox();
  Wait alone;
  alone.spec = World::spec(kOther);
  alone.exclusive = true;
  w.wait(alone);
  alone.queue = 1min;
  const auto in_line = w.wait(alone);
  const auto session = w.register_for();
  w.apply(Stop{});
  CHECK(w.error(in_line)->code == ErrorCode::agent_unreachable);
  CHECK(w.error(session)->code == ErrorCode::agent_unreachable);
  CHECK(w.delivery.waiters(w.now).empty());
}
