#include "server/recall.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace std::chrono_literals;
using server::Health;
using server::Recall;

namespace {

constexpr Now kNow{Instant(Duration(10min)), WallTime(Duration(490'000h))};  // the machine has just been started

Event event(EventType type, const std::string& state, Duration ago, const std::string& source = "main/INBOX") {
  Event event;
  event.type = type;
  event.state = state;
  event.source = source;
  event.at = kNow.wall - ago;
  return event;
}

SourceHealth day(const Health& health, Now now, const std::string& name = "main/INBOX") {
  SourceStatus status;
  status.name = name;
  status.state = SourceState::live;
  return health.report({{status, std::nullopt, Duration(0)}}, now).front();
}

}  // namespace

TEST_CASE("messages of the day before count, duplicates and older ones do not") {
  Health health;
  Recall recall;
  health.message("main/INBOX", kNow);
  for (const Duration ago : {Duration(25h), Duration(23h), Duration(23h), Duration(1h), Duration(1s)}) {
    recall.add(event(EventType::message, "arrived", ago), health, kNow);
  }
  recall.add(event(EventType::message, "duplicate", 1s), health, kNow);
  recall.add(event(EventType::message, "for_nobody", 1s), health, kNow);
  recall.add(event(EventType::message, "arrived", -1h), health, kNow);  // of a clock that went back
  recall.add(event(EventType::message, "arrived", 2h, "lmtp"), health, kNow);
  health.message("main/INBOX", kNow);
  CHECK(day(health, kNow).messages == 7);
  CHECK(day(health, kNow, "lmtp").messages == 1);
  const Now later{kNow.instant + 2h, kNow.wall + 2h};
  CHECK(day(health, later).messages == 5);  // those of 23 h ago have gone
}

TEST_CASE("a crash loop's errors and reconnects are there after the next start") {
  Health health;
  Recall recall;
  for (const char* state : {"starting", "live", "unreachable", "signed_out", "live", "unreachable", "live"}) {
    recall.add(event(EventType::source, state, 3h), health, kNow);
  }
  recall.add(event(EventType::agent, "started", 2h), health, kNow);
  recall.add(event(EventType::source, "starting", 2h), health, kNow);  // a new agent: no connection has ended
  recall.add(event(EventType::source, "throttled", 1h), health, kNow);
  CHECK(day(health, kNow).reconnects == 2);
  CHECK(day(health, kNow).errors == 2);
}
