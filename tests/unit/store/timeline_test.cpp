#include "support.hpp"

#include <vector>

using namespace otpctl;
using namespace otpctl::store;
using namespace std::chrono_literals;
using Entry = Store::Entry;

namespace {

constexpr std::uint64_t kEnd = ~std::uint64_t{0};
constexpr WallTime kNoon{std::chrono::hours(490'000)};

Entry entry(std::uint64_t id, Duration after_noon = 0s, std::string value = "") {
  return {id, kNoon + after_noon, value.empty() ? "entry " + std::to_string(id) : std::move(value)};
}

std::vector<Entry> entries(std::uint64_t first, std::uint64_t last) {
  std::vector<Entry> all;
  for (auto id = first; id <= last; ++id) all.push_back(entry(id, std::chrono::seconds(id)));
  return all;
}

std::vector<std::uint64_t> ids(const Store& store, std::uint64_t after = 0, std::uint64_t below = kEnd,
                               std::size_t limit = 1'000) {
  const auto read = store.read(after, below, limit);
  REQUIRE(read.has_value());
  std::vector<std::uint64_t> found;
  for (const auto& one : *read) found.push_back(one.id);
  return found;
}

using Ids = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("the timeline is there after the store was opened again: ids, times and bytes") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    CHECK(ids(store).empty());
    REQUIRE(store.append({entry(3, 1s, std::string("a\0b", 3)), entry(7, 2s)}).has_value());
  }
  const Store store = must_open(folder.options());
  const auto read = store.read(0, kEnd, 10);
  REQUIRE(read.has_value());
  REQUIRE(read->size() == 2);
  CHECK(read->front().id == 3);
  CHECK(read->front().at == kNoon + 1s);
  CHECK(read->front().value == std::string("a\0b", 3));
  CHECK(read->back().value == "entry 7");
}

TEST_CASE("a page begins behind an id, ends before another and has at most so many entries") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  REQUIRE(store.append(entries(1, 9)).has_value());
  CHECK(ids(store, 4) == Ids{5, 6, 7, 8, 9});
  CHECK(ids(store, 4, 8) == Ids{5, 6, 7});
  CHECK(ids(store, 4, kEnd, 2) == Ids{5, 6});
  CHECK(ids(store, 9).empty());
  CHECK(ids(store, kEnd).empty());
}

TEST_CASE("the first entry since a time is the lowest id, also where the clock was set back") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  CHECK_FALSE(store.first_since(kNoon)->has_value());
  REQUIRE(store.append({entry(1, 10s), entry(2, 60s), entry(3, 5s), entry(4, 20s)}).has_value());
  CHECK(store.first_since(kNoon) == 1);
  CHECK(store.first_since(kNoon + 15s) == 2);
  CHECK(store.first_since(kNoon + 10s) == 1);
  CHECK_FALSE(store.first_since(kNoon + 61s)->has_value());
}

TEST_CASE("what is older is erased, the oldest first and so many at once") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  REQUIRE(store.append(entries(1, 9)).has_value());
  CHECK(store.erase_before(kNoon + 6s, 3) == 3);
  CHECK(ids(store) == Ids{4, 5, 6, 7, 8, 9});
  CHECK(store.erase_before(kNoon + 6s, 3) == 2);
  CHECK(store.erase_before(kNoon + 6s, 3) == 0);
  CHECK(ids(store) == Ids{6, 7, 8, 9});
}

TEST_CASE("no id is free again after its entry was erased, whoever opens the store") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    CHECK(store.highest_id() == 0);
    REQUIRE(store.append(entries(1, 9)).has_value());
    REQUIRE(store.erase_before(kNoon + 1h, 100) == 9);
    CHECK(store.highest_id() == 9);
  }
  CHECK(must_open(folder.options()).highest_id() == 9);
}

TEST_CASE("ids that were only shown count as taken") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  REQUIRE(store.append({}, 5'000).has_value());
  CHECK(store.highest_id() == 5'000);
  REQUIRE(store.append({entry(17)}, 20).has_value());
  CHECK(store.highest_id() == 5'000);
  REQUIRE(store.append({entry(6'000)}).has_value());
  CHECK(store.highest_id() == 6'000);
}

TEST_CASE("an append that fails in its middle leaves nothing of itself and frees nothing") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  REQUIRE(store.append({entry(1), entry(2)}).has_value());
  const auto failed = store.append({entry(3), entry(2)});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().code == ErrorCode::storage);
  CHECK(ids(store) == Ids{1, 2});
  CHECK(store.highest_id() == 2);
  REQUIRE(store.append({entry(3)}).has_value());
}

TEST_CASE("the timeline and the journal do not mix") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  REQUIRE(store.commit({put("a", "one")}).has_value());
  REQUIRE(store.append({entry(1)}).has_value());
  CHECK(content(store) == std::map<std::string, std::string>{{"2/a", "one"}});
  CHECK(ids(store) == Ids{1});
}

TEST_CASE("V12 no file tells what the timeline says") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  REQUIRE(store.append({entry(1, 0s, "bot5@example.com asked the shop")}).has_value());
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    const std::string bytes = bytes_of(file.path().string());
    CHECK_FALSE(contains(bytes, "bot5"));
    CHECK_FALSE(contains(bytes, "the shop"));
  }
}

TEST_CASE("an entry that was changed, or moved to another id or time, has no value and is counted") {
  for (const char* sql : {"UPDATE timeline SET value = zeroblob(length(value)) WHERE id = 2",
                          "UPDATE timeline SET value = (SELECT value FROM timeline WHERE id = 1) WHERE id = 2",
                          "UPDATE timeline SET at = at + 1 WHERE id = 2"}) {
    TemporaryFolder folder;
    Store store = must_open(folder.options());
    REQUIRE(store.append({entry(1), entry(2), entry(3)}).has_value());
    tamper(folder / "store.db", sql);
    std::size_t damaged = 99;
    const auto read = store.read(0, kEnd, 10, &damaged);
    REQUIRE(read.has_value());
    CHECK(damaged == 1);
    REQUIRE(read->size() == 3);
    CHECK(read->at(0).value == "entry 1");
    CHECK(read->at(1).value.empty());
    CHECK(read->at(2).value == "entry 3");
  }
}

TEST_CASE("a store from before the timeline keeps its records and gets one") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    REQUIRE(store.commit({put("a", "one")}).has_value());
  }
  tamper(folder / "store.db",
              "DROP TABLE timeline; DROP TABLE timeline_head; PRAGMA user_version = 1");
  {
    Store store = must_open(folder.options());
    CHECK(content(store).size() == 1);
    REQUIRE(store.append({entry(1)}).has_value());
  }
  const Store store = must_open(folder.options());
  CHECK(content(store).size() == 1);
  CHECK(ids(store) == Ids{1});
}

TEST_CASE("a store from before the timeline is left as it was where the key is wrong") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    REQUIRE(store.commit({put("a", "one")}).has_value());
  }
  tamper(folder / "store.db",
              "DROP TABLE timeline; DROP TABLE timeline_head; PRAGMA user_version = 1; VACUUM");
  const std::string before = bytes_of(folder / "store.db");
  write_file(folder / "key", std::string(32, 'w'));
  CHECK(error_of(folder.options()).code == ErrorCode::config);
  CHECK(bytes_of(folder / "store.db") == before);
}

TEST_CASE("a store in memory keeps a timeline as long as it lives") {
  Store store = must_open({":memory:", ""});
  REQUIRE(store.append(entries(1, 3)).has_value());
  CHECK(ids(store) == Ids{1, 2, 3});
}

TEST_CASE("a timeline whose tables cannot be used begins anew, and the records stay") {
  for (const char* damage :
       {"DROP TABLE timeline", "DROP TABLE timeline_head", "DROP TABLE timeline; DROP TABLE timeline_head",
        "DROP INDEX timeline_at", "ALTER TABLE timeline RENAME COLUMN value TO other",
        "DROP TABLE timeline; CREATE TABLE timeline(x)"}) {
    CAPTURE(damage);
    TemporaryFolder folder;
    {
      Store store = must_open(folder.options());
      CHECK_FALSE(store.timeline_is_new());
      REQUIRE(store.commit({put("m1", "kept")}).has_value());
      REQUIRE(store.append(entries(1, 3)).has_value());
    }
    tamper(folder.options().path, damage);
    {
      Store store = must_open(folder.options());
      CHECK(store.timeline_is_new());
      CHECK(content(store).size() == 1);
      CHECK(ids(store).empty());
      REQUIRE(store.append({entry(7)}).has_value());
    }
    const Store store = must_open(folder.options());
    CHECK_FALSE(store.timeline_is_new());
    CHECK(ids(store) == Ids{7});
  }
}
