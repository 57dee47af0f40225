// SQLite behind values and Results: the database handle, its statements, its errors in our words.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace otpctl::store {

class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* database, const char* sql);

  void bind(int index, std::int64_t value);
  void bind_blob(int index, std::string_view bytes);  // must live until reset()

  /// SQLITE_ROW, SQLITE_DONE or an error code.
  int step();
  void reset();
  bool ready() const { return statement_ != nullptr; }

  std::int64_t number(int column) const;
  std::string_view blob(int column) const;  // valid until the next step() or reset()

 private:
  struct Closer {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Closer> statement_;
};

class Database {
 public:
  Database() = default;

  /// `path` as SQLite takes it; not through symlinks. Sets what holds for the whole life: WAL,
  /// NORMAL, secure_delete.
  static Result<Database> open(const std::string& path, Duration busy);

  /// For reading alone: makes no file and writes nothing into the database, also when another process has left a -wal.
  static Result<Database> open_to_read(const std::string& path, Duration busy);

  Result<void> run(const char* sql);
  Result<std::int64_t> ask(const char* sql);  // first column of the first row, 0 when there is none
  Result<std::string> ask_text(const char* sql);
  Result<Statement> prepare(const char* sql);
  bool in_transaction() const;

  /// `code` (SQLite's) in our words.
  tl::unexpected<Error> failure(int code, const char* what) const;

  sqlite3* get() const { return handle_.get(); }

 private:
  struct Closer {
    void operator()(sqlite3* handle) const;
  };
  std::string path_;
  std::unique_ptr<sqlite3, Closer> handle_;
};

}  // namespace otpctl::store
