// DESIGN 4 "Next code": the newest of each sender, ambiguity, equal values.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

TEST_CASE(
    "F16 of two unclaimed codes of one sender the later one counts, the earlier is superseded") {
  World w;
  w.mail({.code = "111111"});
  w.mail({.code = "222222"});
  CHECK(w.records(RecordKind::message) == 1);
  const auto wait = w.wait();
  CHECK(w.code(wait) == "222222");
  CHECK(w.got(wait)->superseded == 1);
  w.acknowledge(wait);
  const auto session = w.register_for();
  CHECK(w.blocks(w.wait_on(session)));
}

TEST_CASE("superseded ones are counted up") {
  World w;
  for (const char* code : {"111111", "222222", "333333"}) w.mail({.code = code});
  const auto wait = w.wait();
  CHECK(w.code(wait) == "333333");
  CHECK(w.got(wait)->superseded == 2);
}

TEST_CASE("F16 the highest UID is the later one, in whatever order the mail is fetched") {
  World w;
  w.mail({.code = "222222", .uid = 101});
  w.mail({.code = "111111", .uid = 100});
  CHECK(w.code(w.wait()) == "222222");
}

TEST_CASE("an SMS that was sent earlier does not supersede one that was sent later") {
  World w;
  w.sms({.code = "222222", .sent_ago = 1s});
  w.sms({.code = "111111", .sent_ago = 20s});
  CHECK(w.code(w.wait(kPhone)) == "222222");
}

TEST_CASE("an old SMS that a gateway hands over late does not supersede a fresh one without a sent time") {
  World w;
  w.sms({.code = "222222"});
  w.sms({.code = "111111", .sent_ago = std::chrono::hours(24)});
  CHECK(w.code(w.wait(kPhone)) == "222222");
}

TEST_CASE("another recipient, another channel and another sender supersede nothing") {
  World w;
  w.mail({.code = "111111"});
  w.mail({.to = kOther, .code = "222222"});
  w.sms({.from = "shop.example", .code = "333333"});
  CHECK(w.records(RecordKind::message) == 3);
  CHECK(w.code(w.wait()) == "111111");
  CHECK(w.code(w.wait(kOther)) == "222222");
  CHECK(w.code(w.wait(kPhone)) == "333333");
}

TEST_CASE("the sender of a mail is its From domain, of an SMS its number or name") {
  World w;
  w.mail({.from = "login@shop.example", .code = "111111"});
  w.mail({.from = "security@shop.example", .code = "222222"});
  CHECK(w.code(w.wait()) == "222222");
  w.sms({.from = "SHOP", .code = "333333"});
  w.sms({.from = "BANK", .code = "444444"});
  CHECK(w.blocks(w.wait(kPhone)));
}

TEST_CASE("a superseded mail that a look-back brings again is known, also after a kill") {
  World w;
  w.mail({.code = "111111", .uid = 100});
  w.mail({.code = "222222", .uid = 101});
  const auto wait = w.wait();
  w.acknowledge(wait);
  w.restart(1s);
  CHECK(w.mail({.code = "111111", .uid = 100}).duplicate);
}

TEST_CASE(
    "a live waiter takes each code as it comes, what is claimed supersedes nothing any more") {
  World w;
  const auto first = w.wait();
  const auto second = w.wait();
  w.mail({.code = "111111"});
  w.mail({.code = "222222"});
  CHECK(w.code(first) == "111111");
  CHECK(w.code(second) == "222222");
  CHECK(w.got(second)->superseded == 0);
}

TEST_CASE("a fetch that brings several is decided when it has brought all: the newest counts") {
  World w;
  const auto wait = w.wait();
  w.mail({.code = "111111", .more = true});
  w.mail({.code = "222222", .more = true});
  CHECK(w.blocks(wait));
  w.settled();
  CHECK(w.code(wait) == "222222");
}

TEST_CASE("the last of a fetch may say itself that no more comes") {
  World w;
  const auto wait = w.wait();
  w.mail({.code = "111111", .more = true});
  w.mail({.code = "222222"});
  CHECK(w.code(wait) == "222222");
}

TEST_CASE("another source does not settle it") {
  World w;
  const auto wait = w.wait();
  w.mail({.code = "111111", .more = true});
  w.settled("second/INBOX");
  CHECK(w.blocks(wait));
  w.settled();
  CHECK(w.code(wait) == "111111");
}

TEST_CASE("a fetch that breaks off is decided with what it has brought") {
  World w;
  w.mailbox();
  const auto wait = w.wait();
  w.mail({.code = "111111", .more = true});
  w.mailbox(SourceState::unreachable);
  CHECK(w.code(wait) == "111111");
}

TEST_CASE("a fetch for several waiters: each gets its own, oldest waiter first, one code once") {
  World w;
  const auto a = w.wait();
  const auto b = w.wait(kOther);
  const auto c = w.wait();
  w.mail({.to = kOther, .code = "222222", .more = true});
  w.mail({.code = "111111", .more = true});
  w.settled();
  CHECK(w.code(a) == "111111");
  CHECK(w.code(b) == "222222");
  CHECK(w.blocks(c));
}

TEST_CASE("F15 different codes of different senders, already there: ambiguous, no code is given") {
  World w;
  w.mail({.from = "a@shop.example", .code = "111111"});
  w.mail({.from = "b@bank.example", .code = "222222"});
  const auto wait = w.wait();
  CHECK(w.blocks(wait));
  REQUIRE(w.delivery.waiters(w.now).size() == 1);
  CHECK(w.delivery.waiters(w.now)[0].ambiguous);
  w.pass(120s);
  CHECK(w.exit(wait) == ExitCode::unreadable);
  CHECK(w.first_reason(wait) == Unmatched::ambiguous_sender);
  CHECK(w.end(wait)->message.find("a@shop.example") != std::string::npos);
  CHECK(w.end(wait)->message.find("b@bank.example") != std::string::npos);
  CHECK(w.end(wait)->message.find("111111") == std::string::npos);
}

TEST_CASE("F15 the same in one fetch for a waiter that blocks") {
  World w;
  const auto wait = w.wait();
  w.mail({.from = "a@shop.example", .code = "111111", .more = true});
  w.mail({.from = "b@bank.example", .code = "222222", .more = true});
  w.settled();
  CHECK(w.blocks(wait));
}

TEST_CASE("--from chooses between them") {
  World w;
  w.mail({.from = "a@shop.example", .code = "111111"});
  w.mail({.from = "b@bank.example", .code = "222222"});
  Wait wait;
  wait.spec = World::spec(kBot);
  wait.spec.filters.from = "*@bank.example";
  CHECK(w.code(w.wait(wait)) == "222222");
}

TEST_CASE("an operator chooses: the entry is the message that says the same, the other stays") {
  World w;
  w.mail({.from = "a@shop.example", .code = "111111"});
  w.mail({.from = "b@bank.example", .code = "222222"});
  const auto wait = w.wait();
  w.person(kBot, "222222", kBot);
  REQUIRE(w.code(wait) == "222222");
  CHECK(w.got(wait)->channel == "email");
  CHECK(w.got(wait)->sender == "b@bank.example");
  w.acknowledge(wait);
  CHECK(w.delivery.codes_pending() == 1);  // the other one
}

TEST_CASE("a later code of one of the senders does not end the ambiguity, an equal one does") {
  World w;
  w.mail({.from = "a@shop.example", .code = "111111"});
  w.mail({.from = "b@bank.example", .code = "222222"});
  const auto wait = w.wait();
  w.mail({.from = "a@shop.example", .code = "333333"});
  CHECK(w.blocks(wait));
  w.mail({.from = "a@shop.example", .code = "222222"});
  CHECK(w.code(wait) == "222222");
}

TEST_CASE("equal values are one code: given once, none is left") {
  World w;
  w.mail({.from = "a@shop.example", .code = "111111"});
  w.mail({.from = "b@shop-mail.example", .code = "111111"});
  const auto wait = w.wait();
  CHECK(w.code(wait) == "111111");
  w.acknowledge(wait);
  CHECK(w.delivery.codes_pending() == 0);
}

TEST_CASE("equal values that are given back go on together") {
  World w;
  w.mail({.from = "a@shop.example", .code = "111111"});
  w.mail({.from = "b@shop-mail.example", .code = "111111"});
  const auto first = w.wait();
  const auto second = w.wait();
  const auto third = w.wait();
  w.gone(first);
  CHECK(w.code(second) == "111111");
  CHECK(w.blocks(third));
}

TEST_CASE("the same value later is a code of its own: senders do resend it") {
  World w;
  const auto first = w.wait();
  w.mail({.code = "111111"});
  w.acknowledge(first);
  const auto second = w.wait();
  w.mail({.code = "111111"});
  CHECK(w.code(second) == "111111");
}

TEST_CASE("each wait on a session gives the newest code not yet given") {
  World w;
  const auto session = w.register_for();
  w.mail({.code = "111111"});
  w.mail({.code = "222222"});
  const auto first = w.wait_on(session);
  CHECK(w.code(first) == "222222");
  w.acknowledge(first);
  const auto second = w.wait_on(session);
  CHECK(w.blocks(second));
  w.mail({.code = "333333"});
  CHECK(w.code(second) == "333333");
}

TEST_CASE("a message without a code never ends a wait") {
  World w;
  const auto wait = w.wait();
  w.mail({.code = ""});
  w.mail({.codes = {"111111", "222222"}});
  w.mail({.code = "333333", .bounce = true});
  CHECK(w.blocks(wait));
  CHECK(w.records(RecordKind::message) == 0);
}

TEST_CASE("senders that are unknown are not the same sender") {
  World w;
  w.mail({.from = "", .code = "111111"});
  w.mail({.from = "", .code = "222222"});
  CHECK(w.blocks(w.wait()));
}

TEST_CASE("a given-back code that has a newer one beside it is superseded") {
  World w;
  const auto first = w.wait();
  w.mail({.code = "111111"});
  w.mail({.code = "222222"});
  w.gone(first);
  CHECK(w.delivery.codes_pending() == 1);
}
