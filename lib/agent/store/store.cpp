#include "store/store.hpp"

#include "base/secret.hpp"
#include "base/text.hpp"
#include "base/private_folder.hpp"
#include "store/database.hpp"
#include "store/private_file.hpp"
#include "store/sealer.hpp"
#include "store/timeline.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sqlite3.h>
#include <string_view>

namespace otpctl::store {

namespace {

using delivery::Change;
using delivery::Record;
using delivery::RecordKind;

constexpr std::int64_t kSchema = 2;  // 1: no timeline
constexpr std::int64_t kApplication = 0x4F545063;  // "OTPc": file(1) and we know the file by it
constexpr char kCreate[] =  // schema 1; open_timeline() adds the rest
    "BEGIN IMMEDIATE;"
    "CREATE TABLE record(kind INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY "
    "KEY(kind, key)) WITHOUT ROWID;"
    "CREATE TABLE proof(value BLOB NOT NULL);"
    "PRAGMA application_id=1330925667; PRAGMA user_version=1;"
    "COMMIT;";
static_assert(kApplication == 1330925667);

// One sealed row beside the records that tells the right key from a wrong one even when records are
// damaged.
constexpr int kProofKind = 0;
constexpr char kProof[] = "otpctl store key proof";

constexpr char kMemory[] = ":memory:";

std::string quoted(const std::string& path) { return "'" + printable(path, 1000) + "'"; }

/// The file without symlinks in front of it, as SQLITE_OPEN_NOFOLLOW wants it.
std::string resolved(const std::string& path) {
  const std::string folder = folder_of(path);
  char* real = realpath(folder.c_str(), nullptr);
  if (!real) return path;
  const std::string name = path.substr(path.rfind('/') + 1);
  const std::string full = std::string(real) == "/" ? "/" + name : std::string(real) + "/" + name;
  std::free(real);
  return full;
}

/// All files are looked at before SQLite touches any of them.
Result<void> prepare_files(const std::string& path) {
  if (auto folder = make_private_folder(folder_of(path)); !folder)
    return fail(folder.error());
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    const auto there = check_private_file(path + suffix);
    if (!there) return fail(there.error());
    if (!*there) continue;
    if (auto usable = check_own_rights(path + suffix); !usable) return usable;
  }
  const auto exists = check_private_file(path);
  if (!exists) return fail(exists.error());
  if (*exists) return check_own_rights(path);  // SQLite would only say that it cannot open it
  return create_private_file(path);  // SQLite gives -wal and -shm the mode of this one
}

Result<void> check_schema(Database& database, const std::string& path) {
  const auto health = database.ask_text("PRAGMA quick_check(1)");
  if (!health) return fail(health.error());
  if (*health != "ok") return database.failure(SQLITE_CORRUPT, "");
  const auto version = database.ask("PRAGMA user_version");
  if (!version) return fail(version.error());
  const auto application = database.ask("PRAGMA application_id");
  if (!application) return fail(application.error());
  const auto tables = database.ask("SELECT count(*) FROM sqlite_schema");
  if (!tables) return fail(tables.error());
  if (*tables == 0 && *version == 0) return database.run(kCreate);
  if (*application != kApplication)
    return fail(ErrorCode::config, quoted(path) + " is a database of another program");
  if (*version > kSchema)
    return fail(ErrorCode::config,
                quoted(path) + " was written by a newer otpctl; use that, or move the file away");
  return {};
}

}  // namespace

struct Store::State {
  Database database;
  std::optional<Sealer> sealer;
  Statement put, erase, scan, begin, commit, rollback;
  std::optional<Timeline> timeline;
  bool timeline_is_new = false;
  bool full_sync = false;

  ~State() {
    // So that nothing of an erased row stays in the WAL; the handle itself is closed after the
    // statements.
    if (database.get())
      sqlite3_wal_checkpoint_v2(database.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                                nullptr);
  }

  Result<void> prepare();
  Result<void> unlock(const std::string& key_path);
  Result<Secret> obtain_key(const std::string& key_path, bool rows);
  Result<void> check_key(bool rows, const std::string& key_path);
  Result<bool> proven();
  Result<bool> opens_any_row();
  Result<void> write_proof();
  Result<void> open_timeline();
  Result<void> synchronise_fully(bool fully);
  /// `work` in one transaction, or nothing of it.
  template <class Work>
  Result<void> all_or_nothing(bool durable, Work work);
  Result<void> apply(const Change& change);
  Result<void> finish(Statement& statement, const char* what);
};

Result<void> Store::State::prepare() {
  const struct {
    Statement& statement;
    const char* sql;
  } all[] = {
      {put,
       "INSERT INTO record(kind, key, value) VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = "
       "excluded.value"},
      {erase, "DELETE FROM record WHERE kind = ?1 AND key = ?2"},
      {scan, "SELECT kind, key, value FROM record"},
      {begin, "BEGIN IMMEDIATE"},
      {commit, "COMMIT"},
      {rollback, "ROLLBACK"},
  };
  for (const auto& row : all) {
    auto statement = database.prepare(row.sql);
    if (!statement) return fail(statement.error());
    row.statement = std::move(*statement);
  }
  return {};
}

/// Steps a statement that gives no rows.
Result<void> Store::State::finish(Statement& statement, const char* what) {
  const int code = statement.step();
  statement.reset();
  if (code != SQLITE_DONE) return database.failure(code, what);
  return {};
}

// ---- the key ----

Result<void> Store::State::unlock(const std::string& key_path) {
  const auto rows = database.ask("SELECT EXISTS(SELECT 1 FROM record)");
  if (!rows) return fail(rows.error());
  auto key = obtain_key(key_path, *rows != 0);
  if (!key) return fail(key.error());
  sealer.emplace(*key);
  return check_key(*rows != 0, key_path);
}

Result<Secret> Store::State::obtain_key(const std::string& key_path, bool rows) {
  auto fresh = random_bytes(Sealer::kKeySize);
  if (!fresh) return fail(ErrorCode::internal, "the system gives no random bytes");
  if (key_path.empty()) return Secret(std::move(*fresh));
  auto exists = check_private_file(key_path);
  if (!exists) return fail(exists.error());
  if (!*exists && rows)
    return fail(ErrorCode::config,
                "the key " + quoted(key_path) +
                    " is missing: bring it back, or move the store away as well");
  if (!*exists) {
    if (auto published = publish_private_file(key_path, *fresh); !published)
      return fail(published.error());
  }
  wipe(*fresh);
  auto bytes = read_private_file(key_path, Sealer::kKeySize + 1);
  if (!bytes) return fail(bytes.error());
  Secret key(std::move(*bytes));
  if (key.size() != Sealer::kKeySize)
    return fail(ErrorCode::config, quoted(key_path) + " is no key of otpctl: it must have " +
                                       std::to_string(Sealer::kKeySize) +
                                       " bytes; bring the right one back");
  return key;
}

Result<void> Store::State::check_key(bool rows, const std::string& key_path) {
  const auto good = proven();
  if (!good) return fail(good.error());
  if (*good) return {};
  if (rows) {
    const auto opens = opens_any_row();
    if (!opens) return fail(opens.error());
    if (!*opens)
      return fail(
          ErrorCode::config,
          quoted(key_path) +
              " is not the key of this store: bring the right one back, or move the store away");
  }
  return write_proof();  // a new store, or an empty one whose key was lost with nothing to lose
}

Result<bool> Store::State::proven() {
  const auto sealed = database.ask_text("SELECT value FROM proof");
  if (!sealed) return fail(sealed.error());
  const auto opened = sealer->open(kProofKind, kProof, *sealed);
  return opened && opened->key == kProof;
}

Result<bool> Store::State::opens_any_row() {
  int code = SQLITE_DONE;
  bool opens = false;
  while (!opens && (code = scan.step()) == SQLITE_ROW)
    opens = sealer->open(static_cast<int>(scan.number(0)), scan.blob(1), scan.blob(2)).has_value();
  scan.reset();
  if (!opens && code != SQLITE_DONE) return database.failure(code, "cannot read");
  return opens;
}

Result<void> Store::State::write_proof() {
  const auto sealed = sealer->seal(kProofKind, kProof, kProof, "");
  if (!sealed) return fail(ErrorCode::internal, "encryption failed");
  if (auto cleared = database.run("DELETE FROM proof"); !cleared) return fail(cleared.error());
  auto statement = database.prepare("INSERT INTO proof(value) VALUES(?1)");
  if (!statement) return fail(statement.error());
  statement->bind_blob(1, *sealed);
  return finish(*statement, "cannot write");
}

/// A store of schema 1 gets its timeline here: with a wrong key it is left as it was.
Result<void> Store::State::open_timeline() {
  const auto version = database.ask("PRAGMA user_version");
  if (!version) return fail(version.error());
  if (*version < kSchema) {
    if (auto created = Timeline::create(database); !created) return created;
  }
  auto opened = Timeline::open(database, *sealer);
  const auto unusable = [](ErrorCode code) { return code == ErrorCode::storage || code == ErrorCode::config; };
  if (!opened && unusable(opened.error().code)) {
    // Codes are worth more than what is told about them: they must not stay locked in for its sake.
    if (auto made = Timeline::create_anew(database); !made) return made;
    timeline_is_new = true;
    opened = Timeline::open(database, *sealer);
  }
  if (!opened) return fail(opened.error());
  timeline = std::move(*opened);
  return {};
}

// ---- writing ----

template <class Work>
Result<void> Store::State::all_or_nothing(bool durable, Work work) {
  if (auto set = synchronise_fully(durable); !set) return set;
  if (auto begun = finish(begin, "cannot write"); !begun) return begun;
  Result<void> done = work();
  if (done) done = finish(commit, "cannot write");
  if (!done && database.in_transaction()) (void)finish(rollback, "cannot undo");
  return done;
}

/// FULL syncs the WAL at each commit; it may only change between transactions.
Result<void> Store::State::synchronise_fully(bool fully) {
  if (full_sync == fully) return {};
  auto set = database.run(fully ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
  if (set) full_sync = fully;
  return set;
}

Result<void> Store::State::apply(const Change& change) {
  const int kind = static_cast<int>(change.record.kind);
  const std::string key = sealer->row_key(kind, change.record.key);
  Statement& statement = change.erase ? erase : put;
  std::optional<std::string> sealed;
  if (!change.erase) {
    sealed = sealer->seal(kind, key, change.record.key, change.record.value);
    if (!sealed) return fail(ErrorCode::internal, "encryption failed");
    statement.bind_blob(3, *sealed);
  }
  statement.bind(1, kind);
  statement.bind_blob(2, key);
  return finish(statement, "cannot write");
}

// ---- the store ----

Result<Store> Store::open(const Options& options) {
  const bool memory = options.path == kMemory;
  if (!memory) {
    if (auto prepared = prepare_files(options.path); !prepared) return fail(prepared.error());
  }
  auto state = std::make_unique<State>();
  auto database = Database::open(memory ? options.path : resolved(options.path), options.busy);
  if (!database) return fail(database.error());
  state->database = std::move(*database);
  if (auto schema = check_schema(state->database, options.path); !schema)
    return fail(schema.error());
  if (auto prepared = state->prepare(); !prepared) return fail(prepared.error());
  if (auto unlocked = state->unlock(memory ? std::string() : options.key_path); !unlocked)
    return fail(unlocked.error());
  if (auto opened = state->open_timeline(); !opened) return fail(opened.error());
  return Store(std::move(state));
}

std::optional<bool> Store::key_fits(const Options& options) {
  auto bytes = read_private_file(options.key_path, Sealer::kKeySize + 1);
  if (!bytes || bytes->size() != Sealer::kKeySize) return std::nullopt;
  auto database = Database::open_to_read(resolved(options.path), options.busy);
  if (!database) return std::nullopt;
  const Sealer sealer(Secret(std::move(*bytes)));
  const auto sealed = database->ask_text("SELECT value FROM proof");
  if (!sealed) return std::nullopt;
  if (const auto opened = sealer.open(kProofKind, kProof, *sealed); opened && opened->key == kProof) return true;
  auto rows = database->prepare("SELECT kind, key, value FROM record");
  if (!rows) return std::nullopt;
  bool any = false;
  int code = SQLITE_DONE;
  while ((code = rows->step()) == SQLITE_ROW) {
    any = true;
    if (sealer.open(static_cast<int>(rows->number(0)), rows->blob(1), rows->blob(2))) return true;
  }
  return any && code == SQLITE_DONE ? std::optional<bool>(false) : std::nullopt;
}

Result<std::vector<Record>> Store::load(std::size_t* damaged) const {
  std::vector<Record> records;
  std::size_t bad = 0;
  Statement& scan = state_->scan;
  int code = SQLITE_DONE;
  while ((code = scan.step()) == SQLITE_ROW) {
    const int kind = static_cast<int>(scan.number(0));
    auto opened = state_->sealer->open(kind, scan.blob(1), scan.blob(2));
    if (opened) {
      records.push_back(
          {static_cast<RecordKind>(kind), std::move(opened->key), std::move(opened->value)});
    } else {
      ++bad;
    }
  }
  scan.reset();
  if (code != SQLITE_DONE) return state_->database.failure(code, "cannot read");
  if (damaged) *damaged = bad;
  return records;
}

Result<void> Store::commit(const std::vector<Change>& changes, bool durable) {
  if (changes.empty()) return {};
  State& state = *state_;
  return state.all_or_nothing(durable, [&]() -> Result<void> {
    for (const Change& change : changes) {
      if (auto applied = state.apply(change); !applied) return applied;
    }
    return {};
  });
}

bool Store::timeline_is_new() const { return state_->timeline_is_new; }

Result<std::uint64_t> Store::highest_id() const { return state_->timeline->highest(); }

Result<void> Store::append(const std::vector<Entry>& entries, std::uint64_t used) {
  State& state = *state_;
  return state.all_or_nothing(false, [&]() -> Result<void> {
    for (const Entry& entry : entries) {
      if (auto inserted = state.timeline->insert(entry); !inserted) return inserted;
    }
    return state.timeline->set_used(entries.empty() ? used : std::max(used, entries.back().id));
  });
}

Result<std::vector<Store::Entry>> Store::read(std::uint64_t after, std::uint64_t below, std::size_t limit,
                                              std::size_t* damaged) const {
  if (damaged) *damaged = 0;
  return state_->timeline->read(after, below, limit, damaged);
}

Result<std::optional<std::uint64_t>> Store::first_since(WallTime time) const {
  return state_->timeline->first_since(time);
}

Result<std::size_t> Store::erase_before(WallTime time, std::size_t limit) {
  State& state = *state_;
  std::size_t erased = 0;
  auto done = state.all_or_nothing(false, [&]() -> Result<void> {
    auto count = state.timeline->erase_before(time, limit);
    if (!count) return fail(count.error());
    erased = *count;
    return {};
  });
  if (!done) return fail(done.error());
  return erased;
}

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

}  // namespace otpctl::store
