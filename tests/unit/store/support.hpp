// A folder of its own for each test, and short ways to say what is stored.
#pragma once

#include "store/store.hpp"
#include "support/temp_dir.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sqlite3.h>
#include <string>
#include <sys/stat.h>

namespace otpctl::store {

class TemporaryFolder : public test::TempDir {
 public:
  std::string operator/(const std::string& name) const { return path() + "/" + name; }
  Store::Options options() const {
    return {*this / "store.db", *this / "key", std::chrono::milliseconds(50)};
  }
};

inline delivery::Change put(const std::string& key, const std::string& value,
                            delivery::RecordKind kind = delivery::RecordKind::message) {
  return {{kind, key, value}, false};
}
inline delivery::Change erase(const std::string& key,
                              delivery::RecordKind kind = delivery::RecordKind::message) {
  return {{kind, key, ""}, true};
}

inline Store must_open(const Store::Options& options) {
  auto store = Store::open(options);
  REQUIRE_MESSAGE(store.has_value(), (store ? "" : store.error().message));
  return std::move(*store);
}

inline Error error_of(const Store::Options& options) {
  const auto store = Store::open(options);
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().message.find('\n') == std::string::npos);
  return store.error();
}

/// "kind/key" → value.
inline std::map<std::string, std::string> content(const Store& store,
                                                  std::size_t expected_damage = 0) {
  std::size_t damaged = 99;
  const auto records = store.load(&damaged);
  REQUIRE_MESSAGE(records.has_value(), (records ? "" : records.error().message));
  CHECK(damaged == expected_damage);
  std::map<std::string, std::string> all;
  for (const auto& record : *records)
    all[std::to_string(static_cast<int>(record.kind)) + "/" + record.key] = record.value;
  CHECK(all.size() == records->size());
  return all;
}

/// What another process does to the database.
inline void tamper(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  char* error = nullptr;
  const int code = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, &error);
  CHECK_MESSAGE(code == SQLITE_OK, (error ? error : ""));
  sqlite3_free(error);
  sqlite3_close(database);
}

inline std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, const std::string& bytes, mode_t mode = 0600) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  REQUIRE(chmod(path.c_str(), mode) == 0);
}

inline mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

}  // namespace otpctl::store
