// DESIGN 4 "Contention" and sessions: states, life, ids.
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

const SessionInfo* info(World& w, const RequestId request) {
  const auto found = w.answers.find(request);
  return found == w.answers.end() ? nullptr : std::get_if<SessionInfo>(&found->second);
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
    "register says how many want its recipient, itself included; a wait on it is not one more") {
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

TEST_CASE("a session goes open, waiting, received and open again with its next mark") {
  World w;
  const auto session = w.register_for();
  const auto state = [&] { return w.delivery.session(session.id, w.now)->state; };
  CHECK(state() == SessionState::open);
  const auto wait = w.wait_on(session);
  CHECK(state() == SessionState::waiting);
  w.mail({});
  w.acknowledge(wait);
  CHECK(state() == SessionState::received);
  CHECK(w.delivery.session(session.id, w.now)->codes_given == 1);
  w.apply(MarkSession{w.next_request(), session.id});
  CHECK(state() == SessionState::open);
}

TEST_CASE("a session lives its ttl, then it has expired") {
  World w;
  const auto session = w.register_for();
  w.pass(599s);
  CHECK(w.delivery.session(session.id, w.now));
  w.pass(1s);
  CHECK(w.delivery.session(session.id, w.now).error().code == ErrorCode::expired);
  CHECK(w.error(w.wait_on(session))->code == ErrorCode::expired);
  CHECK(w.records(RecordKind::session) == 0);
  CHECK(w.delivery.sessions_open() == 0);
}

TEST_CASE("refresh begins its life anew") {
  World w;
  const auto session = w.register_for();
  w.pass(500s);
  const RequestId request = w.next_request();
  w.apply(RefreshSession{request, session.id, 60s});
  REQUIRE(info(w, request));
  CHECK(info(w, request)->expires == w.now.wall + 60s);
  w.pass(59s);
  CHECK(w.delivery.session(session.id, w.now));
  w.pass(1s);
  CHECK_FALSE(w.delivery.session(session.id, w.now));
}

TEST_CASE("a blocked waiter keeps its session alive; from its end it lives its ttl") {
  World w;
  const auto session = w.register_for();
  Wait wait;
  wait.session = session.id;
  wait.no_limit = true;
  const auto asked = w.wait(wait);
  CHECK_FALSE(w.delivery.session(session.id, w.now)->expires);
  w.pass(1h);
  CHECK(w.blocks(asked));
  w.gone(asked);
  CHECK(w.delivery.session(session.id, w.now)->expires == w.now.wall + 600s);
}

TEST_CASE("a session that somebody waited on when the agent was killed is still there") {
  World w;
  const auto session = w.register_for();
  Wait wait;
  wait.session = session.id;
  wait.no_limit = true;
  const auto before = w.wait(wait);
  w.pass(1h);
  w.restart(1s);
  const auto after = w.again(before);
  w.mail({});
  CHECK(w.code(after) == "482913");
}

TEST_CASE("close ends its waits with 66") {
  World w;
  const auto session = w.register_for();
  const auto wait = w.wait_on(session);
  const RequestId request = w.next_request();
  w.apply(CloseSession{request, session.id});
  CHECK(w.exit(wait) == ExitCode::not_found);
  CHECK(w.end(wait)->message.find("was closed") != std::string::npos);
  CHECK(info(w, request)->state == SessionState::closed);
  CHECK(w.records(RecordKind::session) == 0);
}

TEST_CASE("a code that is on its way when its session is closed arrives") {
  World w;
  const auto session = w.register_for();
  const auto wait = w.wait_on(session);
  w.mail({});
  w.apply(CloseSession{w.next_request(), session.id});
  CHECK(w.acknowledge(wait));
}

TEST_CASE("a session that is closed while it asks the mailboxes answers its register") {
  World w;
  w.mailbox();
  const auto session = w.register_for();
  w.apply(CloseSession{w.next_request(), session.id});
  REQUIRE(w.error(session));
  CHECK(w.error(session)->code == ErrorCode::expired);
  w.synchronised();
}

TEST_CASE("an id is given by its unique start of 4 characters or more") {
  World w;
  Register each;
  each.spec = World::spec(kBot);
  each.id = "1a2b3c4d-0000-4000-8000-000000000001";
  w.apply(each);
  each.id = "1a2b3cff-0000-4000-8000-000000000001";
  w.apply(each);
  CHECK(w.delivery.session("1a2b3c4", w.now)->id == "1a2b3c4d-0000-4000-8000-000000000001");
  const auto both = w.delivery.session("1a2b", w.now);
  CHECK(both.error().code == ErrorCode::ambiguous);
  CHECK(both.error().message.find("1a2b3c4d") != std::string::npos);
  CHECK(both.error().message.find("1a2b3cff") != std::string::npos);
  CHECK(w.delivery.session("1a2", w.now).error().code == ErrorCode::not_found);
  CHECK(w.delivery.session("ffff", w.now).error().code == ErrorCode::not_found);
  CHECK(w.delivery.session("", w.now).error().code == ErrorCode::not_found);
}

TEST_CASE("sessions are listed oldest first") {
  World w;
  const auto first = w.register_for();
  w.pass(1s);
  const auto second = w.register_for(kOther);
  const auto all = w.delivery.sessions(w.now);
  REQUIRE(all.size() == 2);
  CHECK(all[0].id == first.id);
  CHECK(all[1].id == second.id);
}

TEST_CASE("pages of sessions go by the id: one that has ended meanwhile loses nothing") {
  World w;
  for (char name = 'a'; name <= 'e'; ++name) {
    Register each;
    each.request = w.next_request();
    each.spec = World::spec(kBot);
    each.id = std::string(8, name) + "-0000-4000-8000-000000000000";
    w.apply(each);
  }
  const auto ids = [&](const std::string& after, std::size_t most) {
    std::string first_letters;
    for (const auto& each : w.delivery.sessions_after(after, most, w.now)) first_letters += each.id[0];
    return first_letters;
  };
  CHECK(ids("", 2) == "ab");
  const std::string last(std::string(8, 'b') + "-0000-4000-8000-000000000000");
  w.apply(CloseSession{w.next_request(), last});
  CHECK(ids(last, 2) == "cd");
  CHECK(ids(last, 9) == "cde");
  CHECK(ids("f", 9).empty());
}

TEST_CASE("what cannot be a session is refused with usage") {
  World w;
  SessionSpec nobody;
  CHECK(w.error(w.register_for(nobody))->code == ErrorCode::usage);
  SessionSpec metadata = World::spec(kBot);
  metadata.metadata = "[1]";
  CHECK(w.error(w.register_for(metadata))->code == ErrorCode::usage);
  SessionSpec pattern = World::spec(kBot);
  pattern.filters.pattern = "(unclosed";
  CHECK(w.error(w.register_for(pattern))->code == ErrorCode::usage);
  SessionSpec length = World::spec(kBot);
  length.filters.length_min = 8;
  length.filters.length_max = 6;
  CHECK(w.error(w.register_for(length))->code == ErrorCode::usage);
  CHECK(w.delivery.sessions_open() == 0);
}

TEST_CASE("more sessions than the cap: try later, the others are not touched") {
  Settings few;
  few.max_sessions = 2;
  World w(few);
  w.register_for();
  w.register_for(kOther);
  CHECK(w.error(w.register_for(kPhone))->code == ErrorCode::busy);
  CHECK(w.delivery.sessions_open() == 2);
}
