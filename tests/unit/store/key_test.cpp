// The key beside the database: made once, never replaced, refused when it is another's.
#include "support.hpp"

#include <vector>

using namespace otpctl;
using namespace otpctl::store;
using delivery::RecordKind;
using Content = std::map<std::string, std::string>;

TEST_CASE("a new store makes a key of 32 bytes, another one for each store") {
  TemporaryFolder first, second;
  must_open(first.options());
  must_open(second.options());
  CHECK(bytes_of(first / "key").size() == 32);
  CHECK(bytes_of(first / "key") != bytes_of(second / "key"));
}

TEST_CASE("V13 a missing key while rows exist is refused and no new one is made") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    REQUIRE(store.commit({put("a", "one")}).has_value());
  }
  std::filesystem::rename(folder / "key", folder / "key.away");
  const std::string before = bytes_of(folder / "store.db");
  const Error error = error_of(folder.options());
  CHECK(error.code == ErrorCode::config);
  CHECK(contains(error.message, "missing"));
  CHECK_FALSE(std::filesystem::exists(folder / "key"));
  CHECK(bytes_of(folder / "store.db") == before);
  std::filesystem::rename(folder / "key.away", folder / "key");
  CHECK(content(must_open(folder.options())) == Content{{"2/a", "one"}});
}

TEST_CASE("V13 a wrong key is refused, stays, and the right one opens the store again") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    REQUIRE(store.commit({put("a", "one"), put("b", "two")}).has_value());
  }
  const std::string right = bytes_of(folder / "key");
  write_file(folder / "key", std::string(32, 'w'));
  const Error error = error_of(folder.options());
  CHECK(error.code == ErrorCode::config);
  CHECK(contains(error.message, "not the key of this store"));
  CHECK(bytes_of(folder / "key") == std::string(32, 'w'));
  write_file(folder / "key", right);
  CHECK(content(must_open(folder.options())).size() == 2);
}

TEST_CASE("V13 whether the key fits is told without changing anything, beside a living store, too") {
  TemporaryFolder folder;
  CHECK_FALSE(Store::key_fits(folder.options()));
  const auto files = [&] {
    std::map<std::string, std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      const std::string name = entry.path().filename().string();
      if (!name.ends_with("-shm")) all[name] = bytes_of(entry.path().string());
    }
    return all;
  };
  const auto told = [&] {
    const auto before = files();
    const auto fits = Store::key_fits(folder.options());
    CHECK(files() == before);
    return fits;
  };
  std::string right;
  {
    Store living = must_open(folder.options());
    REQUIRE(living.commit({put("a", "one")}).has_value());  // stands in the -wal
    CHECK(told() == true);
    right = bytes_of(folder / "key");
    write_file(folder / "key", std::string(32, 'w'));
    CHECK(told() == false);
    CHECK(content(living).size() == 1);
    REQUIRE(living.commit({put("b", "two")}).has_value());
  }
  CHECK(told() == false);
  write_file(folder / "key", right);
  CHECK(told() == true);
  write_file(folder / "key", "short");
  CHECK_FALSE(told());
  write_file(folder / "key", right);
  write_file(folder / "store.db", "no store at all, and longer than its header would be");
  CHECK_FALSE(told());
}

TEST_CASE("V13 a store without rows takes any key") {
  TemporaryFolder folder;
  must_open(folder.options());
  write_file(folder / "key", std::string(32, 'w'));
  CHECK_FALSE(Store::key_fits(folder.options()));
  must_open(folder.options());
}

TEST_CASE("V13 a key that others may read is refused") {
  for (const mode_t mode : {0644, 0640, 0604, 0660}) {
    TemporaryFolder folder;
    must_open(folder.options());
    REQUIRE(chmod((folder / "key").c_str(), mode) == 0);
    const Error error = error_of(folder.options());
    CHECK(error.code == ErrorCode::permission);
    CHECK(contains(error.message, "chmod 600"));
  }
}

TEST_CASE("a key file of another length is refused as no key, not overwritten") {
  for (const std::string& bytes :
       {std::string(), std::string(31, 'k'), std::string(33, 'k'), std::string(100'000, 'k')}) {
    TemporaryFolder folder;
    write_file(folder / "key", bytes);
    CHECK(error_of(folder.options()).code == ErrorCode::config);
    CHECK(bytes_of(folder / "key") == bytes);
  }
}

TEST_CASE("a lost key of a store without rows loses nothing: a new one is made") {
  TemporaryFolder folder;
  must_open(folder.options());
  std::filesystem::remove(folder / "key");
  {
    Store store = must_open(folder.options());
    REQUIRE(store.commit({put("a", "one")}).has_value());
  }
  CHECK(content(must_open(folder.options())) == Content{{"2/a", "one"}});
}

TEST_CASE("the right key opens a store whose proof row was damaged") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    REQUIRE(store.commit({put("a", "one"), put("b", "two")}).has_value());
  }
  tamper(folder / "store.db", "DELETE FROM proof");
  CHECK(content(must_open(folder.options())).size() == 2);
}

TEST_CASE("the right key is told from a wrong one even when every record is damaged") {
  TemporaryFolder folder;
  {
    Store store = must_open(folder.options());
    REQUIRE(store.commit({put("a", "one")}).has_value());
  }
  tamper(folder / "store.db", "UPDATE record SET value = zeroblob(60)");
  CHECK(content(must_open(folder.options()), 1).empty());
  write_file(folder / "key", std::string(32, 'w'));
  CHECK(error_of(folder.options()).code == ErrorCode::config);
}

TEST_CASE("what a crash left of a key is replaced") {
  TemporaryFolder folder;
  write_file(folder / "key.new", "half");
  must_open(folder.options());
  CHECK(bytes_of(folder / "key").size() == 32);
  CHECK_FALSE(std::filesystem::exists(folder / "key.new"));
}
