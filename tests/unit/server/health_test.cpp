#include "server/health.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using namespace otpctl;
using namespace std::chrono_literals;
using server::Health;
using source::Vitals;

/// So long after the start.
Now at(Duration after) {
  return {Instant(Duration(1'000h)) + after, WallTime(Duration(490'000h)) + after};
}

SourceStatus status(SourceState state, std::uint64_t reconnects = 0, const std::string& name = "main/INBOX") {
  SourceStatus s;
  s.name = name;
  s.kind = "imap";
  s.state = state;
  s.reconnects = reconnects;
  return s;
}

/// What the one source's health is.
SourceHealth of(const Health& health, Now now, SourceState state = SourceState::live) {
  return health.report({Vitals{status(state), std::nullopt, Duration(0)}}, now).front();
}

}  // namespace

TEST_CASE("a source is down from its first try until it is live, over every try in between") {
  Health health;
  health.source_is(status(SourceState::starting), at(0s));
  health.source_is(status(SourceState::unreachable), at(10s));
  health.source_is(status(SourceState::starting), at(20s));
  health.source_is(status(SourceState::signed_out), at(30s));
  CHECK(of(health, at(40s), SourceState::signed_out).down_since == at(0s).wall);
  health.source_is(status(SourceState::live), at(50s));
  CHECK_FALSE(of(health, at(60s)).down_since.has_value());
  health.source_is(status(SourceState::throttled), at(70s));
  health.source_is(status(SourceState::unreachable), at(80s));
  CHECK(of(health, at(90s), SourceState::unreachable).down_since == at(70s).wall);
}

TEST_CASE("a server that ends a connection which is live again at the next try has caused no error") {
  Health health;
  health.source_is(status(SourceState::live, 0), at(0s));
  health.source_is(status(SourceState::unreachable, 1), at(10s));
  health.source_is(status(SourceState::live, 1), at(12s));
  const auto now = of(health, at(20s));
  CHECK(now.reconnects == 1);
  CHECK(now.errors == 0);
  CHECK_FALSE(now.down_since.has_value());
}

TEST_CASE("each try that fails is an error") {
  Health health;
  for (int i = 0; i < 3; ++i) health.try_failed("main/INBOX", at(i * 10s));
  CHECK(of(health, at(40s)).errors == 3);
}

TEST_CASE("a source that was replaced counts its reconnects anew, and none is counted twice") {
  Health health;
  health.source_is(status(SourceState::live, 4), at(0s));
  health.source_is(status(SourceState::live, 4), at(1s));
  health.source_is(status(SourceState::live, 1), at(2s));
  CHECK(of(health, at(3s)).reconnects == 5);
}

TEST_CASE("what is older than 24 hours does not count, to half an hour") {
  Health health;
  health.message("main/INBOX", at(0s));
  health.try_failed("main/INBOX", at(0s));
  health.processed("main/INBOX", 5ms, at(0s));
  health.message("main/INBOX", at(12h));
  CHECK(of(health, at(24h)).messages == 2);
  const auto later = of(health, at(24h + 31min));
  CHECK(later.messages == 1);
  CHECK(later.errors == 0);
  CHECK(later.processed == 0);
  CHECK(later.processing_p95 == Duration(0));
  CHECK(of(health, at(37h)).messages == 0);
  CHECK(of(health, at(24h * 400)).messages == 0);
}

TEST_CASE("the mean is exact, and 95 of 100 were at least as fast as the p95 says, to a third") {
  Health health;
  for (int i = 1; i <= 100; ++i) health.processed("main/INBOX", i * 1ms, at(i * 1min));
  const auto day = of(health, at(2h));
  CHECK(day.processed == 100);
  CHECK(day.processing_mean == 50'500us);
  CHECK(day.processing_p95 > 75ms);
  CHECK(day.processing_p95 <= 100ms);
}

TEST_CASE("one slow message among many does not move the p95") {
  Health health;
  for (int i = 0; i < 99; ++i) health.processed("main/INBOX", 2ms, at(1s));
  health.processed("main/INBOX", 30s, at(1s));
  const auto day = of(health, at(2s));
  CHECK(day.processing_p95 >= 1ms);
  CHECK(day.processing_p95 <= 3ms);
  CHECK(day.processing_mean > 300ms);
}

TEST_CASE("the p95 of equal times is that time, of few messages it is the longest") {
  Health health;
  for (int i = 1; i <= 200; ++i) {
    health.processed("main/INBOX", 5'500us, at(1s));
    const auto day = of(health, at(2s));
    CHECK(day.processing_p95 == 5'500us);
    CHECK(day.processing_p95 >= day.processing_mean);
  }
  Health few;
  for (int i = 1; i <= 19; ++i) few.processed("main/INBOX", i * 1ms, at(1s));
  CHECK(of(few, at(2s)).processing_p95 == 19ms);
}

TEST_CASE("absurd times are counted and stay in bounds") {
  Health health;
  for (const Duration took : {Duration(0), Duration(1us), Duration(24h)}) health.processed("main/INBOX", took, at(0s));
  const auto day = of(health, at(1s));
  CHECK(day.processed == 3);
  CHECK(day.processing_p95 <= 24h);
  CHECK(day.processing_p95 > 1s);
}

TEST_CASE("how old the last byte is and how often one is due stand there as they are") {
  Health health;
  const auto now = at(1h);
  const auto report = health.report({Vitals{status(SourceState::live), at(59min).instant, 315s}}, now);
  CHECK(report.front().alive_age == 60s);
  CHECK(report.front().due_every == 315s);
  CHECK_FALSE(of(health, now).alive_age.has_value());
}

TEST_CASE("doors stand behind the mailboxes: live, nothing due, counted") {
  Health health;
  health.add_door("lmtp", "takes whole messages", at(0s));
  health.message("lmtp", at(10s));
  const auto report = health.report({Vitals{status(SourceState::live), std::nullopt, 315s}}, at(15s));
  REQUIRE(report.size() == 2);
  const auto& door = report.back();
  CHECK(door.status.name == "lmtp");
  CHECK(door.status.state == SourceState::live);
  CHECK(door.status.messages == 1);
  CHECK(door.messages == 1);
  CHECK(door.due_every == Duration(0));
  CHECK(door.alive_age == 5s);
  CHECK_FALSE(door.down_since.has_value());
}

TEST_CASE("a source that is gone is forgotten with all it did") {
  Health health;
  health.try_failed("main/INBOX", at(0s));
  health.source_gone("main/INBOX");
  CHECK(of(health, at(1s)).errors == 0);
}

TEST_CASE("of very many sources those that are down come first, in their order") {
  Health health;
  std::vector<Vitals> all;
  for (int i = 0; i < 150; ++i) {
    const auto state = i % 50 == 49 ? SourceState::unreachable : SourceState::live;
    all.push_back({status(state, 0, "m" + std::to_string(i)), std::nullopt, Duration(0)});
    health.source_is(all.back().status, at(0s));
  }
  const auto report = health.report(all, at(1s));
  REQUIRE(report.size() == 150);
  CHECK(report[0].status.name == "m49");
  CHECK(report[1].status.name == "m99");
  CHECK(report[2].status.name == "m149");
  CHECK(report[3].status.name == "m0");
}

TEST_CASE("a full day of 150 sources is counted whole, however often it is asked for") {
  Health health;
  std::vector<Vitals> all;
  for (int i = 0; i < 150; ++i) {
    all.push_back({status(SourceState::live, 0, "m" + std::to_string(i)), std::nullopt, Duration(0)});
    for (int half = 0; half < 48; ++half) health.processed(all.back().status.name, 2ms, at(half * 30min));
  }
  for (int i = 0; i < 2; ++i) {
    for (const SourceHealth& source : health.report(all, at(24h))) CHECK(source.processed == 48);
  }
}
