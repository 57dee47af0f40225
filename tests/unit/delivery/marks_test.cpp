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

Arrival in_mailbox(std::uint32_t validity, std::uint32_t uid, WallTime received) {
  Arrival arrival;
  arrival.source = "main/INBOX";
  arrival.from_mailbox = true;
  arrival.uid_validity = validity;
  arrival.uid = uid;
  arrival.received = received;
  arrival.seq = 6;
  return arrival;
}

Arrival at_door(Seq seq, WallTime received) {
  Arrival arrival;
  arrival.source = "lmtp";
  arrival.seq = seq;
  arrival.received = received;
  return arrival;
}

Arrival as_sms(Seq seq, WallTime received, WallTime sent) {
  Arrival arrival;
  arrival.channel = message::Channel::sms;
  arrival.seq = seq;
  arrival.received = received;
  arrival.sent = sent;
  return arrival;
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
  const Row rows[] = {
      {"live mail by UID: the next one", mark_at(noon, 5, at_100), in_mailbox(7, 100, noon - 1h),
       true},
      {"live mail by UID: the last one", mark_at(noon, 5, at_100), in_mailbox(7, 99, noon + 1h),
       false},
      {"I15 another UIDVALIDITY: by INTERNALDATE, new", mark_at(noon, 5, at_100),
       in_mailbox(8, 1, noon), true},
      {"I15 another UIDVALIDITY: by INTERNALDATE, old", mark_at(noon, 5, at_100),
       in_mailbox(8, 900, noon - 1s), false},
      {"mail that had reached the agent before the mark", mark_at(noon, 6, at_100),
       in_mailbox(7, 100, noon), false},
      {"mail of the same second that had reached the agent", mark_at(noon, 6), in_mailbox(7, 1, noon),
       false},
      {"no position: within the second of the mark", mark_at(noon + 999ms), in_mailbox(7, 1, noon),
       true},
      {"no position: the second before", mark_at(noon), in_mailbox(7, 1, noon - 1s), false},
      {"no position: a moment after that", mark_at(noon), in_mailbox(7, 1, noon - 999ms), true},
      {"another mailbox than the one that is known", mark_at(noon, 5, {{"junk", {7, 1}}}),
       in_mailbox(7, 500, noon - 1s), false},
      {"a door: the next arrival", mark_at(noon, 5), at_door(6, noon - 1h), true},
      {"a door: the last arrival", mark_at(noon, 5), at_door(5, noon + 1h), false},
      {"a door without order: later", mark_at(noon), at_door(1, noon + 1us), true},
      {"a door without order: the same moment", mark_at(noon), at_door(9, noon), false},
      {"an SMS that was sent a minute before", mark_at(noon, 5), as_sms(6, noon + 1s, noon - 60s),
       true},
      {"an SMS that was sent longer before", mark_at(noon, 5), as_sms(6, noon + 1s, noon - 60s - 1us),
       false},
      {"an SMS that says it was sent tomorrow", mark_at(noon, 5), as_sms(6, noon + 1s, noon + 24h),
       true},
      {"an SMS taken before, sent after", mark_at(noon, 5), as_sms(5, noon - 1s, noon + 24h), false},
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
    "an SMS counts from the moment our door took it, a late one is rejected by its sent time") {
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
