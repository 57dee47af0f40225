// The timeline's table behind values: rows in the order of their ids, each sealed for its id and time. Private to
// store/; Store keeps the transactions.
#pragma once

#include "store/database.hpp"
#include "store/sealer.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace otpctl::store {

class Timeline {
 public:
  /// Makes the tables in a store that has none yet (schema 1); one transaction.
  static Result<void> create(Database& database);

  /// In place of tables that cannot be used; what they hold is lost. One transaction.
  static Result<void> create_anew(Database& database);

  /// Both must outlive it. `storage` also for tables that are missing or other ones.
  static Result<Timeline> open(Database& database, const Sealer& sealer);

  Result<void> insert(const Store::Entry& entry);
  Result<void> set_used(std::uint64_t id);
  Result<std::uint64_t> highest();
  Result<std::vector<Store::Entry>> read(std::uint64_t after, std::uint64_t below, std::size_t limit,
                                         std::size_t* damaged);
  Result<std::optional<std::uint64_t>> first_since(WallTime time);
  Result<std::size_t> erase_before(WallTime time, std::size_t limit);

 private:
  Timeline(Database& database, const Sealer& sealer) : database_(&database), sealer_(&sealer) {}
  Result<void> finish(Statement& statement, const char* what);

  Database* database_;
  const Sealer* sealer_;
  Statement insert_, head_, highest_, read_, since_, erase_;
};

}  // namespace otpctl::store
