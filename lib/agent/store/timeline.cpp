#include "store/timeline.hpp"

#include <algorithm>
#include <limits>
#include <sqlite3.h>
#include <utility>

namespace otpctl::store {

namespace {

// `timeline_head`: the highest id that was ever taken, also by an entry that was erased or never written.
constexpr char kCreate[] =
    "CREATE TABLE timeline(id INTEGER PRIMARY KEY, at INTEGER NOT NULL, value BLOB NOT NULL);"
    "CREATE INDEX timeline_at ON timeline(at);"
    "CREATE TABLE timeline_head(id INTEGER NOT NULL);"
    "INSERT INTO timeline_head VALUES(0);"
    "PRAGMA user_version=2;"
    "COMMIT;";

constexpr int kKind = 100;  // beside the kinds of records: a value of one is none of the other

std::int64_t number_of(WallTime time) { return time.time_since_epoch().count(); }

/// Ids are 63 bits: SQLite's whole numbers have a sign.
std::int64_t number_of(std::uint64_t id) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(id, kMost));
}

/// What a value is authenticated with: it opens in its own row only.
std::string place_of(std::int64_t id, std::int64_t at) {
  std::string place;
  for (const auto number : {static_cast<std::uint64_t>(id), static_cast<std::uint64_t>(at)}) {
    for (int shift = 0; shift < 64; shift += 8) place += static_cast<char>(number >> shift & 0xFF);
  }
  return place;
}

Result<void> make(Database& database, const std::string& first) {
  auto made = database.run(("BEGIN IMMEDIATE;" + first + kCreate).c_str());
  if (!made && database.in_transaction()) (void)database.run("ROLLBACK");
  return made;
}

}  // namespace

Result<void> Timeline::create(Database& database) { return make(database, ""); }

Result<void> Timeline::create_anew(Database& database) {
  return make(database,
              "DROP INDEX IF EXISTS timeline_at; DROP TABLE IF EXISTS timeline; DROP TABLE IF EXISTS timeline_head;");
}

Result<Timeline> Timeline::open(Database& database, const Sealer& sealer) {
  Timeline timeline(database, sealer);
  const struct {
    Statement& statement;
    const char* sql;
  } all[] = {
      {timeline.insert_, "INSERT INTO timeline(id, at, value) VALUES(?1, ?2, ?3)"},
      {timeline.head_, "UPDATE timeline_head SET id = max(id, ?1)"},
      {timeline.highest_,
       "SELECT max(ifnull((SELECT max(id) FROM timeline), 0), ifnull((SELECT max(id) FROM timeline_head), 0))"},
      {timeline.read_, "SELECT id, at, value FROM timeline WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT ?3"},
      // By the index of times: it costs what there is to be read, not what is kept.
      {timeline.since_, "SELECT min(id) FROM timeline INDEXED BY timeline_at WHERE at >= ?1 HAVING count(*) > 0"},
      {timeline.erase_,
       "DELETE FROM timeline WHERE id IN "
       "(SELECT id FROM timeline INDEXED BY timeline_at WHERE at < ?1 ORDER BY at LIMIT ?2)"},
  };
  for (const auto& row : all) {
    auto statement = database.prepare(row.sql);
    if (!statement) return fail(statement.error());
    row.statement = std::move(*statement);
  }
  return timeline;
}

Result<void> Timeline::finish(Statement& statement, const char* what) {
  const int code = statement.step();
  statement.reset();
  if (code != SQLITE_DONE) return database_->failure(code, what);
  return {};
}

Result<void> Timeline::insert(const Store::Entry& entry) {
  const std::int64_t id = number_of(entry.id), at = number_of(entry.at);
  const auto sealed = sealer_->seal(kKind, place_of(id, at), "", entry.value);
  if (!sealed) return fail(ErrorCode::internal, "encryption failed");
  insert_.bind(1, id);
  insert_.bind(2, at);
  insert_.bind_blob(3, *sealed);
  return finish(insert_, "cannot write");
}

Result<void> Timeline::set_used(std::uint64_t id) {
  head_.bind(1, number_of(id));
  return finish(head_, "cannot write");
}

Result<std::uint64_t> Timeline::highest() {
  const int code = highest_.step();
  const auto id = code == SQLITE_ROW ? highest_.number(0) : 0;
  highest_.reset();
  if (code != SQLITE_ROW) return database_->failure(code, "cannot read");
  return static_cast<std::uint64_t>(std::max<std::int64_t>(id, 0));
}

Result<std::vector<Store::Entry>> Timeline::read(std::uint64_t after, std::uint64_t below, std::size_t limit,
                                                 std::size_t* damaged) {
  std::vector<Store::Entry> entries;
  read_.bind(1, number_of(after));
  read_.bind(2, number_of(below));
  read_.bind(3, number_of(static_cast<std::uint64_t>(limit)));
  int code = SQLITE_DONE;
  while ((code = read_.step()) == SQLITE_ROW) {
    const std::int64_t id = read_.number(0), at = read_.number(1);
    Store::Entry entry{static_cast<std::uint64_t>(id), WallTime(Duration(at)), {}};
    if (auto opened = sealer_->open(kKind, place_of(id, at), read_.blob(2))) {
      entry.value = std::move(opened->value);
    } else if (damaged) {
      ++*damaged;
    }
    entries.push_back(std::move(entry));
  }
  read_.reset();
  if (code != SQLITE_DONE) return database_->failure(code, "cannot read");
  return entries;
}

Result<std::optional<std::uint64_t>> Timeline::first_since(WallTime time) {
  since_.bind(1, number_of(time));
  const int code = since_.step();
  std::optional<std::uint64_t> id;
  if (code == SQLITE_ROW) id = static_cast<std::uint64_t>(since_.number(0));
  since_.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return database_->failure(code, "cannot read");
  return id;
}

Result<std::size_t> Timeline::erase_before(WallTime time, std::size_t limit) {
  erase_.bind(1, number_of(time));
  erase_.bind(2, number_of(static_cast<std::uint64_t>(limit)));
  if (auto done = finish(erase_, "cannot write"); !done) return fail(done.error());
  return static_cast<std::size_t>(sqlite3_changes(database_->get()));
}

}  // namespace otpctl::store
