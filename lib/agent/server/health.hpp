// How each source did in the last 24 hours. Pure: clock values in, values out. Built for 150 sources: what happened is
// counted in half-hours as it happens, a report adds up at most 49 of them a source.
#pragma once

#include "base/time.hpp"
#include "source/vitals.hpp"

#include <otpctl/types.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace otpctl::server {

class Health {
 public:
  /// One that waits for what comes: always live, nothing is ever due. Stands in the report behind the others.
  void add_door(const std::string& name, const std::string& detail, Now now);

  /// What a source says of itself, at least at each change of its state. The end of a live connection is a reconnect and
  /// no error: servers end them as they like. An error is a try that failed.
  void source_is(const SourceStatus& status, Now now);
  void try_failed(const std::string& source, Now now);
  void source_gone(const std::string& source);

  /// One that is new: a mail that is known already is none.
  void message(const std::string& source, Now now);
  /// `took`: from its bytes being here to the decision being on disk.
  void processed(const std::string& source, Duration took, Now now);

  /// Something of `age` ago, before this agent began.
  enum class Past { message, error, reconnect };
  void recall(const std::string& source, Past what, Duration age, Now now);

  /// `sources` in their order, then the doors. Of more than 100 those that are down come first: the end of a long list
  /// may not fit into an answer.
  std::vector<SourceHealth> report(const std::vector<source::Vitals>& sources, Now now) const;

 private:
  // Upper bounds of the classes of processing times: 62.5 µs, each the next one times √2, the last is open.
  static constexpr std::size_t kClasses = 32;
  struct HalfHour {
    std::int64_t number = 0;  // since the clock began
    std::uint32_t messages = 0, errors = 0, reconnects = 0, processed = 0;
    Duration took{}, longest{};
    std::array<std::uint32_t, kClasses> classes{};
  };
  struct Source {
    std::optional<WallTime> down_since;
    std::uint64_t reconnects = 0;      // as it said last
    std::deque<HalfHour> half_hours;  // only those in which something happened
  };
  struct Door {
    SourceStatus status;
    std::optional<Instant> last_byte;
  };

  static std::size_t class_of(Duration took);
  static Duration bound_of(std::size_t index);
  static Duration percentile_95(const HalfHour& day);
  HalfHour& current(const std::string& source, Now now);
  SourceHealth of(const source::Vitals& vitals, Now now) const;

  std::map<std::string, Source> sources_;
  std::vector<Door> doors_;
};

}  // namespace otpctl::server
