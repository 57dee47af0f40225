#include "support.hpp"

#include <set>
#include <sqlite3.h>
#include <vector>

using namespace otpctl;
using namespace otpctl::store;
using delivery::RecordKind;
using Content = std::map<std::string, std::string>;

TEST_CASE("what was committed is there after the store was opened again") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    CHECK(content(store).empty());
    REQUIRE(
        store.commit({put("a", "one"), put("b", "two"), put("a", "session", RecordKind::session)})
            .has_value());
  }
  CHECK(content(must_open(folder.options())) ==
        Content{{"2/a", "one"}, {"2/b", "two"}, {"1/a", "session"}});
}

TEST_CASE("putting replaces and erasing erases only that kind and key") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  REQUIRE(store.commit({put("a", "one"), put("b", "two"), put("a", "floor", RecordKind::floor)})
              .has_value());
  REQUIRE(store.commit({put("a", "three"), erase("b"), erase("never was")}).has_value());
  CHECK(content(store) == Content{{"2/a", "three"}, {"3/a", "floor"}});
}

TEST_CASE("changes of one commit work in their order") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  REQUIRE(store
              .commit({put("a", "1"), erase("a"), put("a", "2"), put("b", "1"), put("b", "2"),
                       erase("b")})
              .has_value());
  CHECK(content(store) == Content{{"2/a", "2"}});
}

TEST_CASE("keys and values may be empty, binary and long") {
  TemporaryFolder folder;
  std::string binary;
  for (int i = 0; i < 256; ++i) binary += static_cast<char>(i);
  const std::string large(1'000'000, 'v');
  {
    Store store = must_open(folder.options());
    REQUIRE(store.commit({put("", ""), put(binary, binary), put("large", large)}).has_value());
  }
  CHECK(content(must_open(folder.options())) ==
        Content{{"2/", ""}, {"2/" + binary, binary}, {"2/large", large}});
}

TEST_CASE("an empty commit is nothing, durable or not") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  CHECK(store.commit({}).has_value());
  CHECK(store.commit({}, true).has_value());
}

TEST_CASE("durable and ordinary commits mix") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  REQUIRE(store.commit({put("a", "1")}, true).has_value());
  REQUIRE(store.commit({put("b", "2")}, false).has_value());
  REQUIRE(store.commit({put("c", "3")}, true).has_value());
  CHECK(content(store).size() == 3);
}

TEST_CASE("a store in memory needs no file and no key") {
  Store store = must_open({":memory:", "/nonexistent/otpctl/key"});
  REQUIRE(store.commit({put("a", "one")}).has_value());
  CHECK(content(store) == Content{{"2/a", "one"}});
  CHECK_FALSE(std::filesystem::exists("/nonexistent"));
  CHECK_FALSE(std::filesystem::exists(":memory:"));
}

TEST_CASE("a store moves with all it holds") {
  TemporaryFolder folder;
  Store first = must_open(folder.options());
  REQUIRE(first.commit({put("a", "one")}).has_value());
  Store second = std::move(first);
  REQUIRE(second.commit({put("b", "two")}).has_value());
  CHECK(content(second).size() == 2);
}

TEST_CASE("V12 neither values nor keys stand readable in any file, also while the agent lives") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  REQUIRE(store.commit({put("bot5@example.com", "the code 482913 of the shop")}).has_value());
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    const std::string bytes = bytes_of(entry.path().string());
    CHECK_FALSE(contains(bytes, "482913"));
    CHECK_FALSE(contains(bytes, "bot5"));
    CHECK_FALSE(contains(bytes, "example.com"));
  }
}

TEST_CASE("the same record twice gives other bytes each time") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  std::set<std::string> seen;
  for (int i = 0; i < 5; ++i) {
    REQUIRE(store.commit({put("a", "same")}).has_value());
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open((folder / "store.db").c_str(), &database) == SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(database, "SELECT value FROM record", -1, &statement, nullptr) ==
            SQLITE_OK);
    REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
    seen.emplace(static_cast<const char*>(sqlite3_column_blob(statement, 0)),
                 static_cast<std::size_t>(sqlite3_column_bytes(statement, 0)));
    sqlite3_finalize(statement);
    sqlite3_close(database);
  }
  CHECK(seen.size() == 5);
}

TEST_CASE("after closing only database and key are left, and erased rows left no bytes") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    for (int i = 0; i < 50; ++i)
      REQUIRE(store.commit({put("k" + std::to_string(i), std::string(500, 'x'))}).has_value());
    for (int i = 0; i < 50; ++i)
      REQUIRE(store.commit({erase("k" + std::to_string(i))}).has_value());
  }
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    names.insert(entry.path().filename());
  CHECK(names == std::set<std::string>{"store.db", "key"});
  const std::string bytes = bytes_of(folder / "store.db");
  const auto used = std::count_if(bytes.begin(), bytes.end(), [](char c) { return c != 0; });
  CHECK(used < 2'000);  // schema and proof; the values alone were 25,000 random bytes
}

TEST_CASE("a value that was moved to another row does not open") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    REQUIRE(store.commit({put("a", "one"), put("b", "two")}).has_value());
  }
  tamper(folder / "store.db", "UPDATE record SET value = (SELECT max(value) FROM record)");
  CHECK(content(must_open(folder.options()), 1).size() == 1);
}

TEST_CASE("a row that was moved to another kind does not open") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    REQUIRE(store.commit({put("a", "one")}).has_value());
  }
  tamper(folder / "store.db", "UPDATE record SET kind = 4");
  CHECK(content(must_open(folder.options()), 1).empty());
}

TEST_CASE("a single damaged row is counted and left out, the others load, nothing is deleted") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    REQUIRE(store.commit({put("a", "one"), put("b", "two"), put("c", "three")}).has_value());
  }
  tamper(folder / "store.db",
         "UPDATE record SET value = zeroblob(length(value)) WHERE key = (SELECT min(key) FROM "
         "record)");
  CHECK(content(must_open(folder.options()), 1).size() == 2);
  CHECK(content(must_open(folder.options()), 1).size() == 2);
}

TEST_CASE("a value cut short, emptied or of another format is damage, not a crash") {
  for (const char* value :
       {"x''", "x'01'", "substr(value, 1, 20)", "substr(value, 1, length(value) - 1)", "'text'",
        "x'02' || substr(value, 2)"}) {
    TemporaryFolder folder;
    {
      Store store = must_open(folder.options());
      REQUIRE(store.commit({put("a", "one")}).has_value());
    }
    tamper(folder / "store.db", std::string("UPDATE record SET value = ") + value);
    CHECK(content(must_open(folder.options()), 1).empty());
  }
}

TEST_CASE("R04 a file that is no database is refused with advice and stays") {
  TemporaryFolder folder;
  const std::string bytes(5'000, 'n');
  write_file(folder / "store.db", bytes);
  const Error error = error_of(folder.options());
  CHECK(error.code == ErrorCode::config);  // not "try later": somebody must do something
  CHECK(contains(error.message, "move the file away"));
  CHECK(bytes_of(folder / "store.db") == bytes);
}

TEST_CASE("R04 a damaged header or any damaged page is refused with advice and nothing is deleted") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    for (int i = 0; i < 100; ++i)
      REQUIRE(store.commit({put(std::to_string(i), std::string(300, 'x'))}).has_value());
  }
  const std::string good = bytes_of(folder / "store.db");
  std::vector<std::size_t> offsets{0, 16, 100};
  for (std::size_t page = 1; page < good.size() / 4'096; ++page) offsets.push_back(page * 4'096);
  REQUIRE(offsets.size() > 10);
  for (const std::size_t offset : offsets) {
    std::string bytes = good;
    bytes.replace(offset, 60, std::string(60, '\x5A'));
    write_file(folder / "store.db", bytes);
    const Error error = error_of(folder.options());
    CHECK(error.code == ErrorCode::config);
    CHECK_MESSAGE(contains(error.message, "move the file away"), offset);
    CHECK(bytes_of(folder / "store.db") == bytes);
  }
  write_file(folder / "store.db", good);
  CHECK(content(must_open(folder.options())).size() == 100);
}

TEST_CASE("R04 a database cut in the middle is refused and stays") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    for (int i = 0; i < 100; ++i)
      REQUIRE(store.commit({put(std::to_string(i), std::string(300, 'x'))}).has_value());
  }
  const std::string bytes = bytes_of(folder / "store.db").substr(0, 9'000);
  write_file(folder / "store.db", bytes);
  CHECK(error_of(folder.options()).code == ErrorCode::config);
  CHECK(bytes_of(folder / "store.db") == bytes);
}

TEST_CASE("a store of a newer schema and a database of another program are refused as such") {
  TemporaryFolder newer;
  must_open(newer.options());
  tamper(newer / "store.db", "PRAGMA user_version = 3");
  CHECK(contains(error_of(newer.options()).message, "newer otpctl"));
  TemporaryFolder foreign;
  tamper(foreign / "store.db", "CREATE TABLE photos(name TEXT)");
  REQUIRE(chmod((foreign / "store.db").c_str(), 0600) == 0);
  const Error error = error_of(foreign.options());
  CHECK(error.code == ErrorCode::config);
  CHECK(contains(error.message, "another program"));
}

TEST_CASE("a commit that fails in its middle leaves nothing of itself") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  tamper(folder / "store.db",
         "CREATE TRIGGER two BEFORE INSERT ON record WHEN (SELECT count(*) FROM record) >= 2 "
         "BEGIN SELECT RAISE(FAIL, 'no third'); END");
  const auto failed = store.commit({put("a", "1"), put("b", "2"), put("c", "3")});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().code == ErrorCode::storage);
  CHECK(content(store).empty());
  REQUIRE(store.commit({put("a", "1")}).has_value());
  CHECK(content(store).size() == 1);
}

TEST_CASE("a database that another process holds is busy, later it works again") {
  TemporaryFolder folder;
  Store store = must_open(folder.options());
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((folder / "store.db").c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
  const auto blocked = store.commit({put("a", "one")});
  REQUIRE_FALSE(blocked.has_value());
  CHECK(blocked.error().code == ErrorCode::busy);
  CHECK(content(store).empty());
  REQUIRE(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(other);
  CHECK(store.commit({put("a", "one")}).has_value());
}
