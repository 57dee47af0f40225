// HoldSession: a session lives as long as somebody holds it, then its ttl begins to run.
#include "delivery/brain.hpp"
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

constexpr ClientId kRun = 7;
constexpr ClientId kSecondRun = 8;

bool lives(const World& w, const Asked& session) {
  return w.delivery.session(session.id, w.now).has_value();
}

}  // namespace

TEST_CASE("a session that is held outlives its ttl, and expires a ttl after the hold") {
  World w;
  const auto session = w.register_for();
  const auto held = std::get<SessionInfo>(w.hold(session, kRun));
  CHECK_FALSE(held.expires);
  w.pass(24h);
  REQUIRE(lives(w, session));
  w.apply(ClientGone{kRun});
  w.pass(599s);
  CHECK(lives(w, session));
  w.pass(1s);
  CHECK_FALSE(lives(w, session));
}

TEST_CASE("of several holders the last one counts, however often each said so") {
  World w;
  const auto session = w.register_for();
  w.hold(session, kRun);
  w.hold(session, kRun);
  w.hold(session, kSecondRun);
  w.apply(ClientGone{kRun});
  w.pass(1h);
  CHECK(lives(w, session));
  w.apply(ClientGone{kSecondRun});
  w.pass(600s);
  CHECK_FALSE(lives(w, session));
}

TEST_CASE("one client may hold several sessions") {
  World w;
  const auto one = w.register_for();
  const auto two = w.register_for(kOther);
  w.hold(one, kRun);
  w.hold(two, kRun);
  w.pass(1h);
  CHECK((lives(w, one) && lives(w, two)));
  w.apply(ClientGone{kRun});
  w.pass(600s);
  CHECK_FALSE((lives(w, one) || lives(w, two)));
}

TEST_CASE("a wait that ends does not start the ttl of a session that is held") {
  World w;
  const auto session = w.register_for();
  w.hold(session, kRun);
  const auto wait = w.wait_on(session);
  w.gone(wait);
  w.pass(1h);
  CHECK(lives(w, session));
}

TEST_CASE("the end of a hold does not start the ttl of a session that is waited on") {
  World w;
  const auto session = w.register_for();
  w.hold(session, kRun);
  Wait forever;
  forever.session = session.id;
  forever.no_limit = true;
  const auto wait = w.wait(forever);
  w.apply(ClientGone{kRun});
  w.pass(1h);
  CHECK(w.blocks(wait));
  w.gone(wait);
  w.pass(600s);
  CHECK_FALSE(lives(w, session));
}

TEST_CASE("a refresh of a session that is held only changes the ttl that begins later") {
  World w;
  const auto session = w.register_for();
  w.hold(session, kRun);
  w.apply(RefreshSession{0, session.id, 10s});
  w.pass(1h);
  REQUIRE(lives(w, session));
  w.apply(ClientGone{kRun});
  w.pass(10s);
  CHECK_FALSE(lives(w, session));
}

TEST_CASE("a session that is held can be closed, the hold of it ends without harm") {
  World w;
  const auto session = w.register_for();
  w.hold(session, kRun);
  w.apply(CloseSession{0, session.id});
  CHECK_FALSE(lives(w, session));
  w.apply(ClientGone{kRun});
  CHECK(std::get<Error>(w.hold(session, kRun)).code == ErrorCode::expired);
}

TEST_CASE("a hold needs a session that is there") {
  World w;
  const Asked nothing{0, 0, "abcd0000"};
  CHECK(std::get<Error>(w.hold(nothing, kRun)).code == ErrorCode::not_found);
}

TEST_CASE("after a restart a session that was held has its ttl to be held again") {
  World w;
  const auto session = w.register_for();
  w.hold(session, kRun);
  w.pass(1h);
  w.restart(5s);
  REQUIRE(lives(w, session));
  w.pass(590s);
  w.hold(session, kSecondRun);
  w.pass(1h);
  CHECK(lives(w, session));
  w.restart(5s);
  w.pass(600s);
  CHECK_FALSE(lives(w, session));
}

TEST_CASE("a client that holds and closes session after session leaves nothing behind") {
  Brain brain{Settings{}};
  const Now now{Instant(1h), WallTime(1h)};
  for (const char* id : {"aaaa0001", "aaaa0002"}) {
    Register session;
    session.spec.email = kBot;
    session.id = id;
    brain.apply(session, now);
    brain.apply(HoldSession{1, kRun, id}, now);
  }
  CHECK(brain.holders() == 1);
  brain.apply(CloseSession{2, "aaaa0001"}, now);
  CHECK(brain.holders() == 1);
  brain.apply(CloseSession{3, "aaaa0002"}, now);
  CHECK(brain.holders() == 0);
  brain.apply(ClientGone{kRun}, now);
}
