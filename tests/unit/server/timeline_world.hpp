// What the tests of the timeline share: one over a store of its own, and a loop to wait in.
#pragma once

#include "server/event_log.hpp"

#include "support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace otpctl::test {

using namespace std::chrono_literals;
using server::EventLog;

inline Event event(const std::string& state, EventType type = EventType::wait, const std::string& email = "bot5@example.com") {
  Event e;
  e.type = type;
  e.state = state;
  e.target.email = email;
  return e;
}

inline std::vector<Event> events(int count, const std::string& reason = {}) {
  std::vector<Event> all;
  for (int i = 0; i < count; ++i) {
    all.push_back(event("n" + std::to_string(i)));
    all.back().reason = reason;
  }
  return all;
}

inline std::string states_of(const rpc::EventsResult& page) {
  std::string all;
  for (const auto& each : page.events) all += (all.empty() ? "" : " ") + each.state;
  return all;
}

inline rpc::Events after(std::uint64_t id, bool follow = false) {
  rpc::Events asked;
  asked.after = id;
  asked.follow = follow;
  return asked;
}

struct World {
  TempDir dir;
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

}  // namespace otpctl::test
