// An operator decides between the codes that are held for an ambiguous wait.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

using Codes = std::vector<std::string>;

/// Two senders, two codes, nothing to choose by.
void two_senders(World& w) {
  w.mail({.from = "a@shop.example", .code = "111111", .message_id = "one@shop.example"});
  w.mail({.from = "b@bank.example", .code = "222222", .message_id = "two@bank.example"});
}

WaiterInfo only_waiter(const World& w) {
  const auto waiters = w.delivery.waiters(w.now);
  REQUIRE(waiters.size() == 1);
  return waiters.front();
}

Wait with_length(int length) {
  Wait wait;
  wait.spec = World::spec(kBot);
  wait.spec.filters.length_min = wait.spec.filters.length_max = length;
  return wait;
}

}  // namespace

TEST_CASE("the operator's list shows what is held, the list for all does not") {
  World w;
  two_senders(w);
  w.wait();
  CHECK(only_waiter(w).ambiguous);
  CHECK(only_waiter(w).candidates.empty());
  const auto shown = w.delivery.waiters_to_choose(w.now).at(0).candidates;
  REQUIRE(shown.size() == 2);
  CHECK(shown[0].code == "111111");
  CHECK(shown[0].sender == "a@shop.example");
  CHECK(shown[0].channel == "email");
  CHECK(shown[1].received == std::chrono::floor<std::chrono::seconds>(w.now.wall));
}

TEST_CASE("a chosen code is delivered as the message that brought it") {
  World w;
  two_senders(w);
  const auto wait = w.wait();
  const auto answer = std::get<Accepted>(w.person(kBot, "222222", kBot));
  CHECK(answer.delivered);
  CHECK(answer.recipient == kBot);
  CHECK(answer.waiting == 0);
  REQUIRE(w.got(wait));
  CHECK(w.got(wait)->channel == "email");
  CHECK(w.got(wait)->sender == "b@bank.example");
  CHECK(w.got(wait)->source == kMain);
  CHECK(w.got(wait)->message_id == "two@bank.example");
}

TEST_CASE("a pick that was superseded since the list was read goes to nobody") {
  World w;
  two_senders(w);
  const auto wait = w.wait();
  w.mail({.from = "a@shop.example", .code = "444444", .message_id = "three@shop.example"});
  PersonEntry pick;
  pick.target = wait.id;
  pick.code = "111111";
  pick.waiting_only = pick.choice = true;
  const auto picked = [&](const std::string& code) {
    pick.code = code;
    pick.request = w.next_request();
    w.apply(pick);
    return w.answers.at(pick.request);
  };
  CHECK(std::get<Error>(picked("111111")).code == ErrorCode::no_code);
  CHECK(std::get<Error>(picked("999999")).code == ErrorCode::no_code);
  CHECK(w.blocks(wait));
  CHECK(w.delivery.codes_pending() == 2);
  CHECK(std::get<Accepted>(picked("444444")).delivered);
  CHECK(w.code(wait) == "444444");
  CHECK(std::get<Error>(picked("222222")).code == ErrorCode::not_found);
}

TEST_CASE("a superseded code that is typed is an entry of its own") {
  World w;
  two_senders(w);
  const auto wait = w.wait();
  w.mail({.from = "a@shop.example", .code = "444444", .message_id = "three@shop.example"});
  CHECK(std::get<Accepted>(w.late_person(wait.id, "111111")).delivered);
  CHECK(w.code(wait) == "111111");
}

TEST_CASE("what was not chosen stays free for others") {
  World w;
  two_senders(w);
  const auto first = w.wait();
  Wait picky;
  picky.spec = World::spec(kBot);
  picky.spec.filters.from = "*@hotel.example";
  w.wait(picky);
  w.person(kBot, "222222", kBot);
  w.acknowledge(first);
  CHECK(w.delivery.codes_pending() == 1);
  const auto other = w.register_for();
  CHECK(w.blocks(w.wait_on(other)));  // it was there before that session
  w.mail({.from = "c@hotel.example", .code = "333333"});
  CHECK(w.delivery.waiters(w.now).size() == 1);
}

TEST_CASE("what was not chosen is not given to the next wait on the session, after a kill neither") {
  World w;
  const auto session = w.register_for();
  two_senders(w);
  const auto first = w.wait_on(session);
  REQUIRE(w.blocks(first));
  w.person(session.id, "222222");
  REQUIRE(w.code(first) == "222222");
  w.acknowledge(first);
  const auto second = w.wait_on(session);
  CHECK(w.blocks(second));
  CHECK_FALSE(only_waiter(w).ambiguous);
  w.gone(second);
  w.restart(1s);
  const auto third = w.wait_on(session);
  CHECK(w.blocks(third));
  w.mail({.from = "a@shop.example", .code = "333333"});
  CHECK(w.code(third) == "333333");
}

TEST_CASE("nor is what an entry of another code has passed over") {
  World w;
  const auto session = w.register_for();
  two_senders(w);
  const auto first = w.wait_on(session);
  w.person(kBot, "444444", kBot);
  REQUIRE(w.code(first) == "444444");
  w.acknowledge(first);
  CHECK(w.blocks(w.wait_on(session)));
}

TEST_CASE("another session may still get what was not chosen for this one") {
  World w;
  const auto session = w.register_for();
  const auto other = w.register_for();
  two_senders(w);
  const auto first = w.wait_on(session);
  w.person(session.id, "222222");
  w.acknowledge(first);
  CHECK(w.code(w.wait_on(other)) == "111111");
}

TEST_CASE("a chosen code whose waiter goes away is the next one's: the choice stands") {
  World w;
  const auto session = w.register_for();
  two_senders(w);
  const auto first = w.wait_on(session);
  w.person(session.id, "222222");
  w.gone(first);
  const auto second = w.wait_on(session);
  CHECK(w.code(second) == "222222");
  CHECK(w.got(second)->sender == "b@bank.example");
}

TEST_CASE("the choice stands over a kill, too") {
  World w;
  const auto session = w.register_for();
  two_senders(w);
  const auto first = w.wait_on(session);
  w.person(session.id, "222222");
  w.restart(1s);
  w.pass(11s);  // it does not come back
  CHECK(w.code(w.wait_on(session)) == "222222");
}

TEST_CASE("with what comes after the choice a given-back code is ambiguous again") {
  World w;
  const auto session = w.register_for();
  two_senders(w);
  const auto first = w.wait_on(session);
  w.person(session.id, "222222");
  w.gone(first);
  w.mail({.from = "c@hotel.example", .code = "333333"});
  CHECK(w.blocks(w.wait_on(session)));
  CHECK(w.candidates() == Codes{"222222", "333333"});
}

TEST_CASE("what an entry was given for together with it comes back together with it") {
  World w;
  const auto session = w.register_for();
  w.mail({.code = "222222"});
  w.person(kBot, "222222", kBot);
  const auto first = w.wait_on(session);
  REQUIRE(w.code(first) == "222222");
  w.gone(first);
  const auto second = w.wait_on(session);
  REQUIRE(w.code(second) == "222222");
  w.acknowledge(second);
  CHECK(w.delivery.codes_pending() == 0);
}

TEST_CASE("what an entry has passed over is not shown beside what came after it") {
  World w;
  two_senders(w);
  w.person(kBot, "444444", kBot);
  w.mail({.from = "c@hotel.example", .code = "333333"});
  w.wait();
  CHECK(w.candidates() == Codes{"444444", "333333"});
}

TEST_CASE("all that says the chosen value is used up with it") {
  World w;
  two_senders(w);
  w.mail({.from = "c@bank-mail.example", .code = "222222"});
  const auto wait = w.wait();
  CHECK(w.candidates() == Codes{"111111", "222222"});
  w.person(kBot, "222222", kBot);
  CHECK(w.got(wait)->sender == "c@bank-mail.example");  // the newest of them
  w.acknowledge(wait);
  CHECK(w.delivery.codes_pending() == 1);
}

TEST_CASE("the choice goes to the oldest of those that have it before them") {
  World w;
  Wait picky = {};
  picky.spec = World::spec(kBot);
  picky.spec.filters.from = "*@hotel.example";
  const auto older = w.wait(picky);
  two_senders(w);
  const auto ambiguous = w.wait();
  const auto younger = w.wait();
  w.person(kBot, "111111", kBot);
  CHECK(w.blocks(older));
  CHECK(w.code(ambiguous) == "111111");
  CHECK(w.blocks(younger));
}

TEST_CASE("a waiter for which one of two is left is not served by elimination, but may choose it") {
  World w;
  two_senders(w);
  const auto first = w.wait();
  const auto second = w.wait();
  w.person(kBot, "222222", kBot);
  REQUIRE(w.code(first) == "222222");
  CHECK(w.blocks(second));
  CHECK(only_waiter(w).ambiguous);
  CHECK(w.candidates() == Codes{"111111"});
  w.person(kBot, "111111", kBot);
  CHECK(w.got(second)->sender == "a@shop.example");
}

TEST_CASE("an entry of none of the candidates is an entry of its own") {
  World w;
  two_senders(w);
  const auto wait = w.wait();
  w.person(kBot, "999999", kBot);
  CHECK(w.code(wait) == "999999");
  CHECK(w.got(wait)->channel == "person");
}

// ---- one message with several codes ----

TEST_CASE("a message with two codes is put before the operator, and nobody gets one by itself") {
  World w;
  const auto wait = w.wait();
  w.mail({.codes = {"111111", "222222"}, .message_id = "both@shop.example"});
  CHECK(w.blocks(wait));
  CHECK(only_waiter(w).ambiguous);
  CHECK(w.candidates() == Codes{"111111", "222222"});
  w.person(kBot, "111111", kBot);
  REQUIRE(w.code(wait) == "111111");
  CHECK(w.got(wait)->message_id == "both@shop.example");
  CHECK(w.got(wait)->channel == "email");
  CHECK(w.acknowledge(wait));
  CHECK(w.delivery.codes_pending() == 0);
}

TEST_CASE("it is put before a wait that comes later as well") {
  World w;
  w.mail({.codes = {"111111", "222222"}});
  const auto wait = w.wait();
  CHECK(only_waiter(w).ambiguous);
  w.person(wait.id, "222222");
  CHECK(w.code(wait) == "222222");
}

TEST_CASE("a clear code that comes later ends the wait all the same") {
  World w;
  const auto wait = w.wait();
  w.mail({.codes = {"111111", "222222"}});
  w.mail({.code = "333333"});
  CHECK(w.code(wait) == "333333");
}

TEST_CASE("choosing one of two codes uses up the message: its other code is nobody's") {
  World w;
  const auto wait = w.wait();
  const auto next = w.wait();
  w.mail({.codes = {"111111", "222222"}});
  w.person(kBot, "111111", kBot);
  REQUIRE(w.code(wait) == "111111");
  CHECK(w.blocks(next));
  CHECK_FALSE(only_waiter(w).ambiguous);
  CHECK(w.mail({.codes = {"111111", "222222"}, .uid = 100}).duplicate);
}

TEST_CASE("a code that was chosen out of a message is a code from then on: given back, kept, counted") {
  World w;
  const auto first = w.wait();
  w.mail({.codes = {"111111", "222222"}});
  CHECK(w.delivery.codes_pending() == 0);
  w.person(kBot, "111111", kBot);
  CHECK(w.delivery.codes_pending() == 1);
  w.gone(first);
  w.restart(1s);
  CHECK(w.delivery.codes_pending() == 1);
  CHECK(w.code(w.wait()) == "111111");
}

TEST_CASE("of a message of which one code was chosen the other is not shown again") {
  World w;
  const auto session = w.register_for();
  const auto first = w.wait_on(session);
  w.mail({.codes = {"111111", "222222"}});
  w.person(session.id, "222222");
  w.gone(first);
  w.mail({.from = "c@hotel.example", .code = "333333"});
  CHECK(w.blocks(w.wait_on(session)));
  CHECK(w.candidates() == Codes{"222222", "333333"});
}

TEST_CASE("what the filters keep out cannot be chosen") {
  World w;
  const auto wait = w.wait(with_length(4));
  w.mail({.codes = {"1111", "222222"}});
  CHECK(w.candidates() == Codes{"1111"});
  CHECK_FALSE(std::get<Accepted>(w.person(kBot, "222222", kBot)).delivered);
  CHECK(w.blocks(wait));
  World other;
  Wait by_pattern;
  by_pattern.spec = World::spec(kBot);
  by_pattern.spec.filters.pattern = "PIN ([0-9]+)";
  other.wait(by_pattern);
  other.mail({.codes = {"111111", "222222"}});
  CHECK_FALSE(only_waiter(other).ambiguous);
}

TEST_CASE("what is too old for the wait, or another's, cannot be chosen") {
  World w;
  w.mail({.codes = {"111111", "222222"}});
  w.pass(31s);
  w.wait();
  CHECK_FALSE(only_waiter(w).ambiguous);
  w.mail({.to = kOther, .codes = {"333333", "444444"}});
  CHECK_FALSE(only_waiter(w).ambiguous);
}

TEST_CASE("while the mailboxes say where they stand there is nothing to choose") {
  World w;
  w.mailbox();
  const auto session = w.register_for();
  w.synchronised();
  const auto wait = w.wait_on(session);
  w.mail({.codes = {"111111", "222222"}});
  REQUIRE(only_waiter(w).ambiguous);
  w.apply(MarkSession{0, session.id});
  CHECK_FALSE(only_waiter(w).ambiguous);
  w.synchronised();
  CHECK_FALSE(only_waiter(w).ambiguous);  // the mark lies behind it
  Wait what_is_there;
  what_is_there.spec = World::spec(kOther);
  what_is_there.timeout = 0s;
  w.mail({.to = kOther, .codes = {"333333", "444444"}});
  w.wait(what_is_there);
  REQUIRE(w.delivery.waiters(w.now).size() == 2);
  CHECK_FALSE(w.delivery.waiters(w.now)[1].ambiguous);
}
