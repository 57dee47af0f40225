// Records of the last agent: what is damaged is skipped and counted, never believed.
#include <doctest/doctest.h>

#include "unit/delivery/world.hpp"

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

/// A store with a record of every kind: a session, a free and a claimed code, floors, guards, a
/// position.
void fill(World& w) {
  w.mailbox();
  w.position(100);
  SessionSpec spec = World::spec(kBot);
  spec.filters.from = "*@shop.example";
  w.register_for(spec);
  w.synchronised();
  const auto other = w.wait(kOther);
  w.mail({.to = kOther, .message_id = "one@shop.example"});
  w.acknowledge(other);
  w.mail({.code = "111111", .text = "a text"});
  w.wait(kPhone);
  w.sms({.code = "222222"});
}

std::size_t unreadable_after(const std::vector<Record>& records, Now now) {
  Delivery delivery{Settings{}};
  std::size_t unreadable = 0;
  delivery.restore(records, now, &unreadable);
  Wait wait;
  wait.request = 1;
  wait.waiter = "w";
  wait.spec = {kBot, kPhone, {}, {}, "{}"};
  delivery.apply(wait, now);
  now.instant += 24h * 30;
  now.wall += 24h * 30;
  delivery.apply(Tick{}, now);
  return unreadable;
}

}  // namespace

TEST_CASE("a store has a record of every kind, and all are read") {
  World w;
  fill(w);
  for (const RecordKind kind : {RecordKind::session, RecordKind::message, RecordKind::floor,
                                RecordKind::guard, RecordKind::position}) {
    CHECK(w.records(kind) > 0);
  }
  w.restart(1s);
  CHECK(w.delivery.sessions_open() == 1);
  CHECK(w.delivery.codes_pending() == 2);
  CHECK(w.delivery.position(kMain) == Position{1, 100});
}

TEST_CASE("a record that is cut off anywhere is skipped and counted, the others are read") {
  World w;
  fill(w);
  for (const auto& [key, value] : w.store) {
    for (std::size_t size = 0; size < value.size(); ++size) {
      std::vector<Record> records;
      for (const auto& [other, bytes] : w.store) {
        records.push_back(
            {other.first, other.second, other == key ? bytes.substr(0, size) : bytes});
      }
      CHECK(unreadable_after(records, w.now) == 1);
    }
  }
}

TEST_CASE("a record with any byte changed is read as something or skipped, nothing breaks") {
  World w;
  fill(w);
  for (const auto& [key, value] : w.store) {
    for (std::size_t at = 0; at < value.size(); ++at) {
      for (const char c : {'0', '9', ' ', ':', '-', '\0'}) {
        std::string changed = value;
        changed[at] = c;
        CHECK(unreadable_after({{key.first, key.second, changed}}, w.now) <= 1);
      }
    }
  }
}

TEST_CASE("records of another version are skipped") {
  World w;
  fill(w);
  std::vector<Record> records;
  for (const auto& [key, value] : w.store) {
    records.push_back({key.first, key.second, "2" + value.substr(1)});
  }
  CHECK(unreadable_after(records, w.now) == records.size());
}

TEST_CASE("what has run out while no agent ran is erased from the store") {
  World w;
  fill(w);
  w.restart(48h);
  CHECK(w.records(RecordKind::session) == 0);
  CHECK(w.records(RecordKind::guard) == 0);
  CHECK(w.records(RecordKind::position) == 1);
  w.pass(10s);  // the claimed one waits for its waiter that long
  CHECK(w.records(RecordKind::message) == 0);
}
