// The timeline: what is added, written and read again.
#include "unit/server/timeline_world.hpp"

using namespace otpctl;
using namespace std::chrono_literals;
using server::EventLog;
using test::World;
using test::after;
using test::event;
using test::events;
using test::states_of;

TEST_CASE("events get rising ids and are there to be read at once, in their order") {
  World world;
  world.log->add({event("began"), event("ended")});
  world.log->add({event("left")});
  const auto page = world.page(after(0));
  CHECK(states_of(page) == "began ended left");
  CHECK(page.events[0].id < page.events[1].id);
  CHECK(page.events[1].id < page.events[2].id);
  CHECK(page.next == page.events[2].id);
  CHECK_FALSE(page.more);
  CHECK(states_of(world.page(after(page.events[0].id))) == "ended left");
}

TEST_CASE("an event that says no time gets the time of now") {
  World world;
  world.log->add({event("began")});
  CHECK(world.page(after(0)).events[0].at > WallTime(std::chrono::hours(400'000)));
}

TEST_CASE("events are written a moment later, all of that moment in one go") {
  World world;
  world.log->add({event("began")});
  world.log->add({event("ended")});
  CHECK(world.stored() == 0);
  world.until([&] { return world.stored() > 0; });
  CHECK(world.stored() == 2);
}

TEST_CASE("a flood is written before the moment is over") {
  World world;
  world.log->add(events(600));
  CHECK(world.stored() >= 500);
}

TEST_CASE("at the end everything is written") {
  World world;
  world.log->add(events(3));
  world.log->flush();
  CHECK(world.stored() == 3);
}

TEST_CASE("the next agent tells what the one before wrote, and goes on with higher ids") {
  World world;
  world.log->add({event("began")});
  world.log->flush();
  const auto before = world.page(after(0)).events[0];
  world.start();
  world.log->add({event("ended")});
  const auto page = world.page(after(0));
  CHECK(states_of(page) == "began ended");
  CHECK(page.events[0].id == before.id);
  CHECK(page.events[0].at.time_since_epoch() / 1ms == before.at.time_since_epoch() / 1ms);
  CHECK(page.events[1].id > before.id);
}

TEST_CASE("an id that was shown is never given again, though a kill -9 came before it was written") {
  World world;
  world.log->add(events(300));
  const auto shown = world.page(after(0)).next;
  CHECK(world.stored() == 0);
  world.start();  // the first log's entries were never written
  world.log->add({event("began")});
  const auto page = world.page(after(shown));
  CHECK(states_of(page) == "began");
  CHECK(page.events[0].id > shown);
}

/// The ids behind `id`, over as many pages as it takes.
std::vector<std::uint64_t> shown_behind(World& world, std::uint64_t id) {
  std::vector<std::uint64_t> ids;
  for (auto page = world.page(after(id)); !page.events.empty() || page.more; page = world.page(after(page.next))) {
    for (const auto& each : page.events) ids.push_back(each.id);
  }
  return ids;
}

TEST_CASE("an id that was shown is never given again, though the store could not be written for long") {
  World world;
  world.log->add(events(1));
  world.break_store();
  world.follow(after(world.page({}).next, true), 7);
  for (int i = 0; i < 4; ++i) world.log->add(events(500));
  const auto ids = shown_behind(world, 0);
  REQUIRE(ids.size() > 500);  // what is reserved is shown
  CHECK(world.page({}).next == ids.back());
  world.until([&] { return world.answered.count(7) > 0; });
  CHECK(world.answered[7].next <= ids.back());
  world.repair_store();
  world.start();  // nothing of it was written
  world.log->add({event("began")});
  const auto page = world.page(after(ids.back()));
  CHECK(states_of(page) == "began");
  CHECK(page.events.front().id > ids.back());
}

TEST_CASE("what was not shown while the store could not be written is told when it can, in order and once") {
  EventLog::Timing quick;
  quick.retry = 5ms;
  World world(quick);
  world.log->add(events(1));
  world.break_store();
  world.log->add(events(1'800));
  const auto before = shown_behind(world, 0);
  CHECK(before.size() < 1'500);
  world.follow(after(before.back(), true), 7);
  world.repair_store();
  world.until([&] { return world.answered.count(7) > 0; });
  CHECK(world.answered[7].events.front().id == before.back() + 1);
  const auto behind = shown_behind(world, before.back());
  CHECK(before.size() + behind.size() == 1'801);
  CHECK(behind.back() == before.front() + 1'800);
}

TEST_CASE("a time to begin with: all that came then or later, stored or not") {
  World world;
  std::vector<Event> old = events(3);
  for (int i = 0; i < 3; ++i) old[static_cast<std::size_t>(i)].at = world.loop.now().wall - 3h + i * 1h;
  world.log->add(old);
  world.log->flush();
  world.start();
  world.log->add({event("now")});
  rpc::Events asked;
  asked.since = world.loop.now().wall - 150min;
  CHECK(states_of(world.page(asked)) == "n1 n2 now");
  asked.since = world.loop.now().wall - 1min;
  CHECK(states_of(world.page(asked)) == "now");
  asked.since = world.loop.now().wall + 1h;
  CHECK(states_of(world.page(asked)) == "");
  CHECK(world.page(asked).next == world.page(after(0)).next);
}

TEST_CASE("with neither id nor time it begins now") {
  World world;
  world.log->add({event("began")});
  const auto now = world.page({});
  CHECK(states_of(now) == "");
  world.log->add({event("ended")});
  CHECK(states_of(world.page(after(now.next))) == "ended");
}

TEST_CASE("an id beyond the last one begins behind the last entry, and goes on from there") {
  World world;
  world.log->add({event("began")});
  const auto page = world.page(after(1'000'000));
  CHECK(states_of(page) == "");
  world.log->add({event("ended")});
  CHECK(states_of(world.page(after(page.next))) == "ended");
}

TEST_CASE("ids may begin above a number, so that those of one agent after the other grow") {
  World world;
  world.log->begin_above(1'700'000'000'000'000);
  world.log->add({event("began")});
  CHECK(world.page(after(0)).events.front().id == 1'700'000'000'000'001);
  CHECK(states_of(world.page(after(5))) == "began");
}

TEST_CASE("pages of 48 KiB and 500 rows lead through everything, once each, in order") {
  for (const std::size_t reason : {0u, 900u}) {
    World world;
    for (int i = 0; i < 9; ++i) world.log->add(events(500, std::string(reason, 'r')));  // more than memory keeps
    std::uint64_t at = 0, count = 0, pages = 0;
    while (true) {
      const auto page = world.page(after(at));
      CHECK(page.events.size() <= 2'000);
      CHECK(rpc::encode_answer("1", page).size() < 60'000);
      for (const auto& each : page.events) {
        REQUIRE(each.id > at);
        at = each.id;
        ++count;
      }
      CHECK(page.next >= at);
      at = page.next;
      ++pages;
      if (!page.more) break;
    }
    CHECK(count == 4'500);
    CHECK(pages > 9);
  }
}

TEST_CASE("types choose") {
  World world;
  world.log->add({event("began", EventType::wait), event("live", EventType::source), event("claimed", EventType::code)});
  auto asked = after(0);
  asked.types = {EventType::source, EventType::code};
  CHECK(states_of(world.page(asked)) == "live claimed");
}

TEST_CASE("a recipient chooses by address, number or list, as a glob in which case does not count") {
  World world;
  Event message = event("arrived", EventType::message, "");
  message.recipients = {"other@example.org", "Bot7@example.com"};
  Event sms = event("began", EventType::wait, "");
  sms.target.phone = "+905551112233";
  world.log->add({event("bot5"), message, sms, event("live", EventType::source, "")});
  const auto chosen = [&](const std::string& glob) {
    auto asked = after(0);
    asked.recipient = glob;
    return states_of(world.page(asked));
  };
  CHECK(chosen("bot5@example.com") == "bot5");
  CHECK(chosen("BOT?@example.com") == "bot5 arrived");
  CHECK(chosen("*example.org") == "arrived");
  CHECK(chosen("+90*") == "began");
  CHECK(chosen("bot5") == "");
  CHECK(chosen("*") == "bot5 arrived began");
}

TEST_CASE("a page that chooses nothing moves on all the same") {
  World world;
  world.log->add(events(2'000));
  world.log->add(events(2'000));
  auto asked = after(0);
  asked.recipient = "nobody@example.com";
  const auto first = world.page(asked);
  CHECK(first.events.empty());
  CHECK(first.more);
  CHECK(first.next > 0);
  int pages = 1;
  for (auto page = first; page.more; ++pages) {
    asked.after = page.next;
    page = world.page(asked);
  }
  CHECK(pages < 10);
}

TEST_CASE("a glob that is too long is refused") {
  World world;
  auto asked = after(0);
  asked.recipient = std::string(321, '*');
  const auto page = world.log->page(asked, 1, 1);
  REQUIRE_FALSE(page.has_value());
  CHECK(page.error().code == ErrorCode::usage);
}

TEST_CASE("a damaged row is left out") {
  World world;
  world.log->add(events(3));
  world.log->flush();
  world.sql("UPDATE timeline SET value = zeroblob(40) WHERE id = (SELECT min(id) + 1 FROM timeline)");
  world.start();
  CHECK(states_of(world.page(after(0))) == "n0 n2");
}
