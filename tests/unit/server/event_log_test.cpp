#include "server/event_log.hpp"

#include "support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace otpctl;
using namespace std::chrono_literals;
using server::EventLog;

Event event(const std::string& state, EventType type = EventType::wait, const std::string& email = "bot5@example.com") {
  Event e;
  e.type = type;
  e.state = state;
  e.target.email = email;
  return e;
}

std::vector<Event> events(int count, const std::string& reason = {}) {
  std::vector<Event> all;
  for (int i = 0; i < count; ++i) {
    all.push_back(event("n" + std::to_string(i)));
    all.back().reason = reason;
  }
  return all;
}

std::string states_of(const rpc::EventsResult& page) {
  std::string all;
  for (const auto& each : page.events) all += (all.empty() ? "" : " ") + each.state;
  return all;
}

rpc::Events after(std::uint64_t id, bool follow = false) {
  rpc::Events asked;
  asked.after = id;
  asked.follow = follow;
  return asked;
}

struct World {
  test::TempDir dir;
  io::Loop loop;
  store::Store store = open();
  std::map<std::uint64_t, rpc::EventsResult> answered;
  EventLog::Timing timing;
  std::unique_ptr<EventLog> log;

  explicit World(EventLog::Timing t = {}) : timing(t) { start(); }

  store::Store open() {
    return std::move(*store::Store::open({dir.path() + "/store.db", dir.path() + "/key", Duration(1ms)}));
  }
  void start() {
    log = std::make_unique<EventLog>(
        loop, store, 24h,
        [this](std::uint64_t request, const rpc::EventsResult& page) { answered[request] = page; }, timing);
  }
  rpc::EventsResult page(const rpc::Events& asked) {
    auto page = log->page(asked, 1, 1);
    REQUIRE(page.has_value());
    REQUIRE(page->has_value());
    return **page;
  }
  /// Follows; nothing is there yet.
  void follow(const rpc::Events& asked, std::uint64_t request, std::uint64_t client = 1) {
    auto page = log->page(asked, request, client);
    REQUIRE(page.has_value());
    REQUIRE_FALSE(page->has_value());
  }
  /// Lets the loop work until it is so, or 5 s are over.
  void until(const std::function<bool()>& is_so) {
    io::Timer look(loop), end(loop);
    std::function<void()> again = [&] {
      if (is_so()) return loop.stop();
      look.set(loop.now().instant + 1ms, again);
    };
    bool late = false;
    end.set(loop.now().instant + 5s, [&] {
      late = true;
      loop.stop();
    });
    loop.post(again);
    loop.run();
    REQUIRE_FALSE(late);
  }
  std::size_t stored() { return store.read(0, ~std::uint64_t{0}, 100'000)->size(); }
  void sql(const std::string& text) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open((dir.path() + "/store.db").c_str(), &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
  }
  /// No entry can be written from now on.
  void break_store() {
    sql("CREATE TRIGGER full BEFORE INSERT ON timeline BEGIN SELECT RAISE(FAIL, 'full'); END");
  }
  void repair_store() { sql("DROP TRIGGER full"); }
};

}  // namespace

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

TEST_CASE("one entry by its id, from memory or from the store") {
  World world;
  world.log->add({event("began"), event("ended")});
  const auto id = world.page(after(0)).events[1].id;
  CHECK(world.log->find(id)->state == "ended");
  world.log->flush();
  world.start();
  CHECK(world.log->find(id)->state == "ended");
  CHECK(world.log->find(id + 7).error().code == ErrorCode::not_found);
  CHECK(world.log->find(0).error().code == ErrorCode::not_found);
}

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
