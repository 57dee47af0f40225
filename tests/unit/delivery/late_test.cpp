// `otpctl manual`: whoever is late is told, and the code reaches nobody else.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

TEST_CASE("waiting_only: where nobody waits nothing is kept") {
  World w;
  const auto nobody = w.late_person(kBot, "482913", kBot);
  CHECK(std::get<Error>(nobody).code == ErrorCode::not_found);
  CHECK(mentions(nobody, "nobody waits for " + kBot));
  const auto session = w.register_for();
  CHECK(mentions(w.late_person(session.id, "482913"), "nobody waits on session"));
  CHECK(w.delivery.codes_pending() == 0);
  CHECK(w.records(RecordKind::message) == 0);
}

TEST_CASE("waiting_only: whoever waits gets it as ever") {
  World w;
  const auto wait = w.wait();
  CHECK(std::get<Accepted>(w.late_person(kBot, "482913", kBot)).delivered);
  CHECK(w.code(wait) == "482913");
}

TEST_CASE("the first answer wins: the second is told that a person was faster") {
  World w;
  const auto wait = w.wait();
  w.person(wait.id, "111111");
  const auto at_once = w.person(wait.id, "222222");
  CHECK(std::get<Error>(at_once).code == ErrorCode::not_found);
  CHECK(mentions(at_once, "got its code from a person a moment ago"));
  w.acknowledge(wait);
  w.pass(5s);
  CHECK(mentions(w.person(wait.id, "222222"), "got its code from a person 5s ago"));
  CHECK(mentions(w.late_person(kBot, "222222", kBot), "got its code from a person 5s ago"));
  CHECK(w.code(wait) == "111111");
  CHECK(w.delivery.codes_pending() == 0);
}

TEST_CASE("whoever is late is told that the code came, the wait timed out or its caller left") {
  World w;
  w.door();
  const auto wait = w.wait();
  w.mail({.source = "lmtp"});
  CHECK(mentions(w.late_person(kBot, "222222", kBot), "got its code from noreply@shop.example"));
  CHECK(mentions(w.person(wait.id.substr(0, 8), "222222"), "got its code from"));
  w.gone(w.wait(kOther));
  CHECK(mentions(w.late_person("bot6", "222222"), "was left by its caller"));
  w.wait(kPhone);
  w.pass(120s);
  CHECK(mentions(w.late_person("5550", "222222"), "timed out"));
  const auto session = w.register_for();
  const auto on_session = w.wait_on(session);
  w.apply(CloseSession{0, session.id});
  CHECK(mentions(w.late_person(on_session.id, "222222"), "ended with exit code 66"));
}

TEST_CASE("a session whose wait was served is told of as well") {
  World w;
  const auto session = w.register_for();
  w.wait_on(session);
  w.person(session.id, "111111");
  CHECK(mentions(w.late_person(session.id, "222222"), "got its code from a person"));
}

TEST_CASE("waiting_only: a code of another length than all ask for is refused, not kept") {
  World w;
  Wait wait;
  wait.spec = World::spec(kBot);
  wait.spec.filters.length_min = 6;
  const auto asked = w.wait(wait);
  CHECK(std::get<Error>(w.late_person(kBot, "1234", kBot)).code == ErrorCode::usage);
  CHECK(std::get<Error>(w.person(asked.id, "1234")).code == ErrorCode::usage);
  CHECK(w.delivery.codes_pending() == 0);
  CHECK(w.blocks(asked));
}

TEST_CASE("what is remembered of past waits is bounded") {
  World w;
  const auto first = w.wait();
  w.gone(first);
  for (int i = 0; i < 1000; ++i) w.gone(w.wait(kOther));
  CHECK_FALSE(mentions(w.person(first.id, "482913"), "was left"));
  CHECK(mentions(w.person("bot6", "482913"), "was left"));
}

// ---- whose code came a moment ago ----

TEST_CASE("a late answer to somebody who is served does not reach another who is called alike") {
  World w;
  w.door();
  const auto served = w.wait("bot5@example.com");
  const auto other = w.wait("bot57@example.com");
  w.mail({.to = {"bot5@example.com"}, .source = "lmtp"});
  w.acknowledge(served);
  const auto late = w.person("bot5", "999999");
  CHECK(std::get<Error>(late).code == ErrorCode::not_found);
  CHECK(mentions(late, "the last wait for bot5@example.com got its code from noreply@shop.example a moment ago"));
  CHECK(w.blocks(other));
  CHECK(w.delivery.codes_pending() == 0);
  CHECK(std::get<Accepted>(w.person("bot57", "888888")).delivered);
}

TEST_CASE("a part of somebody who was just served and of somebody who waits names nobody") {
  World w;
  const auto served = w.wait("mybot51@example.com");
  const auto other = w.wait("bot57@example.com");
  w.person("mybot51@example.com", "111111", "mybot51@example.com");
  w.acknowledge(served);
  w.pass(3s);
  const auto both = w.person("bot5", "999999");
  CHECK(std::get<Error>(both).code == ErrorCode::ambiguous);
  CHECK(mentions(both, "bot57@example.com, mybot51@example.com (got its code 3s ago)"));
  CHECK(w.blocks(other));
  w.pass(27s);
  CHECK(std::get<Accepted>(w.person("bot5", "999999")).delivered);
}

TEST_CASE("all of the name before the @ goes before a part of a longer one") {
  World w;
  w.wait("bot57@example.com");
  const auto meant = w.wait("bot5@example.com");
  CHECK(std::get<Accepted>(w.person("bot5", "111111")).delivered);
  CHECK(w.code(meant) == "111111");
  const auto again = w.wait("bot5@example.net");
  w.acknowledge(meant);
  const auto two = w.person("bot5", "222222");  // the served one of example.com is called so as well
  CHECK(std::get<Error>(two).code == ErrorCode::ambiguous);
  CHECK(w.blocks(again));
}

TEST_CASE("the start of the id of a served wait and a part of somebody's name names nobody") {
  World w;
  w.person(w.wait(with_id("55501111-0000-4000-8000-000000000001")).id, "111111");
  w.apply(Tick{});
  const auto other = w.wait("+905555011");
  const auto first = w.wait(with_id("55502222-0000-4000-8000-000000000002", kOther));
  w.person(first.id, "222222");
  w.acknowledge(first);
  w.wait("+905555022");
  const auto chance = w.person("55502", "333333");
  CHECK(std::get<Error>(chance).code == ErrorCode::ambiguous);
  CHECK(mentions(chance, "wait 55502222 (got its code a moment ago)"));
  CHECK(w.blocks(other));
}

TEST_CASE("an entry for an address whose code came a moment ago is late, half a minute later it is the next login's") {
  World w;
  w.door();
  const auto wait = w.wait();
  w.mail({.source = "lmtp"});
  const auto before = w.person(kBot, "222222", kBot);  // on its way to the caller
  CHECK(std::get<Error>(before).code == ErrorCode::not_found);
  w.acknowledge(wait);
  w.pass(5s);
  const auto late = w.person(kBot, "222222", kBot);
  CHECK(std::get<Error>(late).code == ErrorCode::not_found);
  CHECK(mentions(late, "nobody waits for " + kBot + " any more: the last wait got its code from noreply@shop.example "
                       "5s ago; a code entered now is not kept: for the next login enter it when that waits, or in 25s"));
  CHECK(w.delivery.codes_pending() == 0);
  w.pass(25s);
  CHECK_FALSE(std::get<Accepted>(w.person(kBot, "333333", kBot)).delivered);
  CHECK(w.code(w.wait()) == "333333");
}

TEST_CASE("an entry is not late while somebody waits there or has a session without a code") {
  World w;
  const auto serve = [&](const Asked& wait) {
    w.person(wait.id, "111111");
    w.acknowledge(wait);
  };
  SUBCASE("another wait") {
    serve(w.wait());
    const auto next = w.wait();
    CHECK(std::get<Accepted>(w.person(kBot, "222222", kBot)).delivered);
    CHECK(w.code(next) == "222222");
  }
  SUBCASE("a session") {
    const auto session = w.register_for();
    serve(w.wait());
    CHECK_FALSE(std::get<Accepted>(w.person(kBot, "222222", kBot)).delivered);
    CHECK(w.code(w.wait_on(session)) == "222222");
  }
  SUBCASE("but who stands in line takes nothing yet") {
    Wait alone;
    alone.spec = World::spec(kBot);
    alone.exclusive = true;
    const auto first = w.wait(alone);
    alone.queue = 20s;
    const auto behind = w.wait(alone);
    w.person(first.id, "111111");
    CHECK(std::get<Error>(w.person(kBot, "222222", kBot)).code == ErrorCode::not_found);
    w.acknowledge(first);
    CHECK(w.blocks(behind));
  }
}

TEST_CASE("a session that has its code takes no other one before its next mark or wait") {
  World w;
  const auto session = w.register_for();
  const auto wait = w.wait_on(session);
  w.person(session.id, "111111");
  w.acknowledge(wait);
  const auto late = w.person(session.id, "222222");
  CHECK(std::get<Error>(late).code == ErrorCode::not_found);
  CHECK(mentions(late, "nobody waits on session " + session.id.substr(0, 8) + " any more: the last wait got its code"));
  CHECK(std::get<Error>(w.person(kBot, "222222", kBot)).code == ErrorCode::not_found);
  w.apply(MarkSession{0, session.id});
  CHECK_FALSE(std::get<Accepted>(w.person(session.id, "333333")).delivered);
  CHECK(w.code(w.wait_on(session)) == "333333");
}

TEST_CASE("whom an entry would be for is settled before there is a code, and nothing is kept") {
  World w;
  const auto settle = [&](const std::string& target, const std::string& recipient = {}) {
    PersonEntry entry;
    entry.request = w.next_request();
    entry.target = target;
    entry.recipient = recipient;
    entry.settle = true;
    w.apply(entry);
    return w.answers.at(entry.request);
  };
  const auto served = w.wait("bot5@example.com");
  const auto other = w.wait("bot57@example.com");
  CHECK(std::get<Accepted>(settle("bot57")).recipient == "bot57@example.com");
  CHECK(std::get<Accepted>(settle(kOther, kOther)).waiting == 0);
  w.person(served.id, "111111");
  CHECK(mentions(settle(served.id), "waits no more"));
  CHECK(mentions(settle("bot5"), "got its code from a person"));
  CHECK(mentions(settle("bot5@example.com", "bot5@example.com"), "a code entered now is not kept"));
  CHECK(w.blocks(other));
  CHECK(w.delivery.codes_pending() == 1);  // on its way
}

TEST_CASE("whoever went away without its code is not served: an entry is kept") {
  World w;
  const auto first = w.wait();
  w.person(first.id, "111111");
  w.gone(first);
  CHECK_FALSE(std::get<Accepted>(w.person(kBot, "222222", kBot)).delivered);
}
