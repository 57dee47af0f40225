// What of delivery's state survives a `kill -9`: records, each one row of the store. The store knows kind, key and
// bytes and nothing of their meaning; every value is encrypted at rest.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace otpctl::delivery {

/// Where a mailbox folder stands: the next message will have at least uid_next (RFC 3501 2.3.1.1).
struct Position {
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 0;
  bool operator==(const Position&) const = default;
};
using Positions = std::map<std::string, Position>;  // by source name

enum class RecordKind : int {
  session = 1,   // explicit sessions with their marks
  message = 2,   // unclaimed and unacknowledged codes
  floor = 3,     // end of the last wait or session, by recipient
  guard = 4,     // delivered messages, so that they never count again
  position = 5,  // watermarks, by source
};

struct Record {
  RecordKind kind = RecordKind::session;
  std::string key;    // printable, holds no code; may hold a recipient (the store keeps only a keyed hash of it)
  std::string value;  // opaque bytes
};

/// Put (erase = false) replaces the row of the same kind and key.
struct Change {
  Record record;
  bool erase = false;
};

}  // namespace otpctl::delivery
