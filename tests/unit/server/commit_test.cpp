#include "server/commit.hpp"

#include "support/temp_dir.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace otpctl;
using server::Commit;

struct World {
  test::TempDir dir;
  io::Loop loop;
  store::Store store;
  std::vector<std::string> log;
  Commit commit;

  World()
      : store(std::move(*store::Store::open({dir.path() + "/store.db", dir.path() + "/key"}))),
        commit(loop, store,
               {[this](const delivery::Notice&) { log.push_back("notice"); },
                [this](delivery::Reply& reply) {
                  const bool error = std::holds_alternative<Error>(reply.answer);
                  log.push_back((error ? "error " : "reply ") + std::to_string(reply.request));
                }}) {}

  static delivery::Effects effects(std::uint64_t request, const std::string& key) {
    delivery::Effects e;
    e.changes.push_back({{delivery::RecordKind::message, key, "value"}, false});
    e.replies.push_back({request, delivery::Acknowledged{true}});
    return e;
  }
  void turn() {
    loop.post([this] { loop.post([this] { loop.stop(); }); });
    loop.run();
  }
};

}  // namespace

TEST_CASE("an answer waits for the end of the turn, and its record is in the store by then") {
  World world;
  world.commit.add(World::effects(1, "a"));
  CHECK(world.log.empty());
  world.turn();
  CHECK(world.log == std::vector<std::string>{"reply 1"});
  CHECK(world.store.load()->size() == 1);
}

TEST_CASE("everything of one turn is answered in order") {
  World world;
  for (std::uint64_t i = 1; i <= 3; ++i) world.commit.add(World::effects(i, std::to_string(i)));
  world.turn();
  CHECK(world.log == std::vector<std::string>{"reply 1", "reply 2", "reply 3"});
}

TEST_CASE("whoever waits for the disk is told before the answers go out") {
  World world;
  world.commit.add(World::effects(1, "a"));
  world.commit.when_durable([&](const Result<void>& safe) { world.log.push_back(safe ? "safe" : "refused"); });
  world.turn();
  CHECK(world.log == std::vector<std::string>{"safe", "reply 1"});
}

TEST_CASE("what is decided while answers go out waits for a commit of its own") {
  World world;
  bool told = false;
  world.commit.add(World::effects(1, "a"));
  world.commit.when_durable([&](const Result<void>&) {  // an LMTP client that has pipelined its next mail
    told = true;
    world.commit.add(World::effects(2, "b"));
  });
  world.commit.flush();
  CHECK(told);
  CHECK(world.log == std::vector<std::string>{"reply 1"});
  CHECK(world.store.load()->size() == 1);
  world.turn();
  CHECK(world.log == std::vector<std::string>{"reply 1", "reply 2"});
  CHECK(world.store.load()->size() == 2);
}

// ---- what happened, for those who look on ----

namespace {

struct Watched {
  test::TempDir dir;
  io::Loop loop;
  store::Store store;
  std::vector<std::string> log;
  Commit commit;

  Watched()
      : store(std::move(*store::Store::open({dir.path() + "/store.db", dir.path() + "/key", Duration(1'000)}))),
        commit(loop, store,
               {[](const delivery::Notice&) {},
                [this](delivery::Reply& reply) { log.push_back("reply " + std::to_string(reply.request)); },
                [this](std::vector<Event> events, Instant) {
                  for (const auto& event : events) log.push_back("event " + event.state);
                },
                [this](const Error* error) { log.push_back(error ? "trouble" : "well"); }}) {}

  void add(std::uint64_t request, const std::string& state) {
    auto effects = World::effects(request, state);
    effects.events.push_back({});
    effects.events.back().state = state;
    commit.add(std::move(effects));
  }
  void sql(const std::string& text) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open((dir.path() + "/store.db").c_str(), &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
  }
};

using Log = std::vector<std::string>;

}  // namespace

TEST_CASE("what happened is told behind the answers of its commit, in order") {
  Watched world;
  world.add(1, "arrived");
  world.add(2, "claimed");
  CHECK(world.log.empty());
  world.commit.flush();
  CHECK(world.log == Log{"reply 1", "reply 2", "event arrived", "event claimed"});
}

TEST_CASE("what is not on disk has not happened: it is told once it is, and the trouble once at each end") {
  Watched world;
  world.sql("CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(FAIL, 'full'); END");
  world.add(1, "claimed");
  world.commit.flush();
  world.commit.flush();
  CHECK(world.log == Log{"trouble"});
  world.sql("DROP TRIGGER full");
  world.commit.flush();
  CHECK(world.log == Log{"trouble", "well", "reply 1", "event claimed"});
  world.commit.flush();
  CHECK(world.log.size() == 4);
}

TEST_CASE("while the store cannot be written a code is held, an end is told, and what would be a promise is refused") {
  World world;
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((world.dir.path() + "/store.db").c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
  auto effects = World::effects(1, "a");
  effects.replies.push_back({2, Delivered{}});
  effects.replies.push_back({3, WaitEnd{}});
  effects.replies.push_back({4, SessionInfo{}});
  effects.replies.push_back({5, delivery::Accepted{}});
  effects.notices.push_back({6, delivery::Waiting{}});
  world.commit.add(std::move(effects));
  world.commit.flush();
  CHECK(world.log == std::vector<std::string>{"notice", "reply 3", "error 4", "error 5"});
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  world.commit.flush();
  CHECK(world.log == std::vector<std::string>{"notice", "reply 3", "error 4", "error 5", "reply 1", "reply 2"});
}

namespace {

/// Promises one entry, and notes what is taken back.
struct Promising : Watched {
  std::vector<std::uint64_t> withdrawn;
  Commit promises;

  Promising() : promises(loop, store, outlets()) {}

  Commit::Outlets outlets() {
    Commit::Outlets outlets;
    outlets.notice = [](const delivery::Notice&) {};
    outlets.reply = [this](delivery::Reply& reply) {
      const bool error = std::holds_alternative<Error>(reply.answer);
      log.push_back((error ? "error " : "reply ") + std::to_string(reply.request));
    };
    outlets.committed = [this](std::vector<Event> events, Instant) {
      for (const auto& event : events) log.push_back("event " + event.state);
    };
    outlets.withdraw = [this](const delivery::Withdraw& what) {
      for (const auto& promise : what.promises) withdrawn.push_back(promise.seq);
      delivery::Effects effects;
      effects.changes.push_back({{delivery::RecordKind::message, "entry", ""}, true});
      effects.replies.push_back({8, Delivered{}});  // what it gets instead
      effects.unsaid = {7, 8};
      return effects;
    };
    return outlets;
  }

  void promise() {
    auto effects = World::effects(3, "entry");
    effects.replies = {{5, delivery::Accepted{}}, {7, Delivered{}}, {9, Delivered{}}};
    effects.promises = {{77, {}, false}};
    effects.events.resize(3);
    effects.events[0].state = "taken";
    effects.events[1].state = "superseded";
    effects.events[2].state = "claimed";
    effects.about = {77, 5, 77};
    promises.add(std::move(effects));
    promises.flush();
  }
  void fill() { sql("CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(FAIL, 'full'); END"); }
  void make_room() { sql("DROP TRIGGER full"); }
};

}  // namespace

TEST_CASE("what was promised and could not be written is withdrawn, with its events and what was to be given of it") {
  Promising world;
  world.fill();
  world.promise();
  CHECK(world.withdrawn == std::vector<std::uint64_t>{77});
  CHECK(world.log == Log{"error 5"});
  world.promises.flush();
  CHECK(world.withdrawn.size() == 1);
  world.make_room();
  world.promises.flush();
  CHECK(world.log == Log{"error 5", "reply 9", "reply 8", "event superseded"});
  CHECK(world.store.load()->empty());
}

TEST_CASE("what was promised and written is not withdrawn by a trouble that comes later") {
  Promising world;
  world.promise();
  CHECK(world.log == Log{"reply 5", "reply 7", "reply 9", "event taken", "event superseded", "event claimed"});
  world.fill();
  world.promises.add(World::effects(11, "other"));
  world.promises.flush();
  CHECK(world.withdrawn.empty());
}
