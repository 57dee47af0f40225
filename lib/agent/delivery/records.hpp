// Delivery's state ↔ the bytes of its records (fields.hpp, a version first), and the mark that a
// wait takes with it over a reconnect.
#pragma once

#include "delivery/fingerprint.hpp"
#include "delivery/model.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace otpctl::delivery {

std::string write_session(const Session& session);
/// Its gate is compiled again. Nothing when the bytes are not what write_session writes.
std::unique_ptr<Session> read_session(std::string_view bytes);

struct StoredMessage {
  Held held;
  std::vector<std::vector<Fingerprint>> known_by;
};
std::string write_message(const Held& held, const std::vector<std::vector<Fingerprint>>& known_by);
std::optional<StoredMessage> read_message(std::string_view bytes);

std::string write_mark(const Mark& mark);
std::optional<Mark> read_mark(std::string_view bytes);

std::string write_position(const Position& position);
std::optional<Position> read_position(std::string_view bytes);

std::string write_guard(WallTime expires);
std::optional<WallTime> read_guard(std::string_view bytes);

/// What Waiting::resume holds: the wait's place in the line and, without session, its mark and
/// floors.
struct Resume {
  Seq order = 0;
  WallTime started{};
  std::optional<Mark> mark;
  Floors floors;
};
std::string write_resume(const Resume& resume);
std::optional<Resume> read_resume(std::string_view bytes);

}  // namespace otpctl::delivery
