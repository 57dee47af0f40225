// What the timeline is told: docs/events.md.
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

TEST_CASE("a wait, its message and its code in order; its end says how long it waited") {
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
  w.mail({.uid = 100});
  w.mail({.uid = 100});
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

TEST_CASE("a session's life; a refresh, a hold and a look at it are no events") {
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

TEST_CASE("a session that is closed ends the waits on it; one that has its code goes on by its name") {
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
  CHECK(w.story() == Story{"source signed_out", "source live", "source unreachable"});
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
