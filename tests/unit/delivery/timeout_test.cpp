// DESIGN 4 "Time" and "A timeout explains itself"; DESIGN 2 exit codes of a wait.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

std::vector<Unmatched> reasons(const World& w, const Asked& wait) {
  std::vector<Unmatched> all;
  for (const Seen& seen : w.end(wait)->seen) all.push_back(seen.reason);
  return all;
}

}  // namespace

TEST_CASE("X04 a wait times out at its deadline, not before, with 124") {
  World w;
  w.mailbox();
  const auto wait = w.wait();
  w.pass(120s - 1us);
  CHECK(w.blocks(wait));
  w.pass(1us);
  CHECK(w.exit(wait) == ExitCode::timed_out);
  CHECK(w.end(wait)->waited == Duration(120s));
  CHECK(w.end(wait)->message ==
        "no code for bot5@example.com in 2m: no message came; mailbox main/INBOX live");
}

TEST_CASE("a code that comes together with the deadline is not dropped") {
  World w;
  const auto wait = w.wait();
  w.now.instant += 120s;
  w.now.wall += 120s;
  w.mail({});  // fed before the tick
  w.apply(Tick{});
  CHECK(w.code(wait) == "482913");
}

TEST_CASE("--timeout none waits for ever") {
  World w;
  Wait wait;
  wait.spec = World::spec(kBot);
  wait.no_limit = true;
  const auto asked = w.wait(wait);
  w.pass(48h);
  CHECK(w.blocks(asked));
}

namespace {

struct CameAndSaid {
  const char* what;
  void (*happens)(World&);
  Unmatched reason;
  ExitCode exit;
  std::string says;
};
const CameAndSaid kCameAndSaid[] = {
    {"no code", [](World& w) { w.mail({.code = ""}); }, Unmatched::no_code, ExitCode::unreadable,
     "1 message came without a code (from noreply@shop.example)"},
    {"two codes",
     [](World& w) {
       w.mail({.codes = {"1", "2"}});
     },
     Unmatched::ambiguous_code, ExitCode::unreadable,
     "1 message holds more than one code (from noreply@shop.example)"},
    {"for others",
     [](World& w) {
       w.mail({.to = kOther});
       w.mail({.to = "x@example.com"});
     },
     Unmatched::other_recipient, ExitCode::timed_out,
     "2 messages came for others (last from noreply@shop.example)"},
    {"too early", [](World& w) { w.mail({.age = 1h}); }, Unmatched::before_mark,
     ExitCode::timed_out, "1 code came too early to count (from noreply@shop.example)"},
    {"filtered", [](World& w) { w.mail({.code = "12345678"}); }, Unmatched::filtered,
     ExitCode::timed_out, "1 message did not pass the filters (from noreply@shop.example)"},
};

}  // namespace

TEST_CASE("the message says what came and did not match") {
  for (const CameAndSaid& row : kCameAndSaid) {
    CAPTURE(row.what);
    World w;
    w.mailbox();
    Wait spec;
    spec.spec = World::spec(kBot);
    spec.spec.filters.length_max = 7;
    const auto wait = w.wait(spec);
    w.pass(1s);
    row.happens(w);
    w.pass(119s);
    REQUIRE(w.end(wait));
    CHECK(reasons(w, wait) == std::vector{row.reason});
    CHECK(w.exit(wait) == row.exit);
    CHECK(w.end(wait)->message.find(row.says) != std::string::npos);
    CHECK(w.end(wait)->seen[0].sender == "noreply@shop.example");
  }
}

TEST_CASE("taken: by a wait of the same session, and that is said") {
  World w;
  const auto session = w.register_for();
  const auto first = w.wait_on(session);
  w.mail({});
  w.acknowledge(first);
  const auto second = w.wait_on(session);
  w.pass(121s);
  REQUIRE(w.end(second));
  CHECK(reasons(w, second) == std::vector{Unmatched::taken});
  CHECK(w.end(second)->message.find("1 code went to another wait of this session (from") != std::string::npos);
}

TEST_CASE("taken: another waiter was older") {
  World w;
  const auto first = w.wait();
  const auto second = w.wait();
  w.mail({});
  w.acknowledge(first);
  w.pass(120s);
  CHECK(reasons(w, second) == std::vector{Unmatched::taken});
  CHECK(w.exit(second) == ExitCode::timed_out);
}

TEST_CASE("superseded ones are named, the subject never: it may hold a code") {
  World w;
  Wait spec;
  spec.spec = World::spec(kBot);
  spec.spec.filters.length_min = 8;
  const auto wait = w.wait(spec);
  w.mail({.code = "111111", .subject = "111111 is your code"});
  w.mail({.code = "222222", .subject = "222222 is your code"});
  w.pass(120s);
  CHECK(reasons(w, wait) == std::vector{Unmatched::filtered, Unmatched::superseded});
  CHECK(w.end(wait)->message.find("222222") == std::string::npos);
}

TEST_CASE("a sender cannot forge a second line or drive the terminal") {
  World w;
  const auto wait = w.wait();
  w.mail({.from = "a\n\x1b[2J@shop.example", .code = ""});
  w.pass(120s);
  for (const char c : w.end(wait)->message) CHECK(static_cast<unsigned char>(c) >= 0x20);
}

TEST_CASE("what the last wait got is no news for the next") {
  World w;
  const auto first = w.wait();
  w.mail({});
  w.acknowledge(first);
  const auto second = w.wait();
  w.pass(120s);
  CHECK(w.end(second)->seen.empty());
}

TEST_CASE(
    "65 only for a message that counts: one without a code from before the wait's mark is "
    "nothing") {
  World w;
  const auto wait = w.wait();
  w.mail({.code = "", .age = 1h});
  w.pass(120s);
  CHECK(w.exit(wait) == ExitCode::timed_out);
}

namespace {

struct SourcesAndExit {
  const char* what;
  void (*happens)(World&);
  ExitCode exit;
};
const SourcesAndExit kSourcesAndExit[] = {
    {"live",
     [](World& w) {
       w.mailbox();
       w.pass(120s);
     },
     ExitCode::timed_out},
    {"signed out",
     [](World& w) {
       w.mailbox();
       w.mailbox(SourceState::signed_out);
       w.pass(120s);
     },
     ExitCode::not_allowed},
    {"signed out goes before no code",
     [](World& w) {
       w.mail({.code = ""});
       w.mailbox(SourceState::signed_out);
       w.pass(120s);
     },
     ExitCode::not_allowed},
    {"one of two signed out",
     [](World& w) {
       w.mailbox();
       w.mailbox(SourceState::signed_out, "second/INBOX");
       w.pass(120s);
     },
     ExitCode::not_allowed},
    {"unreachable the whole time",
     [](World& w) {
       w.mailbox(SourceState::unreachable);
       w.pass(120s);
     },
     ExitCode::unreachable},
    {"unreachable, with a door that is always open",
     [](World& w) {
       w.door();
       w.mailbox(SourceState::unreachable);
       w.pass(120s);
     },
     ExitCode::unreachable},
    {"never came up",
     [](World& w) {
       w.mailbox(SourceState::starting);
       w.pass(120s);
     },
     ExitCode::unreachable},
    {"one of two is live",
     [](World& w) {
       w.mailbox();
       w.mailbox(SourceState::unreachable, "second/INBOX");
       w.pass(120s);
     },
     ExitCode::timed_out},
    {"live for a moment",
     [](World& w) {
       w.mailbox(SourceState::unreachable);
       w.pass(60s);
       w.mailbox();
       w.pass(1s);
       w.mailbox(SourceState::unreachable);
       w.pass(59s);
     },
     ExitCode::timed_out},
    {"went down in the middle",
     [](World& w) {
       w.mailbox();
       w.pass(60s);
       w.mailbox(SourceState::unreachable);
       w.pass(60s);
     },
     ExitCode::timed_out},
    {"only a source of SMS is signed out",
     [](World& w) {
       w.mailbox();
       w.source("phone1", "smsgate", SourceState::signed_out, false, true);
       w.pass(120s);
     },
     ExitCode::timed_out},
};

}  // namespace

TEST_CASE("the exit code at the deadline says how the sources were") {
  for (const SourcesAndExit& row : kSourcesAndExit) {
    CAPTURE(row.what);
    World w;
    const auto wait = w.wait();
    row.happens(w);
    CHECK(w.exit(wait) == row.exit);
    CHECK_FALSE(w.end(wait)->message.empty());
  }
}

TEST_CASE("a mailbox that went down before the wait began was unreachable the whole time") {
  World w;
  w.mailbox();
  w.mailbox(SourceState::unreachable);
  const auto wait = w.wait();
  w.pass(120s);
  CHECK(w.exit(wait) == ExitCode::unreachable);
}

TEST_CASE("no source can bring it: one line says so at the start") {
  World w;
  CHECK(w.warning(w.wait()).find("no source can bring") != std::string::npos);
  w.mailbox();
  CHECK(w.warning(w.wait(kOther)).empty());
  CHECK(w.warning(w.wait(kPhone)).find("no source can bring") != std::string::npos);
}

TEST_CASE("a wait for nobody is a usage error") {
  World w;
  const auto asked = w.wait(Wait{});
  CHECK(w.error(asked)->code == ErrorCode::usage);
}
