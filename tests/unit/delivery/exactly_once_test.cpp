// DESIGN 4 "Exactly once per agent", "Kept and erased": claimed → written → acknowledged.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

TEST_CASE("a code goes to the waiter that blocks, with all that is known of it") {
  World w;
  w.mailbox();
  const auto wait = w.wait();
  CHECK(w.blocks(wait));
  CHECK(w.mail({.subject = "Sign in", .message_id = "a@shop.example"}).delivered);
  REQUIRE(w.got(wait));
  const Delivered& got = *w.got(wait);
  CHECK(got.code == "482913");
  CHECK(got.recipient == kBot);
  CHECK(got.channel == "email");
  CHECK(got.sender == "noreply@shop.example");
  CHECK(got.subject == "Sign in");
  CHECK(got.source == kMain);
  CHECK(got.message_id == "a@shop.example");
  CHECK(got.kind == "digits");
  CHECK(got.session == wait.id);
  CHECK_FALSE(got.delivery.empty());
}

TEST_CASE("the claim stands in the same effects as the reply") {
  World w;
  const auto wait = w.wait();
  w.mail({});
  REQUIRE(w.last.replies.size() == 2);  // to the wait, and to the one who brought it
  REQUIRE(w.last.changes.size() == 1);
  CHECK(w.last.changes[0].record.kind == RecordKind::message);
  CHECK(w.last.changes[0].record.value.find(wait.id) != std::string::npos);
}

TEST_CASE("an acknowledged code is erased, and its mail never counts again") {
  World w;
  const auto wait = w.wait();
  w.mail({.message_id = "a@shop.example", .uid = 7});
  CHECK(w.records(RecordKind::message) == 1);
  CHECK(w.acknowledge(wait));
  CHECK(w.records(RecordKind::message) == 0);
  CHECK(w.records(RecordKind::guard) == 2);  // by UID and by Message-ID
  CHECK(w.delivery.codes_delivered() == 1);
  for (const auto& [key, value] : w.store) CHECK(value.find("482913") == std::string::npos);
  CHECK_FALSE(w.acknowledge(wait));  // twice
}

TEST_CASE(
    "L15 of two waiters the one that waits longer gets the code, the next code goes to the other") {
  World w;
  const auto first = w.wait();
  const auto second = w.wait();
  w.mail({.code = "111111"});
  w.mail({.code = "222222"});
  CHECK(w.code(first) == "111111");
  CHECK(w.code(second) == "222222");
}

TEST_CASE(
    "L13 a client that dies before its acknowledgement: the next waiter gets the code at once") {
  World w;
  const auto first = w.wait();
  const auto second = w.wait();
  w.mail({});
  CHECK(w.blocks(second));
  w.gone(first);
  CHECK(w.code(second) == "482913");
  CHECK(w.got(second)->delivery != w.got(first)->delivery);
  CHECK(w.acknowledge(second));
}

TEST_CASE(
    "L13 nobody else waits: the code that was given back is kept for the next wait, the floor does "
    "not hold it") {
  World w;
  const auto first = w.wait();
  w.mail({});
  w.pass(1s);
  w.gone(first);
  const auto second = w.wait();
  CHECK(w.code(second) == "482913");
}

TEST_CASE(
    "L13 an acknowledgement that comes after its connection ended counts when the code is still "
    "free") {
  World w;
  const auto first = w.wait();
  w.mail({});
  w.gone(first);
  CHECK(w.acknowledge(first));
  const auto second = w.wait();
  CHECK(w.blocks(second));
}

TEST_CASE("L13 an acknowledgement that comes after somebody else got the code is not taken") {
  World w;
  const auto first = w.wait();
  const auto second = w.wait();
  w.mail({});
  w.gone(first);
  REQUIRE(w.code(second) == "482913");
  CHECK_FALSE(w.acknowledge(first));
  CHECK(w.acknowledge(second));
}

TEST_CASE("an acknowledgement with another waiter's id is not taken") {
  World w;
  const auto wait = w.wait();
  w.mail({});
  CHECK_FALSE(w.acknowledge(w.got(wait)->delivery, "somebody-else"));
  CHECK_FALSE(w.acknowledge("0000000000000001-0-1", wait.id));
  CHECK_FALSE(w.acknowledge("", wait.id));
  CHECK(w.acknowledge(wait));
}

TEST_CASE(
    "I19 after a kill a claimed code is kept for its waiter and given again under the same "
    "delivery") {
  World w;
  const auto before = w.wait();
  w.mail({});
  w.restart(1s);
  const auto other = w.wait();
  CHECK(w.blocks(other));
  const auto after = w.again(before);
  REQUIRE(w.got(after));
  CHECK(w.got(after)->delivery == w.got(before)->delivery);
  CHECK(w.acknowledge(after));
  w.pass(30s);
  CHECK(w.blocks(other));
}

TEST_CASE("I19 after a kill the acknowledgement alone is enough") {
  World w;
  const auto before = w.wait();
  w.mail({});
  w.restart(1s);
  CHECK(w.acknowledge(before));
  w.pass(20s);
  const auto other = w.wait();
  CHECK(w.blocks(other));
}

TEST_CASE("I19 a waiter that does not come back within the grace loses its code to the next") {
  World w;
  const auto before = w.wait();
  w.mail({});
  w.restart(1s);
  const auto other = w.wait();
  w.pass(9s);
  CHECK(w.blocks(other));
  w.pass(1s);
  CHECK(w.code(other) == "482913");
}

TEST_CASE(
    "I19 a kill before the claim: the waiter comes back with its mark and gets what came "
    "meanwhile") {
  World w;
  const auto before = w.wait();
  w.pass(50s);
  w.restart(5s);
  w.mail({.age = 2s});
  const auto after = w.again(before);
  CHECK(w.code(after) == "482913");
}

TEST_CASE(
    "I19 after a kill the one that waits longest is still the first, whoever comes back first") {
  World w;
  const auto first = w.wait();
  w.pass(1s);
  const auto second = w.wait();
  w.restart(1s);
  const auto second_again = w.again(second);
  const auto first_again = w.again(first);
  w.mail({});
  CHECK(w.code(first_again) == "482913");
  CHECK(w.blocks(second_again));
}

TEST_CASE("a kill in the middle of a fetch: the next agent decides over what had come") {
  World w;
  w.mail({.code = "111111", .more = true});
  w.mail({.code = "222222", .more = true});
  w.restart(1s);
  CHECK(w.delivery.codes_pending() == 1);
  CHECK(w.code(w.wait()) == "222222");
}

TEST_CASE("a code for nobody is kept for 10 minutes, then erased") {
  World w;
  w.mail({});
  CHECK(w.records(RecordKind::message) == 1);
  CHECK(w.delivery.codes_pending() == 1);
  w.pass(599s);
  CHECK(w.records(RecordKind::message) == 1);
  w.pass(1s);
  CHECK(w.records(RecordKind::message) == 0);
  CHECK(w.delivery.codes_pending() == 0);
}

TEST_CASE("stop answers every waiter with 69 and leaves an unacknowledged code to the next agent") {
  World w;
  const auto given = w.wait(kOther);
  const auto blocked = w.wait();
  w.mail({.to = kOther});
  w.apply(Stop{});
  CHECK(w.exit(blocked) == ExitCode::unreachable);
  CHECK(w.end(blocked)->message == "the agent was stopped");
  w.gone(given);
  w.gone(blocked);
  w.restart(1s);
  CHECK(w.code(w.again(given, kOther)) == "482913");
}

TEST_CASE("the oldest code on hand is told by when it reached the agent") {
  World w;
  CHECK_FALSE(w.delivery.oldest_pending());
  w.mail({.code = "", .age = 1h});
  CHECK_FALSE(w.delivery.oldest_pending());
  const WallTime first = w.now.wall;
  w.mail({.to = kOther, .age = 1h});
  w.pass(10s);
  w.mail({.code = "111111"});
  const auto is_first = [&] {  // two in one microsecond are told apart
    const auto oldest = w.delivery.oldest_pending();
    return oldest && *oldest >= first && *oldest < first + 1ms;
  };
  CHECK(is_first());
  const auto wait = w.wait();
  w.acknowledge(wait);
  CHECK(is_first());
  w.pass(10min - 10s);
  CHECK_FALSE(w.delivery.oldest_pending());
}
