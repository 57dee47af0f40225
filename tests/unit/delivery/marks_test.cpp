// DESIGN 4 "Marks": after which point a message counts.
#include "delivery/mark.hpp"
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

Asked wait_since(World& w, Duration since, const std::string& recipient = kBot) {
  Wait wait;
  wait.spec = World::spec(recipient);
  wait.since = since;
  return w.wait(wait);
}

Mark mark_at(WallTime time, std::optional<Seq> seq = {}, Positions positions = {}) {
  return {time, seq, std::move(positions)};
}

}  // namespace

TEST_CASE("what counts after a mark") {
  const WallTime noon = WallTime(std::chrono::sys_days(std::chrono::November / 20 / 2026)) + 12h;
  const Positions at_100{{"main/INBOX", {7, 100}}};
  struct Row {
    const char* what;
    Mark mark;
    Arrival arrival;
    bool counts;
  };
  const auto mailbox = [](std::uint32_t validity, std::uint32_t uid, WallTime received) {
    Arrival arrival;
    arrival.source = "main/INBOX";
    arrival.from_mailbox = true;
    arrival.uid_validity = validity;
    arrival.uid = uid;
    arrival.received = received;
    arrival.seq = 6;
    return arrival;
  };
  const auto door = [](Seq seq, WallTime received) {
    Arrival arrival;
    arrival.source = "lmtp";
    arrival.seq = seq;
    arrival.received = received;
    return arrival;
  };
  const auto sms = [](Seq seq, WallTime received, WallTime sent) {
    Arrival arrival;
    arrival.channel = message::Channel::sms;
    arrival.seq = seq;
    arrival.received = received;
    arrival.sent = sent;
    return arrival;
  };
  const Row rows[] = {
      {"live mail by UID: the next one", mark_at(noon, 5, at_100), mailbox(7, 100, noon - 1h),
       true},
      {"live mail by UID: the last one", mark_at(noon, 5, at_100), mailbox(7, 99, noon + 1h),
       false},
      {"I15 another UIDVALIDITY: by INTERNALDATE, new", mark_at(noon, 5, at_100),
       mailbox(8, 1, noon), true},
      {"I15 another UIDVALIDITY: by INTERNALDATE, old", mark_at(noon, 5, at_100),
       mailbox(8, 900, noon - 1s), false},
      {"mail that had reached the agent before the mark", mark_at(noon, 6, at_100),
       mailbox(7, 100, noon), false},
      {"mail of the same second that had reached the agent", mark_at(noon, 6), mailbox(7, 1, noon),
       false},
      {"no position: within the second of the mark", mark_at(noon + 999ms), mailbox(7, 1, noon),
       true},
      {"no position: the second before", mark_at(noon), mailbox(7, 1, noon - 1s), false},
      {"no position: a moment after that", mark_at(noon), mailbox(7, 1, noon - 999ms), true},
      {"another mailbox than the one that is known", mark_at(noon, 5, {{"junk", {7, 1}}}),
       mailbox(7, 500, noon - 1s), false},
      {"a door: the next arrival", mark_at(noon, 5), door(6, noon - 1h), true},
      {"a door: the last arrival", mark_at(noon, 5), door(5, noon + 1h), false},
      {"a door without order: later", mark_at(noon), door(1, noon + 1us), true},
      {"a door without order: the same moment", mark_at(noon), door(9, noon), false},
      {"an SMS that was sent a minute before", mark_at(noon, 5), sms(6, noon + 1s, noon - 60s),
       true},
      {"an SMS that was sent longer before", mark_at(noon, 5), sms(6, noon + 1s, noon - 60s - 1us),
       false},
      {"an SMS that says it was sent tomorrow", mark_at(noon, 5), sms(6, noon + 1s, noon + 24h),
       true},
      {"an SMS taken before, sent after", mark_at(noon, 5), sms(5, noon - 1s, noon + 24h), false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(counts_after(row.arrival, row.mark) == row.counts);
  }
}

TEST_CASE("a bare wait looks 30 s back: the mail may be faster than the script") {
  World w;
  w.mail({.age = 28s});
  CHECK(w.code(w.wait()) == "482913");
}

TEST_CASE("F11 older than --since does not come") {
  World w;
  w.mail({.age = 33s});
  const auto wait = w.wait();
  CHECK(w.blocks(wait));
  CHECK(w.code(wait_since(w, 5min)) == "482913");
}

TEST_CASE("--since now: only what comes from now on") {
  World w;
  w.mailbox();
  w.position(100);
  w.mail({.source = "lmtp"});
  w.mail({.from = "a@other.example", .code = "111111", .uid = 99});
  const auto wait = wait_since(w, 0s);
  CHECK(w.blocks(wait));
  w.mail({.code = "333333", .source = "lmtp"});
  CHECK(w.code(wait) == "333333");
}

TEST_CASE("--since now on a live mailbox counts by UID, whatever the dates say") {
  World w;
  w.mailbox();
  w.position(100);
  const auto wait = wait_since(w, 0s);
  w.mail({.code = "111111", .uid = 99});
  CHECK(w.blocks(wait));
  w.mail({.code = "222222", .uid = 100, .age = 1h});
  CHECK(w.code(wait) == "222222");
}

TEST_CASE("--since now on a mailbox that is not live does not believe its last position") {
  World w;
  w.mailbox();
  w.position(100);
  w.mailbox(SourceState::unreachable);
  w.pass(10min);
  const auto wait = wait_since(w, 0s);
  w.mailbox();
  w.mail({.uid = 100, .age = 5min});  // arrived while nobody could know
  CHECK(w.blocks(wait));
  w.mail({.code = "222222", .uid = 101});
  CHECK(w.code(wait) == "222222");
}

TEST_CASE("--since now on a mailbox that came back but has not said where it stands") {
  World w;
  w.mailbox();
  w.position(100);
  w.mailbox(SourceState::unreachable);
  w.pass(10min);
  w.mailbox();
  const auto wait = wait_since(w, 0s);
  w.mail({.uid = 100, .age = 5min});
  CHECK(w.blocks(wait));
}

TEST_CASE("F13 neither a past nor a future Date: header decides") {
  World w;
  w.mailbox();
  const auto session = w.register_for();
  w.synchronised();
  w.pass(1min);
  w.mail({.code = "111111", .uid = 100, .age = 30min, .date = w.now.wall - 24h});
  CHECK(w.code(w.wait_on(session)) == "111111");
  w.mail({.code = "222222", .uid = 99, .date = w.now.wall + 24h});
  const auto next = w.wait_on(session);
  CHECK(w.blocks(next));
}

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
    "X05 a mailbox that is down makes the mark degraded at once; its old mail does not come after "
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

TEST_CASE("the end of a wait is a floor: what lies before it never comes to the next bare wait") {
  World w;
  const auto first = w.wait();
  w.mail({.code = "111111"});
  w.mail({.from = "x@other.example", .code = "222222"});  // nobody is left for it
  w.acknowledge(first);
  w.pass(5s);
  const auto second = w.wait();
  CHECK(w.blocks(second));
  w.mail({.code = "333333"});
  CHECK(w.code(second) == "333333");
}

TEST_CASE(
    "the floor holds for mail that is fetched late too, and for another recipient there is none") {
  World w;
  const auto first = w.wait();
  w.pass(120s);
  CHECK(w.exit(first) == ExitCode::timed_out);
  w.pass(5s);
  const auto second = w.wait();
  w.mail({.code = "111111", .age = 10s});
  CHECK(w.blocks(second));
  w.mail({.to = kOther, .code = "222222", .age = 10s});
  CHECK(w.code(w.wait(kOther)) == "222222");
}

TEST_CASE("the floor knows where a live mailbox stood: mail of the same second after it counts") {
  World w;
  w.mailbox();
  w.position(100);
  const auto first = w.wait();
  w.pass(120s);
  REQUIRE(w.end(first));
  w.mail({.code = "111111", .uid = 99});
  const auto second = w.wait();
  CHECK(w.blocks(second));
  w.mail({.code = "222222", .uid = 100});
  CHECK(w.code(second) == "222222");
}

TEST_CASE("the end of a session is a floor as well") {
  World w;
  const auto session = w.register_for();
  w.mail({.code = "111111"});
  w.apply(CloseSession{w.next_request(), session.id});
  w.pass(1s);
  CHECK(w.blocks(w.wait()));
}

TEST_CASE("the floor survives a kill") {
  World w;
  const auto first = w.wait();
  w.mail({.code = "111111", .source = "lmtp"});
  w.mail({.from = "x@other.example", .code = "222222", .source = "lmtp"});
  w.acknowledge(first);
  w.restart(1s);
  CHECK(w.blocks(w.wait()));
}

TEST_CASE("a wait that is taken up keeps its mark and floor; a new floor does not hold it") {
  World w;
  const auto before = w.wait();
  const auto short_one = w.wait();
  w.pass(50s);
  w.gone(short_one);  // moves the floor of the recipient
  w.restart(1s);
  const auto after = w.again(before);
  w.mail({.age = 60s});  // before the wait began, within its --since
  CHECK(w.code(after) == "482913");
}

TEST_CASE("without its mark the same wait would not reach it") {
  World w;
  const auto before = w.wait();
  w.pass(10s);
  w.gone(before);
  const auto after = w.again(before, kBot, false);
  w.mail({.age = 5s});
  CHECK(w.blocks(after));
}

TEST_CASE("a mark to resume from that is none is an error, not a guess") {
  World w;
  for (const std::string& text :
       std::vector<std::string>{"x", "{}", "1 ", "2 1 1 0 0 0 ", "1 1 1 0 0 0 0 ", "1 -1 1 0 0 0 ",
                                "1 1 1 1 5 0 99999999999 ", "1 1 1 1 5 0 1 9:short 1 1 0 0 "}) {
    CAPTURE(text);
    Wait wait;
    wait.spec = World::spec(kBot);
    wait.resume = text;
    const auto asked = w.wait(wait);
    REQUIRE(w.error(asked));
    CHECK(w.error(asked)->code == ErrorCode::usage);
  }
}

TEST_CASE("a resume with absurd times is refused, no sum overflows") {
  World w;
  for (const std::string& text : std::vector<std::string>{"1 0 -9223372036854775808 1 0 0 0 0 0 ",
                                                          "1 0 0 1 -9223372036854775807 0 0 0 0 ",
                                                          "1 0 0 1 9223372036854775807 0 0 0 0 "}) {
    CAPTURE(text);
    Wait wait;
    wait.spec = World::spec(kPhone);
    wait.resume = text;
    const auto asked = w.wait(wait);
    REQUIRE(w.error(asked));
    CHECK(w.error(asked)->code == ErrorCode::usage);
  }
  Wait long_ago;
  long_ago.spec = World::spec(kPhone);
  long_ago.resume = "1 0 0 1 0 0 0 0 0 ";  // 1970
  const auto asked = w.wait(long_ago);
  w.sms({.sent_ago = 1h});
  CHECK(w.code(asked) == "482913");
}

TEST_CASE("a message with absurd times counts from when it reached the agent") {
  World w;
  const auto wait = w.wait();
  Arrive arrive;
  arrive.source = kMain;
  arrive.message.recipients.stamped = {kBot};
  arrive.message.sent = WallTime::min();
  arrive.place = Arrive::Place{1, 7, WallTime::max()};
  arrive.verdict.outcome = code::Outcome::code;
  arrive.verdict.codes.emplace_back();
  arrive.verdict.codes.back().value = "482913";
  w.apply(arrive);
  REQUIRE(w.code(wait) == "482913");
  CHECK(w.got(wait)->received == w.now.wall);
  CHECK_FALSE(w.got(wait)->sent);
  w.restart(1s);  // reads every record
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

TEST_CASE(
    "an SMS counts from the moment our door took it; a late one is rejected by its sent time") {
  World w;
  w.pass(10min);
  const auto wait = wait_since(w, 0s, kPhone);
  w.sms({.code = "111111", .sent_ago = 61s});
  CHECK(w.blocks(wait));
  w.sms({.code = "222222", .sent_ago = 59s});
  CHECK(w.code(wait) == "222222");
}

TEST_CASE(
    "the mailboxes are told to look back as far as the oldest mark asks, and only while it asks") {
  World w;
  CHECK_FALSE(w.delivery.demand().look_back);
  const auto near = w.wait();
  const auto far = wait_since(w, 5min, kOther);
  CHECK(w.delivery.demand().look_back == w.now.wall - 5min);
  CHECK(w.delivery.demand().email);
  CHECK_FALSE(w.delivery.demand().sms);
  w.gone(far);
  CHECK(w.delivery.demand().look_back == w.now.wall - 30s);
  w.mail({});
  CHECK_FALSE(w.delivery.demand().email);  // it has its code
  CHECK_FALSE(w.delivery.demand().look_back);
  w.acknowledge(near);
  const auto phone = w.wait(kPhone);
  CHECK(w.delivery.demand().sms);
  CHECK_FALSE(w.delivery.demand().look_back);
}
