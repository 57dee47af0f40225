// The timeline for those who follow it; a store that fails; what grows old.
#include "unit/server/timeline_world.hpp"

using namespace otpctl;
using namespace std::chrono_literals;
using server::EventLog;
using test::World;
using test::after;
using test::event;
using test::events;
using test::states_of;

// ---- following ----

TEST_CASE("who follows is answered with the next event, and not before this turn is over") {
  World world;
  world.follow(after(0, true), 7);
  world.log->add({event("began")});
  CHECK(world.answered.empty());
  world.until([&] { return !world.answered.empty(); });
  CHECK(states_of(world.answered[7]) == "began");
  CHECK(world.answered[7].next == world.answered[7].events[0].id);
}

TEST_CASE("who follows from an id that is behind is answered at once") {
  World world;
  world.log->add({event("began")});
  CHECK(states_of(world.page(after(0, true))) == "began");
}

TEST_CASE("who follows with a filter does not hear of what it lets not through") {
  World world;
  auto asked = after(0, true);
  asked.recipient = "bot9@*";
  world.follow(asked, 7);
  world.follow(after(0, true), 8);
  world.log->add({event("began")});
  world.until([&] { return world.answered.count(8) > 0; });
  CHECK(world.answered.count(7) == 0);
  world.log->add({event("mine", EventType::wait, "bot9@example.com")});
  world.until([&] { return world.answered.count(7) > 0; });
  CHECK(states_of(world.answered[7]) == "mine");
}

TEST_CASE("a flood of events is told in a few pages, none left out") {
  World world;
  std::string told, wanted;
  std::uint64_t at = 0;
  int pages = 0, sent = 0;
  const auto follow = [&] { world.follow(after(at, true), 7); };
  follow();
  io::Timer flood(world.loop);
  std::function<void()> more = [&] {
    for (int i = 0; i < 10; ++i) {
      world.log->add({event("e" + std::to_string(sent))});
      wanted += " e" + std::to_string(sent++);
    }
    if (sent < 1'000) flood.set(world.loop.now().instant + 1ms, more);
  };
  flood.set(world.loop.now().instant, more);
  world.until([&] {
    if (world.answered.empty()) return false;
    told += " " + states_of(world.answered[7]);
    at = world.answered[7].next;
    world.answered.clear();
    ++pages;
    if (told.size() >= wanted.size() && sent == 1'000) return true;
    auto page = world.log->page(after(at, true), 7, 1);
    if (*page) world.answered[7] = **page;
    return false;
  });
  CHECK(told == wanted);
  CHECK(pages < 50);
}

TEST_CASE("who follows and hears nothing gets an empty page in the end") {
  EventLog::Timing timing;
  timing.follow = 30ms;
  World world(timing);
  world.log->add({event("began")});
  const auto at = world.page(after(0)).next;
  auto asked = after(at, true);
  asked.recipient = "nobody@*";
  world.follow(asked, 7);
  world.follow(after(at, true), 8);
  world.log->add({event("ended")});
  world.until([&] { return world.answered.count(7) > 0; });
  CHECK(world.answered[7].events.empty());
  CHECK(world.answered[7].next == at + 1);
  CHECK(states_of(world.answered[8]) == "ended");
}

TEST_CASE("who goes is followed by nothing: its requests are answered empty, others go on") {
  World world;
  world.follow(after(0, true), 7, 1);
  world.follow(after(0, true), 8, 1);
  world.follow(after(0, true), 9, 2);
  world.log->client_gone(1);
  CHECK(world.answered.size() == 2);
  CHECK(world.answered[7].events.empty());
  world.log->add({event("began")});
  world.until([&] { return world.answered.count(9) > 0; });
  CHECK(world.answered[7].events.empty());
  CHECK(states_of(world.answered[9]) == "began");
}

TEST_CASE("one client follows at most 64 times, all together at most 1,000 times") {
  World world;
  std::uint64_t request = 0;
  for (int i = 0; i < 64; ++i) world.follow(after(0, true), ++request, 1);
  const auto refused = world.log->page(after(0, true), ++request, 1);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::busy);
  world.follow(after(0, true), ++request, 2);
  world.log->client_gone(1);
  world.follow(after(0, true), ++request, 1);
  for (std::uint64_t client = 3; client < 1'001; ++client) world.follow(after(0, true), ++request, client);
  CHECK_FALSE(world.log->page(after(0, true), ++request, 2'000).has_value());
}

// ---- the store's troubles, and forgetting ----

TEST_CASE("a store that cannot be written costs nothing but entries, they are written when it can be again") {
  EventLog::Timing timing;
  timing.flush_after = timing.retry = 5ms;
  World world(timing);
  world.log->add({event("before")});
  world.until([&] { return world.stored() == 1; });
  world.break_store();
  world.log->add({event("began"), event("ended")});
  world.log->flush();
  CHECK(world.stored() == 1);
  CHECK(states_of(world.page(after(0))) == "before began ended");
  world.repair_store();
  world.until([&] { return world.stored() == 3; });
}

TEST_CASE("of a long trouble the last 5,000 entries are kept and the loss is no end of it") {
  EventLog::Timing timing;
  timing.retry = 5ms;
  World world(timing);
  world.log->flush();
  world.break_store();
  for (int i = 0; i < 12; ++i) world.log->add(events(1'000));
  world.repair_store();
  world.until([&] { return world.stored() > 0; });
  CHECK(world.stored() >= 4'500);
  CHECK(world.stored() <= 5'000);
  world.log->add({event("well")});
  world.log->flush();
  world.start();
  std::uint64_t at = 0;
  std::string last;
  for (bool more = true; more;) {
    const auto page = world.page(after(at));
    if (!page.events.empty()) last = page.events.back().state;
    at = page.next;
    more = page.more;
  }
  CHECK(last == "well");
}

TEST_CASE("what is older than is kept goes at the start, thousands too, and what is younger stays") {
  World world;
  auto old = events(4'500);
  for (auto& each : old) each.at = world.loop.now().wall - 25h;
  world.log->add(old);
  world.log->add({event("young")});
  world.log->flush();
  world.start();
  world.until([&] { return world.stored() == 1; });
  CHECK(states_of(world.page(after(0))) == "young");
}

TEST_CASE("a shorter time to keep holds for what is there already") {
  World world;
  auto old = event("old");
  old.at = world.loop.now().wall - 3h;
  world.log->add({old, event("young")});
  world.log->flush();
  world.log->set_keep(2h);
  world.until([&] { return world.stored() == 1; });
  CHECK(states_of(world.page(after(0))) == "young");
}
