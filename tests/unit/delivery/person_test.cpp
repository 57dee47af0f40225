// `otpctl manual`: an operator enters a code.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

TEST_CASE("an entry for a recipient goes to its oldest waiter") {
  World w;
  const auto wait = w.wait();
  w.wait();
  const auto answer = std::get<Accepted>(w.person(kBot, "482913", kBot));
  CHECK(answer.delivered);
  CHECK(answer.recipient == kBot);
  CHECK(answer.waiting == 1);  // the other one
  CHECK(w.code(wait) == "482913");
  CHECK(w.got(wait)->source == "person");
}

TEST_CASE("an entry that nobody waits for is kept, and erased after 10 minutes") {
  World w;
  const auto answer = std::get<Accepted>(w.person(kBot, "482913", kBot));
  CHECK_FALSE(answer.delivered);
  w.restart(1s);
  CHECK(w.delivery.codes_pending() == 1);
  w.pass(10min);
  CHECK(w.delivery.codes_pending() == 0);
}

TEST_CASE("an entry for a session is for that session only") {
  World w;
  const auto stranger = w.wait();
  const auto session = w.register_for();
  const auto answer = std::get<Accepted>(w.person(session.id.substr(0, 8), "482913"));
  CHECK(answer.recipient == kBot);
  CHECK_FALSE(answer.delivered);
  CHECK(w.blocks(stranger));
  CHECK(w.code(w.wait_on(session)) == "482913");
}

TEST_CASE("an entry finds the one recipient that begins with or holds what was typed") {
  World w;
  const auto a = w.wait("bot51@example.com");
  const auto b = w.wait("robot7@example.com");
  CHECK(std::get<Accepted>(w.person("BOT5", "111111")).delivered);
  CHECK(w.code(a) == "111111");
  CHECK(std::get<Accepted>(w.person("t7@", "222222")).delivered);
  CHECK(w.code(b) == "222222");
}

TEST_CASE("a start goes before a part, several are listed, nobody is an error") {
  World w;
  w.wait("bot5@example.com");
  w.wait("bot6@example.com");
  w.wait("myrobot@example.com");
  const auto several = std::get<Error>(w.person("bot", "111111"));
  CHECK(several.code == ErrorCode::ambiguous);
  CHECK(several.message.find("bot5@example.com") != std::string::npos);
  CHECK(several.message.find("bot6@example.com") != std::string::npos);
  CHECK(several.message.find("myrobot") == std::string::npos);
  CHECK(std::get<Error>(w.person("nobody", "111111")).code == ErrorCode::not_found);
  CHECK(std::get<Error>(w.person("", "111111")).code == ErrorCode::not_found);
}

TEST_CASE("what cannot be printed on one line is no code") {
  World w;
  for (const std::string& code :
       std::vector<std::string>{"", "12\n34", "\x1b[2J", std::string(65, '1')}) {
    CHECK(std::get<Error>(w.person(kBot, code, kBot)).code == ErrorCode::usage);
  }
}

TEST_CASE("an entry supersedes nothing and is not superseded") {
  World w;
  w.mail({.code = "111111"});
  w.person(kBot, "222222", kBot);
  w.person(kBot, "333333", kBot);
  w.mail({.code = "444444"});
  CHECK(w.delivery.codes_pending() == 3);  // only the mail was superseded, by the mail
}

TEST_CASE("an entry decides over what was there when it was made") {
  World w;
  w.mail({.from = "a@shop.example", .code = "111111"});
  w.mail({.from = "b@bank.example", .code = "222222"});
  w.person(kBot, "333333", kBot);
  CHECK(w.code(w.wait()) == "333333");
}

TEST_CASE("what comes after an entry is not decided by it") {
  World w;
  w.person(kBot, "333333", kBot);
  w.mail({.code = "111111"});
  const auto wait = w.wait();
  CHECK(w.blocks(wait));
  w.pass(120s);
  CHECK(w.exit(wait) == ExitCode::unreadable);
  CHECK(w.end(wait)->message.find("a person") != std::string::npos);
}

TEST_CASE("an entry has neither sender nor subject to filter by, but a length") {
  World w;
  Wait wait;
  wait.spec = World::spec(kBot);
  wait.spec.filters = {"*@shop.example", "*code*", "PIN ([0-9]+)", 6, 6};
  const auto asked = w.wait(wait);
  CHECK_FALSE(std::get<Accepted>(w.person(kBot, "1234", kBot)).delivered);
  CHECK(std::get<Accepted>(w.person(kBot, "482913", kBot)).delivered);
  CHECK(w.code(asked) == "482913");
}

TEST_CASE("an entry that its waiter did not acknowledge goes to the next") {
  World w;
  const auto first = w.wait();
  w.person(kBot, "482913", kBot);
  w.gone(first);
  CHECK(w.code(w.wait()) == "482913");
}

TEST_CASE("an entry for a phone") {
  World w;
  const auto wait = w.wait(kPhone);
  w.person("+9055", "482913");
  CHECK(w.code(wait) == "482913");
}

// ---- for one wait ----

TEST_CASE("an entry for a wait is for that one only, by its id or the start of it") {
  World w;
  const auto older = w.wait(with_id("aaaa1111-0000-4000-8000-000000000001"));
  const auto meant = w.wait(with_id("aaaa2222-0000-4000-8000-000000000002"));
  const auto answer = std::get<Accepted>(w.person("aaaa2", "482913"));
  CHECK(answer.delivered);
  CHECK(answer.recipient == kBot);
  CHECK(w.blocks(older));
  CHECK(w.code(meant) == "482913");
  w.person(older.id, "111111");
  CHECK(w.code(older) == "111111");
}

TEST_CASE("of two waits on one session an entry goes to the one that is named") {
  World w;
  const auto session = w.register_for();
  const auto first = w.wait_on(session);
  const auto second = w.wait_on(session);
  w.person(second.id, "482913");
  CHECK(w.blocks(first));
  CHECK(w.code(second) == "482913");
}

TEST_CASE("an entry for a wait is nobody else's when it is given back, the wait itself gets it again") {
  World w;
  const auto meant = w.wait(with_id("aaaa2222-0000-4000-8000-000000000002"));
  const auto other = w.wait();
  w.person(meant.id, "482913");
  w.gone(meant);
  CHECK(w.blocks(other));
  CHECK(w.code(w.again(meant)) == "482913");
}

TEST_CASE("the start of an id that fits several, or a part of somebody's number, names nobody") {
  World w;
  const auto a = w.wait(with_id("55501111-0000-4000-8000-000000000001"));
  const auto b = w.wait(with_id("55502222-0000-4000-8000-000000000002"));
  const auto several = w.person("5550", "482913");
  CHECK(std::get<Error>(several).code == ErrorCode::ambiguous);
  CHECK(mentions(several, a.id));
  CHECK(mentions(several, b.id));
  CHECK(std::get<Accepted>(w.person("55501", "482913")).delivered);
  w.wait("+905555022");
  const auto chance = w.person("55502", "482913");
  CHECK(std::get<Error>(chance).code == ErrorCode::ambiguous);
  CHECK(mentions(chance, "+905555022"));
  CHECK(w.blocks(b));
  CHECK(std::get<Accepted>(w.person(b.id, "482913")).delivered);
}

TEST_CASE("three characters are no id") {
  World w;
  w.wait(with_id("aaaa1111-0000-4000-8000-000000000001"));
  CHECK(std::get<Error>(w.person("aaa", "482913")).code == ErrorCode::not_found);
}

TEST_CASE("a wait that stands in line can take no code yet") {
  World w;
  Wait alone = with_id("aaaa1111-0000-4000-8000-000000000001");
  alone.exclusive = true;
  w.wait(alone);
  alone.waiter = "bbbb2222-0000-4000-8000-000000000002";
  alone.queue = 20s;
  w.wait(alone);
  CHECK(mentions(w.person("bbbb2222", "482913"), "in line"));
}

// ---- for whoever waits now ----
