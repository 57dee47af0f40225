// What could not be written has not happened: after its withdrawal all is as it was before.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

/// What somebody can see of a world, and what would outlive a kill.
struct State {
  explicit State(const World& w)
      : store(w.store),
        deadline(w.delivery.deadline()),
        demand(w.delivery.demand()),
        waiting(w.delivery.waiting()),
        sessions(w.delivery.sessions_open()),
        pending(w.delivery.codes_pending()) {}
  bool operator==(const State&) const = default;

  std::map<std::pair<RecordKind, std::string>, std::string> store;
  std::optional<Instant> deadline;
  Demand demand;
  int waiting, sessions, pending;
};

/// The effects of the last command could not be written.
void withdraw(World& w) {
  REQUIRE_FALSE(w.last.promises.empty());
  w.apply(Withdraw{std::vector<Promise>(w.last.promises)});
  for (const RequestId request : w.last.unsaid) {
    bool again = false;
    for (const Reply& reply : w.last.replies) again = again || reply.request == request;
    if (!again) w.answers.erase(request);
  }
}

std::vector<std::uint64_t> promised(const World& w) {
  std::vector<std::uint64_t> all;
  for (const Promise& promise : w.last.promises) all.push_back(promise.seq);
  return all;
}

}  // namespace

TEST_CASE("an entry that nobody waited for is gone") {
  World w;
  const State before(w);
  w.person(kBot, "482913", kBot);
  withdraw(w);
  CHECK(State(w) == before);
  w.restart(1s);
  CHECK(w.blocks(w.wait()));
}

TEST_CASE("a wait that an entry was for waits on, with its deadline, and gets the next one") {
  World w;
  const auto wait = w.wait();
  const State before(w);
  w.pass(30s);
  w.person(kBot, "482913", kBot);
  REQUIRE(w.code(wait) == "482913");
  withdraw(w);
  CHECK(w.blocks(wait));
  CHECK(State(w) == before);
  SUBCASE("it comes again") {
    w.person(kBot, "482913", kBot);
    CHECK(w.code(wait) == "482913");
    CHECK(w.acknowledge(wait));
    CHECK(w.records(RecordKind::message) == 0);
  }
  SUBCASE("it does not come again") {
    w.pass(89s);
    CHECK(w.blocks(wait));
    w.pass(2s);
    CHECK(w.exit(wait) == ExitCode::timed_out);
  }
  SUBCASE("its client goes away") {
    w.gone(wait);
    CHECK(w.delivery.waiting() == 0);
    CHECK_FALSE(w.delivery.demand().email);
  }
}

TEST_CASE("a wait that waits for no time ends when its code is withdrawn") {
  World w;
  w.person(kBot, "482913", kBot);
  const auto promises = w.last.promises;
  Wait at_once;
  at_once.spec = World::spec(kBot);
  at_once.timeout = Duration(0);
  const auto wait = w.wait(at_once);
  REQUIRE(w.code(wait) == "482913");
  w.apply(Withdraw{promises});
  CHECK(w.exit(wait) == ExitCode::no);
  CHECK(w.delivery.waiting() == 0);
}

TEST_CASE("a session is gone with the first answer that could not be written, and sets no floor") {
  World w;
  w.mailbox();
  const State before(w);
  const auto session = w.register_for();
  CHECK(w.last.promises.empty());  // it is promised with its answer
  w.synchronised();
  REQUIRE(w.session(session));
  withdraw(w);
  State after(w);
  std::erase_if(after.store, [](const auto& each) { return each.first.first == RecordKind::position; });
  CHECK(after == before);
  CHECK_FALSE(w.delivery.session(session.id, w.now));
  CHECK(w.event(EventType::session, "closed"));  // the timeline may have told that it began
  w.mail({});
  CHECK(w.code(w.wait()) == "482913");
}

TEST_CASE("a session that was told once is not promised again by a mark") {
  World w;
  const auto session = w.register_for();
  CHECK(w.last.promises.size() == 1);
  w.apply(MarkSession{w.next_request(), session.id});
  CHECK(w.last.promises.empty());
  w.restart(1s);
  w.apply(MarkSession{w.next_request(), session.id});
  CHECK(w.last.promises.empty());
}

TEST_CASE("who stood in line behind a session that is withdrawn comes in") {
  World w;
  Register alone;
  alone.request = w.next_request();
  alone.id = "11111111-0000-4000-8000-000000000000";
  alone.spec = World::spec(kBot);
  alone.exclusive = true;
  w.apply(alone);
  const auto promises = w.last.promises;
  Wait queued;
  queued.spec = World::spec(kBot);
  queued.exclusive = true;
  queued.queue = 1min;
  const auto wait = w.wait(queued);
  w.person(kBot, "482913", kBot);
  REQUIRE(w.blocks(wait));
  w.apply(Withdraw{promises});
  CHECK(w.code(wait) == "482913");
}

TEST_CASE("what came through a door is gone and is new when it comes again, a mailbox keeps what it brought") {
  World w;
  const auto wait = w.wait();
  const State before(w);
  SUBCASE("mail") {
    const Mail mail{.message_id = "<1@shop.example>", .source = "lmtp"};
    w.mail(mail);
    withdraw(w);
    CHECK(State(w) == before);
    CHECK_FALSE(w.mail(mail).duplicate);
  }
  SUBCASE("an SMS") {
    Wait for_phone;
    for_phone.spec = World::spec(kPhone);
    const auto phone = w.wait(for_phone);
    const Text text{.id = "7"};
    w.sms(text);
    REQUIRE(w.code(phone) == "482913");
    withdraw(w);
    CHECK(w.blocks(phone));
    CHECK_FALSE(w.sms(text).duplicate);
    CHECK(w.code(phone) == "482913");
  }
  SUBCASE("of a mailbox") {
    w.mail({});
    CHECK(w.last.promises.empty());
    CHECK(w.code(wait) == "482913");
  }
}

TEST_CASE("a message that was withdrawn did not come for others either") {
  World w;
  const auto wait = w.wait();
  w.mail({.to = kOther, .source = "lmtp"});
  withdraw(w);
  w.mail({.source = "lmtp"});
  withdraw(w);
  w.pass(2min);
  REQUIRE(w.end(wait));
  CHECK(w.end(wait)->seen.empty());
}

TEST_CASE("the code that a wait gets together with an entry is free again") {
  World w;
  const auto session = w.register_for();
  w.mail({});
  const State before(w);
  w.person(kBot, "482913", kBot);
  const auto promises = w.last.promises;
  const auto wait = w.wait_on(session);
  REQUIRE(w.code(wait) == "482913");
  w.apply(Withdraw{promises});
  CHECK(w.code(wait) == "482913");  // of the mail now
  CHECK(w.got(wait)->channel == "email");
  w.gone(wait);
  CHECK(w.delivery.codes_pending() == before.pending);
}

TEST_CASE("an ambiguity that an entry has made ends with it") {
  World w;
  w.mail({.from = "a@one.example", .code = "111111"});
  const auto torn = w.wait();
  REQUIRE(w.code(torn) == "111111");
  w.gone(torn);
  w.mail({.from = "a@two.example", .code = "222222", .source = "lmtp"});
  const auto promises = w.last.promises;
  const auto wait = w.wait();
  REQUIRE(w.blocks(wait));
  w.apply(Withdraw{promises});
  CHECK(w.code(wait) == "111111");
}

TEST_CASE("a choice is undone: the candidates are held again, for this session too") {
  World w;
  const auto session = w.register_for();
  w.mail({.from = "a@one.example", .code = "111111"});
  w.mail({.from = "a@two.example", .code = "222222"});
  const auto wait = w.wait_on(session);
  REQUIRE(w.candidates() == std::vector<std::string>{"111111", "222222"});
  const State before(w);
  w.story();
  w.person(kBot, "222222", kBot);
  REQUIRE(w.code(wait) == "222222");
  REQUIRE(w.last.promises.size() == 1);
  const auto choice = promised(w).front();
  CHECK(w.last.about == std::vector<std::uint64_t>{choice, choice});  // taken, claimed
  withdraw(w);
  CHECK(w.blocks(wait));
  CHECK(w.candidates() == std::vector<std::string>{"111111", "222222"});
  CHECK(State(w) == before);
  w.person(kBot, "111111", kBot);
  CHECK(w.code(wait) == "111111");
}

TEST_CASE("a choice in a message with several codes is undone") {
  World w;
  const auto wait = w.wait();
  w.mail({.codes = {"111111", "222222"}});
  const State before(w);
  w.person(kBot, "222222", kBot);
  REQUIRE(w.code(wait) == "222222");
  withdraw(w);
  CHECK(w.blocks(wait));
  CHECK(w.candidates() == std::vector<std::string>{"111111", "222222"});
  CHECK(State(w) == before);
}

TEST_CASE("an agent that is stopped in the meantime ends the wait") {
  World w;
  const auto wait = w.wait();
  w.person(kBot, "482913", kBot);
  const auto promises = w.last.promises;
  w.apply(Stop{});
  w.answers.erase(wait.request);
  w.apply(Withdraw{promises});
  CHECK(w.exit(wait) == ExitCode::unreachable);
}

TEST_CASE("a session that ended while its wait was to get a withdrawn code ends the wait") {
  World w;
  const auto session = w.register_for();
  const auto wait = w.wait_on(session);
  w.person(kBot, "482913", kBot);
  const auto promises = w.last.promises;
  w.apply(CloseSession{w.next_request(), session.id});
  w.apply(Withdraw{promises});
  CHECK(w.exit(wait) == ExitCode::not_found);
}

TEST_CASE("what is not there any more is not withdrawn") {
  World w;
  const auto wait = w.wait();
  w.person(kBot, "482913", kBot);
  const auto promises = w.last.promises;
  REQUIRE(w.acknowledge(wait));  // nobody can know this delivery yet, but anybody may guess it
  w.pass(11min);
  w.apply(Withdraw{promises});
  w.apply(Withdraw{{{1, {}, false}, {2, "no-such-session", true}}});
  CHECK(w.delivery.codes_pending() == 0);
}

TEST_CASE("events name the promise that they stand and fall with") {
  World w;
  const auto wait = w.wait();
  w.person(kBot, "482913", kBot);
  CHECK(w.last.about == std::vector<std::uint64_t>(2, promised(w).front()));  // taken, claimed
  w.acknowledge(wait);
  const auto session = w.register_for();
  CHECK(w.last.about == promised(w));
  w.apply(CloseSession{w.next_request(), session.id});
  w.mail({.source = "lmtp"});
  CHECK(w.last.about == promised(w));
  const Effects second = (w.mail({.code = "771234", .source = "lmtp"}), w.last);
  CHECK(second.events.size() == 2);  // arrived; superseded: that one stays
  CHECK(second.about == std::vector<std::uint64_t>{second.promises.front().seq, w.last.about.back()});
  CHECK(second.about.front() != second.about.back());
}

// ---- whoever waits for it ----

TEST_CASE("a wait whose message could not be written is told so at its deadline: try later") {
  World w;
  w.door();
  const auto wait = w.wait();
  const auto other = w.wait(kOther);
  const Mail refused{.message_id = "1@shop.example", .source = "lmtp"};
  std::string expected = "1 message was refused because the store could not be written";
  SUBCASE("once") {
    w.mail(refused);
    withdraw(w);
  }
  SUBCASE("tried again and again, and another one") {
    w.mail(refused);
    withdraw(w);
    w.mail(refused);
    withdraw(w);
    w.mail({.message_id = "2@shop.example", .source = "lmtp"});
    withdraw(w);
    expected = "2 messages were refused because the store could not be written";
  }
  w.pass(120s);
  CHECK(w.exit(wait) == ExitCode::try_later);
  const std::string& said = w.end(wait)->message;
  CHECK(said.find(expected) != said.npos);
  CHECK(said.find("no message came") == said.npos);
  CHECK(w.exit(other) == ExitCode::timed_out);
}

TEST_CASE("a message that could not be written and came again is told as what it was then") {
  World w;
  w.door();
  Wait fussy;
  fussy.spec = World::spec(kBot);
  fussy.spec.filters.from = "*@bank.example";
  const auto wait = w.wait(fussy);
  const Mail mail{.message_id = "1@shop.example", .source = "lmtp"};
  w.mail(mail);
  withdraw(w);
  w.mail(mail);
  w.pass(120s);
  CHECK(w.exit(wait) == ExitCode::timed_out);
  CHECK(w.end(wait)->message.find("could not be written") == std::string::npos);
}

TEST_CASE("what could not be written is told to a wait it was for, not to one that came later") {
  World w;
  w.door();
  const auto phone = w.wait(kPhone);
  Arrive sms;
  sms.source = "pipe";
  sms.message.channel = message::Channel::sms;
  sms.message.sender = "Shop";
  sms.message.recipients.stamped = {kPhone};
  w.apply(Refused{sms});
  const auto later = w.wait(kPhone);
  CHECK(w.delivery.codes_pending() == 0);
  w.pass(120s);
  CHECK(w.exit(phone) == ExitCode::try_later);
  CHECK(w.exit(later) == ExitCode::timed_out);
}
