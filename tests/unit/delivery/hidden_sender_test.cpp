// A sender may write its code into its own name: what is told of a message never holds it, what is asked of it still does.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

const std::string kFrom = "482913@shop.example";

/// All that an end of a wait says.
std::string words_of(const WaitEnd& end) {
  std::string words = end.message;
  for (const Seen& seen : end.seen) words += '\n' + seen.sender;
  return words;
}

bool tells(const std::string& words, const std::string& code = "482913") {
  return words.find(code) != std::string::npos;
}

/// Of the one who waits longest, as the status lists it.
std::string words_of_first_waiter(const World& w) {
  std::string words;
  const auto waiters = w.delivery.waiters(w.now);
  for (const Seen& seen : waiters.at(0).seen) words += seen.sender + '\n';
  return words;
}

}  // namespace

TEST_CASE("a sender that is the code is not told when its message went to another wait") {
  World w;
  const auto first = w.wait();
  const auto second = w.wait();
  w.mail({.from = kFrom});
  REQUIRE(w.code(first) == "482913");
  CHECK(w.got(first)->sender == kFrom);  // it goes with the code, to whom the code goes
  REQUIRE(w.acknowledge(first));         // the content is wiped, the explanation comes later
  CHECK_FALSE(tells(words_of_first_waiter(w)));
  w.pass(2min);
  REQUIRE(w.end(second));
  CHECK_FALSE(tells(words_of(*w.end(second))));
  CHECK(tells(words_of(*w.end(second)), "(from …@shop.example)"));
}

TEST_CASE("an SMS sender that is the code is not told when it came too early or was for others") {
  World w;
  w.source("phone1", "sms", SourceState::live, false, true);
  SUBCASE("too early") {
    w.sms({.from = "482913"});
    w.pass(1min);
  }
  const auto wait = w.wait(kPhone);
  SUBCASE("for others") { w.sms({.to = "+905550000009", .from = "482913"}); }
  w.pass(2min);
  REQUIRE(w.end(wait));
  REQUIRE_FALSE(w.end(wait)->seen.empty());
  CHECK_FALSE(tells(words_of(*w.end(wait))));
}

TEST_CASE("a sender that is the code is not told when a later code superseded its message") {
  World w;
  const auto impatient = w.register_for();
  w.mail({.from = kFrom});
  w.mail({.from = "noreply@shop.example", .code = "771234"});
  REQUIRE(w.code(w.wait_on(impatient)) == "771234");
  Wait with;
  with.session = impatient.id;
  with.spec.filters.length_min = 8;
  const auto wait = w.wait(with);
  w.pass(2min);
  REQUIRE(w.end(wait));
  CHECK(tells(words_of(*w.end(wait)), "1 code was superseded by a later one (from …@shop.example)"));
}

TEST_CASE("mail for others is named without the code that stands in its sender, also when nobody holds it any more") {
  World w;
  w.mailbox();
  const auto wait = w.wait();
  w.mail({.to = kOther, .from = kFrom});
  w.pass(119s);
  CHECK_FALSE(tells(words_of_first_waiter(w)));
  w.pass(2s);
  REQUIRE(w.end(wait));
  CHECK(w.first_reason(wait) == Unmatched::other_recipient);
  CHECK_FALSE(tells(words_of(*w.end(wait))));
}

TEST_CASE("senders of different codes are named without them, in the list and in the line") {
  World w;
  w.mail({.from = "482913@shop.example", .code = "482913"});
  w.mail({.from = "bank+77-12-34@bank.example", .code = "771234"});
  const auto wait = w.wait();
  REQUIRE(w.blocks(wait));
  CHECK_FALSE(tells(words_of_first_waiter(w)));
  w.pass(2min);
  REQUIRE(w.exit(wait) == ExitCode::unreadable);
  const std::string words = words_of(*w.end(wait));
  CHECK_FALSE(tells(words));
  CHECK_FALSE(tells(words, "77-12-34"));
  CHECK(tells(words, "…@shop.example and bank+…@bank.example"));
}

TEST_CASE("all codes of a message that has several are cut out of its sender") {
  World w;
  const auto wait = w.wait();
  w.mail({.from = "482913.771234@shop.example", .codes = {"482913", "771234"}});
  w.pass(2min);
  REQUIRE(w.end(wait));
  CHECK(tells(words_of(*w.end(wait)), "(from ….…@shop.example)"));
}

TEST_CASE("a code that only a pattern finds is cut out of the sender, before it is given and after") {
  World w;
  Wait with;
  with.spec = World::spec(kBot);
  with.spec.filters.pattern = "PIN ([0-9]{5})";
  w.mail({.from = "55501@shop.example", .code = {}, .text = "PIN 55501"});
  w.mail({.from = "55502@bank.example", .code = {}, .text = "PIN 55502"});
  const auto torn = w.wait(with);
  REQUIRE(w.blocks(torn));
  CHECK_FALSE(tells(words_of_first_waiter(w), "5550"));
  w.apply(ClientGone{torn.client});
  with.client = 0;
  with.spec.filters.from = "*@later.example";
  const auto wait = w.wait(with);
  const auto other = w.wait();
  w.mail({.from = "55503@later.example", .code = {}, .text = "PIN 55503"});
  REQUIRE(w.code(wait) == "55503");
  REQUIRE(w.acknowledge(wait));
  w.pass(2min);
  REQUIRE(w.end(other));
  CHECK_FALSE(tells(words_of(*w.end(other)), "55503"));
}

TEST_CASE("filters ask the sender as it came") {
  World w;
  Wait with;
  with.spec = World::spec(kBot);
  with.spec.filters.from = "482913@*";
  const auto wait = w.wait(with);
  w.mail({.from = "noreply@shop.example", .code = "111111"});
  CHECK(w.blocks(wait));
  w.mail({.from = kFrom});
  CHECK(w.code(wait) == "482913");
}

TEST_CASE("who comes too late with an entry is told of the sender without its code") {
  World w;
  const auto wait = w.wait();
  w.mail({.from = kFrom});
  REQUIRE(w.acknowledge(wait));
  const auto answer = w.late_person(kBot, "111111", kBot);
  REQUIRE(std::holds_alternative<Error>(answer));
  CHECK_FALSE(tells(std::get<Error>(answer).message));
}

TEST_CASE("the sender is hidden over a restart too") {
  World w;
  w.mail({.from = kFrom});
  w.restart(1s);
  const auto first = w.wait();
  const auto second = w.wait();
  REQUIRE(w.code(first) == "482913");
  REQUIRE(w.acknowledge(first));
  w.pass(2min);
  REQUIRE(w.end(second));
  CHECK_FALSE(tells(words_of(*w.end(second))));
}

TEST_CASE("a late acknowledgement of what was superseded meanwhile tells the timeline no code") {
  World w;
  const auto wait = w.wait();
  w.mail({.from = kFrom, .message_id = "<482913@shop.example>"});
  const Delivered given = *w.got(wait);
  w.gone(wait);
  w.mail({.from = "noreply@shop.example", .code = "111111"});  // the content of the first is wiped
  w.story();
  CHECK(w.acknowledge(given.delivery, wait.id));
  const Event* event = w.event(EventType::code, "acknowledged");
  REQUIRE(event);
  CHECK_FALSE(tells(event->sender + event->message_id));
}
