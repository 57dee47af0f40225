#include "server/commit.hpp"

#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

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
