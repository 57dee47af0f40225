// What the timeline is told of messages and codes: docs/events.md.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

using Story = std::vector<std::string>;

Arrive arrival(const std::string& recipient, const std::string& code) {
  Arrive arrive;
  arrive.source = "lmtp";
  if (!recipient.empty()) arrive.message.recipients.stamped = {recipient};
  arrive.message.sender = "noreply@shop.example";
  arrive.message.sender_domain = "shop.example";
  arrive.verdict.outcome = code::Outcome::code;
  arrive.verdict.codes.emplace_back();
  arrive.verdict.codes.back().value = code;
  arrive.verdict.reason = "stands directly at a word for a code";
  return arrive;
}

}  // namespace

// ---- the way of one code ----

TEST_CASE("a wait, its message and its code in order, its end says how long it waited") {
  World w;
  const auto wait = w.wait();
  w.pass(3s);
  w.mail({.message_id = "one@shop.example"});
  w.pass(1s);
  w.acknowledge(wait);
  const Event claimed = *w.event(EventType::code, "claimed");
  CHECK(claimed.session == wait.id);
  CHECK(claimed.recipients == Story{kBot});
  CHECK(claimed.source == kMain);
  CHECK(claimed.channel == "email");
  CHECK(claimed.sender == "noreply@shop.example");
  CHECK(claimed.message_id == "one@shop.example");
  CHECK(claimed.shape == "6 digits");
  CHECK(claimed.delivery == w.got(wait)->delivery);
  CHECK(claimed.waited == 3s);
  CHECK(w.event(EventType::code, "acknowledged")->delivery == claimed.delivery);
  CHECK(w.event(EventType::code, "acknowledged")->shape == "6 digits");
  const Event ended = *w.event(EventType::wait, "ended");
  CHECK(ended.session == wait.id);
  CHECK(ended.target.email == kBot);
  CHECK(ended.pid == 4001);
  CHECK(ended.exit == ExitCode::done);
  CHECK(ended.waited == 4s);
  CHECK(ended.reason.empty());
  CHECK(w.story() == Story{"wait began", "message arrived", "code claimed", "code acknowledged",
                           "wait ended"});
}

TEST_CASE("a message is told with its place, its verdict and the reason for it") {
  World w;
  Arrive arrive = arrival(kBot, "482913");
  arrive.source = kMain;
  arrive.place = Arrive::Place{7, 42, w.now.wall - 5s};
  arrive.message.sent = w.now.wall - 9s;
  w.apply(arrive);
  const Event event = *w.event(EventType::message, "arrived");
  CHECK(event.recipients == Story{kBot});
  CHECK(event.source == kMain);
  CHECK(event.uid_validity == 7);
  CHECK(event.uid == 42);
  CHECK(event.verdict == "code");
  CHECK(event.shape == "6 digits");
  CHECK(event.reason == "stands directly at a word for a code");
  CHECK(event.received == w.now.wall - 5s);
  CHECK(event.sent == w.now.wall - 9s);
}

TEST_CASE("of an ambiguous message the shape is told when all its codes have it") {
  World w;
  w.mail({.codes = {"111111", "222222"}});
  CHECK(w.event(EventType::message, "arrived")->verdict == "ambiguous");
  CHECK(w.event(EventType::message, "arrived")->shape == "6 digits");
  w.mail({.codes = {"111111", "AB12CD34"}});
  CHECK(w.event(EventType::message, "arrived")->shape.empty());
}

TEST_CASE("a message that comes again is a duplicate, one for nobody says so") {
  World w;
  w.mail({.message_id = "one@shop.example", .uid = 100});
  w.mail({.message_id = "one@shop.example", .uid = 101});
  CHECK(w.event(EventType::message, "duplicate")->reason == "it is known already");
  CHECK(w.event(EventType::message, "duplicate")->recipients == Story{kBot});
  w.apply(arrival({}, "482913"));
  const Event* nobody = w.event(EventType::message, "for_nobody");
  REQUIRE(nobody);
  CHECK(nobody->recipients.empty());
  CHECK(nobody->verdict == "code");
  CHECK(nobody->reason.find("no recipient") != std::string::npos);
  CHECK(w.story() == Story{"message arrived", "message duplicate", "message for_nobody"});
}

TEST_CASE("a mail that is fetched again from its place is no second message") {
  World w;
  w.mail({.message_id = "one@shop.example", .uid = 100});
  CHECK(w.mail({.message_id = "one@shop.example", .uid = 100}).duplicate);
  w.restart(1s);
  CHECK(w.mail({.message_id = "one@shop.example", .uid = 100}).duplicate);
  CHECK(w.story() == Story{"message arrived"});
  w.mail({.message_id = "one@shop.example", .source = "lmtp"});
  CHECK(w.event(EventType::message, "duplicate"));
}

TEST_CASE("an automatic reply is told as what it is") {
  World w;
  w.mail({.code = "333333", .bounce = true});
  CHECK(w.event(EventType::message, "arrived")->verdict == "none");
  CHECK(w.event(EventType::message, "arrived")->shape.empty());
  CHECK(w.event(EventType::message, "arrived")->reason.find("automatic reply") != std::string::npos);
}

TEST_CASE("of many recipients eight are named") {
  World w;
  Mail mail;
  mail.to = "";
  for (int i = 0; i < 20; ++i) mail.claimed.push_back("bot" + std::to_string(i) + "@example.com");
  w.mail(mail);
  CHECK(w.event(EventType::message, "arrived")->recipients.size() == 8);
}

TEST_CASE("a code that its sender wrote into address and Message-ID is cut out of the timeline") {
  World w;
  const auto wait = w.wait();
  w.mail({.from = "verify-482913@shop.example", .message_id = "482913.x@shop.example"});
  REQUIRE(w.code(wait) == "482913");
  CHECK(w.event(EventType::message, "arrived")->sender == "verify-…@shop.example");
  CHECK(w.event(EventType::code, "claimed")->message_id == "….x@shop.example");
  CHECK(w.got(wait)->sender == "verify-482913@shop.example");  // its waiter is told
  w.mail({.code = "111111", .message_id = "111111.y@shop.example"});
  w.mail({.code = "222222"});
  CHECK(w.event(EventType::code, "superseded")->message_id == "….y@shop.example");
}

TEST_CASE("a code that is given back, superseded or erased is told once, by its recipient") {
  World w;
  const auto wait = w.wait();
  w.mail({.code = "111111"});
  w.gone(wait);
  w.mail({.code = "222222"});
  w.pass(10min);
  CHECK(w.story() == Story{"wait began", "message arrived", "code claimed", "wait left",
                           "code given_back", "message arrived", "code superseded",
                           "code expired"});
}

TEST_CASE("what is said of a given-back, a superseded and an erased code") {
  World w;
  const auto wait = w.wait();
  w.mail({.code = "111111"});
  const std::string delivery = w.got(wait)->delivery;
  w.gone(wait);
  CHECK(w.event(EventType::code, "given_back")->delivery == delivery);
  CHECK(w.event(EventType::code, "given_back")->session == wait.id);
  CHECK(w.event(EventType::code, "given_back")->reason.find("went away") != std::string::npos);
  w.mail({.code = "222222"});
  const Event superseded = *w.event(EventType::code, "superseded");
  CHECK(superseded.reason.find("later one") != std::string::npos);
  CHECK(superseded.recipients == Story{kBot});
  CHECK(superseded.session.empty());
  CHECK(superseded.delivery.empty());
  w.pass(10min);
  CHECK(w.event(EventType::code, "expired")->reason.find("nobody asked") != std::string::npos);
}

TEST_CASE("messages without a code expire without a word") {
  World w;
  w.mail({.code = ""});
  w.mail({.codes = {"111111", "222222"}});
  w.story();
  w.pass(1h);
  CHECK(w.story().empty());
}

TEST_CASE("a code that goes because too many are held is told") {
  Settings few;
  few.max_messages = 2;
  World w(few);
  for (int i = 0; i < 3; ++i) w.mail({.to = "bot" + std::to_string(i) + "@example.com"});
  REQUIRE(w.event(EventType::code, "expired"));
  CHECK(w.event(EventType::code, "expired")->recipients == Story{"bot0@example.com"});
  CHECK(w.event(EventType::code, "expired")->reason.find("too many") != std::string::npos);
}

TEST_CASE("what runs out while no agent runs is told by the next one's first event") {
  World w;
  w.register_for();
  w.mail({});
  w.restart(1h);
  w.told.clear();
  w.wait();
  CHECK(w.story() == Story{"code expired", "session expired", "wait began"});
}

TEST_CASE("a late acknowledgement is told") {
  World w;
  const auto wait = w.wait();
  w.mail({});
  const std::string delivery = w.got(wait)->delivery;
  w.gone(wait);
  w.told.clear();
  CHECK(w.acknowledge(delivery, wait.id));
  CHECK(w.event(EventType::code, "acknowledged")->delivery == delivery);
  CHECK(w.story() == Story{"code acknowledged"});
}

TEST_CASE("after a kill: the acknowledgement ends the wait, or its code is given back") {
  World w;
  const auto wait = w.wait();
  const auto other = w.wait(kOther);
  w.mail({});
  w.mail({.to = kOther});
  const std::string delivery = w.got(wait)->delivery;
  w.restart(1s);
  w.told.clear();
  w.acknowledge(delivery, wait.id);
  CHECK(w.event(EventType::wait, "ended")->session == wait.id);
  CHECK(w.event(EventType::wait, "ended")->exit == ExitCode::done);
  w.pass(10s);
  CHECK(w.event(EventType::code, "given_back")->session == other.id);
  CHECK(w.story() == Story{"code acknowledged", "wait ended", "code given_back"});
}
