// DESIGN 4 "Marks": a session's mark, at its registration and whenever it is marked anew.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

TEST_CASE(
    "F12 a session's mark lies at its registration: what came between counts, what was there does "
    "not") {
  World w;
  w.mailbox();
  w.mail({.code = "111111", .uid = 50});
  const auto session = w.register_for();
  w.synchronised();
  w.mail({.code = "222222"});
  CHECK(w.code(w.wait_on(session)) == "222222");
}

TEST_CASE("register answers when each live mailbox has said where it stands") {
  World w;
  w.mailbox();
  w.mailbox(SourceState::live, "second/INBOX");
  w.door();
  const auto session = w.register_for();
  REQUIRE(w.last.synchronise.size() == 1);
  CHECK(w.last.synchronise[0].sources == std::vector<std::string>{"main/INBOX", "second/INBOX"});
  const auto token = w.last.synchronise[0].token;
  w.apply(Synchronised{token, "main/INBOX", Position{1, 100}});
  CHECK(w.blocks(session));
  w.apply(Synchronised{token, "second/INBOX", Position{1, 5}});
  REQUIRE(w.session(session));
  CHECK_FALSE(w.session(session)->degraded);
  w.mail({.code = "111111", .source = "second/INBOX", .uid = 4});
  w.mail({.code = "222222", .source = "second/INBOX", .uid = 5});
  CHECK(w.code(w.wait_on(session)) == "222222");
}

TEST_CASE(
    "X05 register answers after 2 s with degraded when a mailbox does not say where it stands") {
  World w;
  w.mailbox(SourceState::starting);
  const auto session = w.register_for();
  w.pass(1999ms);
  CHECK(w.blocks(session));
  w.pass(1ms);
  REQUIRE(w.session(session));
  CHECK(w.session(session)->degraded);
}

TEST_CASE(
    "X05 a mailbox that is down makes the mark degraded at once, its old mail does not come after "
    "the recovery") {
  World w;
  w.mailbox(SourceState::unreachable);
  const auto session = w.register_for();
  REQUIRE(w.session(session));
  CHECK(w.session(session)->degraded);
  const auto wait = w.wait_on(session);
  w.mailbox();
  w.mail({.code = "111111", .uid = 800, .age = 1h});
  CHECK(w.blocks(wait));
  w.mail({.code = "222222", .uid = 801});
  CHECK(w.code(wait) == "222222");
}

TEST_CASE("a mailbox that goes down while it is asked is not waited for") {
  World w;
  w.mailbox();
  const auto session = w.register_for();
  CHECK(w.blocks(session));
  w.mailbox(SourceState::unreachable);
  REQUIRE(w.session(session));
  CHECK(w.session(session)->degraded);
}

TEST_CASE("a mailbox that reload takes out is not waited for") {
  World w;
  w.mailbox();
  const auto session = w.register_for();
  w.apply(SourceGone{kMain});
  CHECK(w.session(session));
}

TEST_CASE("a session for a phone asks no mailbox") {
  World w;
  w.mailbox();
  const auto session = w.register_for(kPhone);
  CHECK(w.last.synchronise.empty());
  REQUIRE(w.session(session));
  CHECK_FALSE(w.session(session)->degraded);
}

TEST_CASE(
    "session mark: from now on, and nobody on it gets a code before the mailboxes have answered") {
  World w;
  w.mailbox();
  const auto session = w.register_for();
  w.synchronised();
  const auto wait = w.wait_on(session);
  w.apply(MarkSession{w.next_request(), session.id});
  w.mail({.code = "111111"});  // it may have been there already
  CHECK(w.blocks(wait));
  w.synchronised();
  CHECK(w.blocks(wait));
  w.mail({.code = "222222"});
  CHECK(w.code(wait) == "222222");
}

TEST_CASE("next code: mark, resend, wait") {
  World w;
  w.mailbox();
  const auto session = w.register_for();
  w.synchronised();
  w.mail({.code = "111111"});
  const auto first = w.wait_on(session);
  CHECK(w.code(first) == "111111");
  w.acknowledge(first);
  w.mail({.code = "222222"});  // the site sent another one before the person clicked
  w.apply(MarkSession{w.next_request(), session.id});
  w.synchronised();
  const auto second = w.wait_on(session);
  CHECK(w.blocks(second));
  w.mail({.code = "333333"});
  CHECK(w.code(second) == "333333");
}

TEST_CASE("two marks at once are both answered") {
  World w;
  w.mailbox();
  const auto session = w.register_for();
  const RequestId mark = w.next_request();
  w.apply(MarkSession{mark, session.id});
  CHECK(w.answers.empty());
  w.synchronised();
  CHECK(w.session(session));
  CHECK(w.answers.count(mark) == 1);
}
