// SQLite: the journal of delivery, and beside it the timeline. Knows kind, key and bytes of a record
// (id, time and bytes of an entry) and nothing of their meaning. Values are AES-256-GCM with a key file outside the database; keys of rows are stored as
// HMAC-SHA-256 under the same file, so that a stolen store tells neither codes nor addresses.
//
// WAL, synchronous NORMAL (survives kill -9), FULL on demand (survives a power cut) before a 250 or
// 2xx for what exists only here. secure_delete on. One thread. All files are 0600 whatever the
// umask says.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "delivery/record.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otpctl::store {

class Store {
 public:
  struct Options {
    std::string path;                         // ":memory:" keeps nothing and needs no key
    std::string key_path;                     // 32 bytes, 0600; made when neither it nor rows exist
    Duration busy = std::chrono::seconds(2);  // how long a lock of another process is waited for
  };
  /// Makes what is missing: the folder (0700), the key, the database. Errors:
  /// `storage`: corrupt, unreadable, disk full, a newer schema. `permission`: another owner, a
  /// symlink, group-readable. `config`: the key file is missing or wrong while rows exist: never
  /// makes a new key then, never deletes. `busy`: another process holds the database.
  static Result<Store> open(const Options& options);

  /// Whether the key file is that of the store, for one who must change nothing, also while an agent writes. Nothing: it
  /// cannot be told (no rows yet, unreadable).
  static std::optional<bool> key_fits(const Options& options);

  /// All rows, in no order. A row that does not open although the key is right is left out and
  /// counted in `damaged`.
  Result<std::vector<delivery::Record>> load(std::size_t* damaged = nullptr) const;

  /// All of `changes`, in their order, in one transaction or none. `durable`: on disk when it
  /// returns, with all commits before it. `storage` (disk full, I/O) and `busy` leave the store as
  /// it was; later commits may succeed.
  Result<void> commit(const std::vector<delivery::Change>& changes, bool durable = false);

  // ---- the timeline: opaque bytes in the order of their ids ----

  struct Entry {
    std::uint64_t id = 0;  // at most 63 bits
    WallTime at{};
    std::string value;  // "" when read: damaged
  };
  /// Its tables could not be used when the store was opened: what they held is lost, the records are not.
  bool timeline_is_new() const;

  /// The highest id that any entry ever had or that was named as `used`: erasing frees no id.
  Result<std::uint64_t> highest_id() const;

  /// All of `entries` in one transaction or none; survives a kill -9, not a power cut. Their ids must
  /// rise and lie above all that are there. Ids up to `used` count as taken from now on, so that one
  /// that was shown before it was written is never given twice. Errors as of commit().
  Result<void> append(const std::vector<Entry>& entries, std::uint64_t used = 0);

  /// The oldest `limit` entries with after < id < below. One that does not open has an empty value
  /// and is counted in `damaged`.
  Result<std::vector<Entry>> read(std::uint64_t after, std::uint64_t below, std::size_t limit,
                                  std::size_t* damaged = nullptr) const;

  /// The lowest id among the entries of that time or later; nothing when there are none.
  Result<std::optional<std::uint64_t>> first_since(WallTime time) const;

  /// Erases up to `limit` of the entries from before `time`, the oldest first; says how many.
  Result<std::size_t> erase_before(WallTime time, std::size_t limit);

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace otpctl::store
