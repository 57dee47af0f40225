#include "store/database.hpp"

#include "base/text.hpp"

#include <chrono>
#include <sqlite3.h>
#include <unistd.h>

namespace otpctl::store {

namespace {

// secure_delete: an erased code leaves no bytes in the file. The cache is small: the whole store
// is.
constexpr char kSettings[] =
    "PRAGMA secure_delete=ON; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-512; PRAGMA "
    "temp_store=MEMORY;"
    "PRAGMA wal_autocheckpoint=512; PRAGMA trusted_schema=OFF;";

/// For a shell, on one line. The key stays: it opens what is moved, and the next store.
std::string moving_away(const std::string& path) {
  const auto quoted = [](const std::string& text) { return "'" + printable(text, 1000) + "'"; };
  if (path.find('\'') != std::string::npos) return "it is " + quoted(path);
  const std::string folder = path + ".damaged";
  return "mkdir -m 700 " + quoted(folder) + " && mv " + quoted(path) + " " + quoted(path + "-") + "* " + quoted(folder);
}

}  // namespace

// ---- statements ----

void Statement::Closer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(sqlite3* database, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  statement_.reset(statement);
}

void Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
}

void Statement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

int Statement::step() { return sqlite3_step(statement_.get()); }

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::blob(int column) const {
  const void* bytes =
      sqlite3_column_blob(statement_.get(), column);  // before the size: it may convert
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes ? std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size))
               : std::string_view();
}

// ---- database ----

void Database::Closer::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Result<Database> Database::open(const std::string& path, Duration busy) {
  Database database;
  database.path_ = path;
  sqlite3* handle = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  database.handle_.reset(handle);
  if (code != SQLITE_OK) return database.failure(code, "cannot open");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(
      handle, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(busy).count()));
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  if (auto set = database.run(kSettings); !set) return fail(set.error());
  const auto mode = database.ask_text("PRAGMA journal_mode=WAL");
  if (!mode) return fail(mode.error());
  if (*mode != "wal" && *mode != "memory")
    return fail(ErrorCode::storage, "'" + printable(path, 1000) +
                                        "': the file system has no shared memory for SQLite's WAL");
  return database;
}

Result<Database> Database::open_to_read(const std::string& path, Duration busy) {
  Database database;
  database.path_ = path;
  std::string uri = "file:";
  for (const char c : path) uri += c == '%' ? "%25" : c == '?' ? "%3f" : c == '#' ? "%23" : std::string(1, c);
  // Without a -wal all stands in the file; to be told so keeps SQLite from making one.
  if (::access((path + "-wal").c_str(), F_OK) != 0) uri += "?immutable=1";
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  const int code = sqlite3_open_v2(uri.c_str(), &handle, flags, nullptr);
  database.handle_.reset(handle);
  if (code != SQLITE_OK) return database.failure(code, "cannot open");
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(
      handle, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(busy).count()));
  sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return database;
}

Result<void> Database::run(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code, "cannot use");
  return {};
}

Result<Statement> Database::prepare(const char* sql) {
  Statement statement(handle_.get(), sql);
  if (!statement.ready()) return failure(sqlite3_extended_errcode(handle_.get()), "cannot read");
  return statement;
}

Result<std::string> Database::ask_text(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return fail(statement.error());
  const int code = statement->step();
  if (code == SQLITE_DONE) return std::string();
  if (code != SQLITE_ROW) return failure(code, "cannot read");
  return std::string(statement->blob(0));
}

Result<std::int64_t> Database::ask(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return fail(statement.error());
  const int code = statement->step();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return failure(code, "cannot read");
  return code == SQLITE_ROW ? statement->number(0) : 0;
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

tl::unexpected<Error> Database::failure(int code, const char* what) const {
  const std::string file = "'" + printable(path_, 1000) + "'";
  const std::string words = std::string(what) + " " + file + ": " + sqlite3_errstr(code & 0xFF);
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return fail(ErrorCode::busy, file + " is locked by another process");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail(ErrorCode::config,  // the same command later does not help: somebody must do something
                  file + " is damaged; nothing was changed. Sessions, codes not taken yet and what is known of those "
                         "that were taken cannot be read. To begin anew: otpctl agent stop, and move the file away with "
                         "its -wal and -shm: " + moving_away(path_));
    case SQLITE_FULL:
      return fail(ErrorCode::storage,
                  "no space left for " + file + "; nothing was lost, make room and try again");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return fail(ErrorCode::permission, words);
    default: return fail(ErrorCode::storage, words);
  }
}

}  // namespace otpctl::store
