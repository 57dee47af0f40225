// DESIGN 4 on sessions: states, life, ids, lists.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

const SessionInfo* info(World& w, const RequestId request) {
  const auto found = w.answers.find(request);
  return found == w.answers.end() ? nullptr : std::get_if<SessionInfo>(&found->second);
}

}  // namespace

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

TEST_CASE("a blocked waiter keeps its session alive, from its end it lives its ttl") {
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
