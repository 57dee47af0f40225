// DESIGN 4 "Contention": warnings, `--exclusive` and the line before it.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

Wait for_me_alone(std::optional<Duration> queue = {}, const std::string& recipient = kBot) {
  Wait wait;
  wait.spec = World::spec(recipient);
  wait.exclusive = true;
  wait.queue = queue;
  return wait;
}

Asked register_alone(World& w, std::optional<Duration> queue = {}) {
  Register each;
  each.request = w.next_request();
  each.spec = World::spec(kBot);
  each.id = "eeee" + std::to_string(each.request) + "00-0000-4000-8000-000000000000";
  each.exclusive = true;
  each.queue = queue;
  each.client = 77;
  const Asked asked{each.request, 77, each.id};
  w.apply(each);
  return asked;
}

}  // namespace

TEST_CASE("wait warns when somebody else waits for the same recipient") {
  World w;
  w.door();
  const auto first = w.wait();
  CHECK(w.warning(first).empty());
  const auto second = w.wait();
  CHECK(w.contended(second) == 2);
  CHECK(w.warning(second).find(kBot) != std::string::npos);
  CHECK(w.contended(w.wait(kOther)) == 0);
}

TEST_CASE(
    "register says how many want its recipient, itself included, a wait on it is not one more") {
  World w;
  w.door();
  const auto alone = w.register_for();
  CHECK(w.session(alone)->contended == 0);
  const auto wait = w.wait_on(alone);
  CHECK(w.contended(wait) == 0);
  const auto second = w.register_for();
  CHECK(w.session(second)->contended == 2);
}

TEST_CASE("a session that has its code does not compete any more") {
  World w;
  const auto session = w.register_for();
  const auto wait = w.wait_on(session);
  w.mail({});
  w.acknowledge(wait);
  CHECK(w.contended(w.wait()) == 0);
}

TEST_CASE("a registration whose client goes leaves the line, and is told so") {
  World w;
  register_alone(w);
  const auto queued = register_alone(w, 1min);
  CHECK(w.error(queued) == nullptr);
  w.apply(ClientGone{77});
  REQUIRE(w.error(queued) != nullptr);
  CHECK(w.error(queued)->code == ErrorCode::cancelled);
}

TEST_CASE("a session that only exists reserves nothing") {
  World w;
  w.register_for();
  const auto wait = w.wait();
  w.mail({});
  CHECK(w.code(wait) == "482913");
}

TEST_CASE("--exclusive is refused with the holder's name when somebody waits, 75") {
  World w;
  Wait holder;
  holder.spec = World::spec(kBot);
  holder.pid = 4711;
  w.wait(holder);
  const auto refused = w.wait(for_me_alone());
  REQUIRE(w.error(refused));
  CHECK(w.error(refused)->code == ErrorCode::busy);
  CHECK(exit_code_for(w.error(refused)->code) == ExitCode::try_later);
  CHECK(w.error(refused)->message.find("pid 4711") != std::string::npos);
}

TEST_CASE("nobody else may wait while one has the recipient for itself") {
  World w;
  const auto session = register_alone(w);
  const auto refused = w.wait();
  REQUIRE(w.error(refused));
  CHECK(w.error(refused)->message.find("session " + session.id.substr(0, 8)) != std::string::npos);
  CHECK(w.error(w.register_for()));
  CHECK(w.blocks(w.wait_on(session)));  // its own waits may
  CHECK(w.blocks(w.wait(kOther)));
}

TEST_CASE("--queue stands in line in the order of arrival, as flock") {
  World w;
  const auto holder = w.wait(for_me_alone());
  const auto second = w.wait(for_me_alone(5min));
  const auto third = w.wait(for_me_alone(5min));
  CHECK(w.blocks(second));
  CHECK(w.warning(second).find("standing in line") != std::string::npos);
  w.mail({.code = "111111"});
  CHECK(w.code(holder) == "111111");
  w.mail({.code = "222222"});
  CHECK(w.blocks(second));  // the holder has not acknowledged yet
  w.acknowledge(holder);
  w.mail({.code = "333333"});
  CHECK(w.code(second) == "333333");
  CHECK(w.blocks(third));
  w.gone(second);
  CHECK(w.code(third) == "333333");
}

TEST_CASE("whoever stands in line too long gets 75 with the holder's name") {
  World w;
  const auto holder = w.wait(for_me_alone());
  const auto second = w.wait(for_me_alone(10s));
  w.pass(10s);
  REQUIRE(w.error(second));
  CHECK(w.error(second)->code == ErrorCode::busy);
  CHECK(w.error(second)->message.find("pid ") != std::string::npos);
  CHECK(w.blocks(holder));
}

TEST_CASE("a client that dies in line is not let in") {
  World w;
  const auto holder = w.wait(for_me_alone());
  const auto second = w.wait(for_me_alone(1min));
  const auto third = w.wait(for_me_alone(1min));
  w.gone(second);
  w.gone(holder);
  w.mail({});
  CHECK(w.blocks(second));
  CHECK(w.code(third) == "482913");
}

TEST_CASE("a register stands in line too, and its mark is taken when it is let in") {
  World w;
  const auto holder = w.wait(for_me_alone());
  const auto session = register_alone(w, 1min);
  CHECK(w.blocks(session));
  w.mail({.code = "111111", .source = "lmtp"});
  w.mail({.from = "x@other.example", .code = "222222", .source = "lmtp"});
  w.acknowledge(holder);
  REQUIRE(w.session(session));
  CHECK(w.blocks(w.wait_on(session)));
}

TEST_CASE("the time in line is not the time of the wait") {
  World w;
  const auto holder = w.wait(for_me_alone());
  const auto second = w.wait(for_me_alone(1min));
  w.pass(50s);
  w.gone(holder);
  w.pass(119s);
  CHECK(w.blocks(second));
  w.pass(1s);
  CHECK(w.exit(second) == ExitCode::timed_out);
}

TEST_CASE("one that needs two recipients waits for both") {
  World w;
  const auto phone = w.wait(for_me_alone({}, kPhone));
  const auto mail = w.wait(for_me_alone());
  Wait both = for_me_alone(1min);
  both.spec = {kBot, kPhone, {}, {}, "{}"};
  const auto asked = w.wait(both);
  w.gone(mail);
  w.sms({.to = "+905550000009"});
  w.mail({});
  CHECK(w.blocks(asked));
  w.gone(phone);
  CHECK(w.code(asked) == "482913");
}

TEST_CASE("nobody overtakes one in line by asking for less") {
  World w;
  const auto phone = w.wait(for_me_alone({}, kPhone));
  Wait both = for_me_alone(1min);
  both.spec = {kBot, kPhone, {}, {}, "{}"};
  const auto first = w.wait(both);  // the address is free, the phone is not
  const auto second = w.wait(for_me_alone(1min));
  w.mail({});
  CHECK(w.blocks(second));
  w.gone(phone);
  CHECK(w.code(first) == "482913");
}

TEST_CASE("one that shares passes by those in line") {
  World w;
  w.wait();
  const auto in_line = w.wait(for_me_alone(1min));
  const auto sharing = w.wait();
  CHECK(w.blocks(in_line));
  CHECK_FALSE(w.error(sharing));
  CHECK(w.delivery.waiters(w.now).size() == 3);
}

TEST_CASE("waiting ones are listed with who stands in line") {
  World w;
  w.wait(for_me_alone());
  w.wait(for_me_alone(1min));
  const auto all = w.delivery.waiters(w.now);
  REQUIRE(all.size() == 2);
  CHECK_FALSE(all[0].queued);
  CHECK(all[1].queued);
  CHECK(all[1].target.email == kBot);
}

TEST_CASE("as many wait as are listed: who stands in line does, whose code is on its way does not") {
  World w;
  const auto listed = [&] { return static_cast<int>(w.delivery.waiters(w.now).size()); };
  CHECK(w.delivery.waiting() == 0);
  const auto first = w.wait(for_me_alone());
  const auto second = w.wait(for_me_alone(1min));
  CHECK(w.delivery.waiting() == 2);
  w.register_for();
  CHECK(w.delivery.waiting() == listed());
  w.gone(second);
  CHECK(w.delivery.waiting() == 1);
  w.mail({});
  CHECK(w.delivery.waiting() == 0);
  CHECK(listed() == 0);
  CHECK(w.delivery.sessions_open() == static_cast<int>(w.delivery.sessions(w.now).size()));
}
