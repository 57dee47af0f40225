// What the timeline is told of waits, sessions, entries and sources: docs/events.md.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

using Story = std::vector<std::string>;

void tell_state(World& w, SourceState state, const std::string& detail,
                std::optional<WallTime> retry_at = {}) {
  SourceUpdate update;
  update.status.name = kMain;
  update.status.kind = "imap";
  update.status.state = state;
  update.status.detail = detail;
  update.status.retry_at = retry_at;
  update.brings_email = true;
  w.apply(update);
}

}  // namespace

// ---- waits ----

TEST_CASE("a wait that ends without a code says what was seen") {
  World w;
  w.door();
  const auto wait = w.wait();
  w.mail({.code = ""});
  w.pass(120s);
  const Event* ended = w.event(EventType::wait, "ended");
  REQUIRE(ended);
  CHECK(ended->exit == w.exit(wait));
  CHECK(ended->reason == w.end(wait)->message);
  CHECK(ended->waited == 120s);
}

TEST_CASE("a wait whose caller goes away has left") {
  World w;
  const auto wait = w.wait();
  w.gone(wait);
  CHECK(w.event(EventType::wait, "left")->session == wait.id);
  CHECK_FALSE(w.event(EventType::wait, "left")->exit);
  CHECK(w.story() == Story{"wait began", "wait left"});
}

TEST_CASE("a wait that goes on over a new connection begins again, and says why") {
  World w;
  const auto wait = w.wait();
  CHECK(w.event(EventType::wait, "began")->reason.empty());
  w.restart(1s);
  w.again(wait);
  CHECK(w.event(EventType::wait, "began")->reason.find("goes on") != std::string::npos);
  CHECK(w.event(EventType::wait, "began")->session == wait.id);
}

TEST_CASE("different codes: ambiguous is told once, with both senders") {
  World w;
  const auto wait = w.wait();
  w.mail({.from = "a@shop.example", .code = "111111", .more = true});
  w.mail({.from = "b@bank.example", .code = "222222"});
  const Event* ambiguous = w.event(EventType::wait, "ambiguous");
  REQUIRE(ambiguous);
  CHECK(ambiguous->session == wait.id);
  CHECK(ambiguous->reason.find("a@shop.example") != std::string::npos);
  CHECK(ambiguous->reason.find("b@bank.example") != std::string::npos);
  CHECK(ambiguous->reason.find("otpctl manual") != std::string::npos);
  w.told.clear();
  w.mail({.from = "c@hotel.example", .code = "333333"});
  w.mail({.codes = {"444444", "555555"}});
  CHECK(w.story() == Story{"message arrived", "message arrived"});
}

TEST_CASE("a message with two codes makes a wait ambiguous, one that comes later as well") {
  World w;
  w.wait();
  w.mail({.codes = {"111111", "222222"}});
  CHECK(w.story() == Story{"wait began", "message arrived", "wait ambiguous"});
  w.wait();
  REQUIRE(w.event(EventType::wait, "ambiguous"));
  CHECK(w.event(EventType::wait, "ambiguous")->reason.find("more than one code") !=
        std::string::npos);
}

TEST_CASE("a mark makes the wait on its session clear, what comes then may make it ambiguous again") {
  World w;
  const auto session = w.register_for();
  w.wait_on(session);
  w.mail({.codes = {"111111", "222222"}});
  w.apply(MarkSession{0, session.id});
  w.told.clear();
  w.mail({.codes = {"333333", "444444"}});
  CHECK(w.story() == Story{"message arrived", "wait ambiguous"});
}

TEST_CASE("whoever stands in line is told of: queued, then begun, timed out or left") {
  World w;
  Wait alone;
  alone.spec = World::spec(kBot);
  alone.exclusive = true;
  const auto holder = w.wait(alone);
  alone.queue = 20s;
  alone.waiter = alone.session = {};
  const auto late = w.wait(alone);
  CHECK(w.event(EventType::wait, "queued")->session == late.id);
  CHECK(w.event(EventType::wait, "queued")->reason.find("pid 4001") != std::string::npos);
  w.pass(20s);
  CHECK(w.event(EventType::wait, "ended")->exit == ExitCode::try_later);
  CHECK(w.event(EventType::wait, "ended")->waited == 20s);
  const auto impatient = w.wait(alone);
  w.gone(impatient);
  w.wait(alone);
  w.gone(holder);
  CHECK(w.story() == Story{"wait began", "wait queued", "wait ended", "wait queued", "wait left",
                           "wait queued", "wait left", "wait began"});
}

TEST_CASE("a wait that is refused at once, and a session in line, are no events") {
  World w;
  Wait alone;
  alone.spec = World::spec(kBot);
  alone.exclusive = true;
  w.wait(alone);
  w.told.clear();
  w.wait();
  w.wait(Wait{});
  Register each;
  each.spec = World::spec(kBot);
  each.id = "eeee0000-0000-4000-8000-000000000000";
  each.queue = 5s;
  w.apply(each);
  w.pass(5s);
  CHECK(w.story().empty());
}

TEST_CASE("a stop ends every wait, whoever stands in line too") {
  World w;
  Wait alone;
  alone.spec = World::spec(kBot);
  alone.exclusive = true;
  w.wait(alone);
  alone.queue = 20s;
  w.wait(alone);
  w.told.clear();
  w.apply(Stop{});
  CHECK(w.event(EventType::wait, "ended")->exit == ExitCode::unreachable);
  CHECK(w.story() == Story{"wait ended", "wait ended"});
}

// ---- sessions ----

TEST_CASE("a session's life, a refresh, a hold and a look at it are no events") {
  World w;
  Register each;
  each.spec = World::spec(kBot);
  each.id = "eeee0000-0000-4000-8000-000000000000";
  each.pid = 77;
  w.apply(each);
  const Event* registered = w.event(EventType::session, "registered");
  REQUIRE(registered);
  CHECK(registered->session == each.id);
  CHECK(registered->target.email == kBot);
  CHECK(registered->pid == 77);
  w.apply(RefreshSession{0, each.id, {}});
  w.apply(HoldSession{0, 9, each.id});
  w.apply(ClientGone{9});
  w.apply(MarkSession{0, each.id});
  w.apply(MarkSession{0, "ffff"});
  w.pass(600s);
  CHECK(w.event(EventType::session, "expired")->reason == "nobody waited on it for 10m");
  w.register_for();
  CHECK(w.story() == Story{"session registered", "session marked", "session expired",
                           "session registered"});
}

TEST_CASE("a session that is closed ends the waits on it, one that has its code goes on by its name") {
  World w;
  const auto session = w.register_for();
  const auto served = w.wait_on(session);
  w.mail({});
  w.wait_on(session);
  w.told.clear();
  w.apply(CloseSession{0, session.id});
  CHECK(w.event(EventType::wait, "ended")->exit == ExitCode::not_found);
  w.acknowledge(served);
  CHECK(w.event(EventType::wait, "ended")->session == session.id);
  CHECK(w.story() == Story{"session closed", "wait ended", "code acknowledged", "wait ended"});
}

// ---- a person ----

TEST_CASE("an entry is told before its code, a refused one not at all") {
  World w;
  w.wait();
  w.person(kBot, "482913", kBot);
  CHECK(w.event(EventType::entry, "taken")->recipients == Story{kBot});
  CHECK(w.event(EventType::code, "claimed")->channel == "person");
  CHECK(w.event(EventType::code, "claimed")->source == "person");
  w.person("nobody", "482913");
  w.person(kBot, "12\n34", kBot);
  w.late_person(kOther, "482913", kOther);
  CHECK(w.story() == Story{"wait began", "entry taken", "code claimed"});
}

TEST_CASE("a choice is told as an entry, its code as the message's") {
  World w;
  w.mail({.codes = {"111111", "222222"}});
  w.wait();
  w.person(kBot, "222222", kBot);
  CHECK(w.event(EventType::entry, "taken")->reason == "it chose one of 2 codes that were held");
  CHECK(w.event(EventType::code, "claimed")->channel == "email");
}

// ---- sources ----

TEST_CASE("a source in trouble that tries again and again says so once") {
  World w;
  tell_state(w, SourceState::starting, "connecting");
  tell_state(w, SourceState::live, "watching");
  const WallTime retry = w.now.wall + 2s;
  for (int i = 0; i < 100; ++i) {
    tell_state(w, SourceState::unreachable, "connection refused", retry);
    tell_state(w, SourceState::starting, "connecting");
  }
  CHECK(w.event(EventType::source, "unreachable")->source == kMain);
  CHECK(w.event(EventType::source, "unreachable")->reason == "connection refused");
  CHECK(w.event(EventType::source, "unreachable")->retry_at == retry);
  tell_state(w, SourceState::live, "watching");
  CHECK(w.story() == Story{"source starting", "source live", "source unreachable", "source live"});
}

TEST_CASE("other words in the same trouble are told once each, and only the first few") {
  World w;
  for (int i = 0; i < 3; ++i) {
    tell_state(w, SourceState::unreachable, "connection refused");
    tell_state(w, SourceState::unreachable, "no route to host");
  }
  CHECK(w.story() == Story{"source unreachable", "source unreachable"});
  for (int i = 0; i < 100; ++i)
    tell_state(w, SourceState::unreachable, "connection " + std::to_string(i) + " closed");
  CHECK(w.story().size() == 2);
  tell_state(w, SourceState::signed_out, "the server refused the sign-in");
  tell_state(w, SourceState::live, "watching");
  tell_state(w, SourceState::unreachable, "connection refused");  // a new trouble
  tell_state(w, SourceState::unreachable, "no route to host");
  CHECK(w.story() ==
        Story{"source signed_out", "source live", "source unreachable", "source unreachable"});
}

TEST_CASE("a live source that shows life, or watches otherwise, is no event") {
  World w;
  tell_state(w, SourceState::live, "watching");
  w.told.clear();
  tell_state(w, SourceState::live, "watching");
  tell_state(w, SourceState::live, "polling");
  w.position(100);
  CHECK(w.story().empty());
}

TEST_CASE("a source that is taken out of the configuration is gone, and begins anew when it is back") {
  World w;
  tell_state(w, SourceState::unreachable, "connection refused");
  w.apply(SourceGone{kMain});
  w.apply(SourceGone{"never/told"});
  tell_state(w, SourceState::starting, "connecting");
  CHECK(w.story() == Story{"source unreachable", "source gone", "source starting"});
}
