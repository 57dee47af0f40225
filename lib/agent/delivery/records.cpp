#include "delivery/records.hpp"

#include "delivery/fields.hpp"
#include "delivery/match.hpp"
#include "delivery/shown.hpp"

#include <algorithm>
#include <cmath>

namespace otpctl::delivery {

namespace {

constexpr int kVersion = 1;  // first in every record; another one cannot be read
constexpr double kConfidenceScale = 1e6;

}  // namespace

// Not in the unnamed namespace: optional values find them by their arguments.

static FieldWriter& operator<<(FieldWriter& out, const Mark& mark) {
  out << mark.time << mark.seq << mark.positions.size();
  for (const auto& [source, position] : mark.positions)
    out << source << position.uid_validity << position.uid_next;
  return out;
}

static FieldReader& operator>>(FieldReader& in, Mark& mark) {
  in >> mark.time >> mark.seq;
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    std::string source;
    Position position;
    in >> source >> position.uid_validity >> position.uid_next;
    mark.positions[source] = position;
  }
  return in;
}

static FieldWriter& operator<<(FieldWriter& out, const Filters& filters) {
  return out << filters.from << filters.subject << filters.pattern << filters.length_min
             << filters.length_max;
}

static FieldReader& operator>>(FieldReader& in, Filters& filters) {
  return in >> filters.from >> filters.subject >> filters.pattern >> filters.length_min >>
         filters.length_max;
}

static FieldWriter& operator<<(FieldWriter& out, const code::Code& code) {
  return out << code.value << code.raw << code.kind
             << std::llround(code.confidence * kConfidenceScale) << code.purpose << code.domain
             << code.expires_in;
}

static FieldReader& operator>>(FieldReader& in, code::Code& code) {
  long long confidence = 0;
  in >> code.value >> code.raw;
  in.read(code.kind, code::Kind::link);
  in >> confidence >> code.purpose >> code.domain >> code.expires_in;
  code.confidence = static_cast<double>(confidence) / kConfidenceScale;
  return in;
}

static FieldWriter& operator<<(FieldWriter& out, const Arrival& arrival) {
  return out << arrival.channel << arrival.source << arrival.from_mailbox << arrival.uid_validity
             << arrival.uid << arrival.received << arrival.sent << arrival.seq;
}

static FieldReader& operator>>(FieldReader& in, Arrival& arrival) {
  in.read(arrival.channel, message::Channel::person);
  return in >> arrival.source >> arrival.from_mailbox >> arrival.uid_validity >> arrival.uid >>
         arrival.received >> arrival.sent >> arrival.seq;
}

static FieldReader& operator>>(FieldReader& in, Position& position) {
  return in >> position.uid_validity >> position.uid_next;
}

static FieldReader& operator>>(FieldReader& in, Resume& resume) {
  return in >> resume.order >> resume.started >> resume.mark >> resume.floors.email >>
         resume.floors.phone;
}

namespace {

void write_copy(FieldWriter& out, const Copy& copy, const std::vector<Fingerprint>& known_by) {
  out << copy.candidates.size();
  for (const std::string& candidate : copy.candidates) out << candidate;
  out << copy.mailbox_last << copy.state << copy.given_back << copy.attempts << copy.delivery
      << copy.waiter << copy.recipient << copy.session << copy.value << copy.kind << copy.replaced
      << known_by.size();
  for (const Fingerprint& identity : known_by) out << identity[0] << identity[1];
}

void read_copy(FieldReader& in, Copy& copy, std::vector<Fingerprint>& known_by) {
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left)
    in >> copy.candidates.emplace_back();
  in >> copy.mailbox_last;
  in.read(copy.state, Copy::State::taken);
  in >> copy.given_back >> copy.attempts >> copy.delivery >> copy.waiter >> copy.recipient >>
      copy.session >> copy.value;
  in.read(copy.kind, code::Kind::link);
  in >> copy.replaced;
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    Fingerprint& identity = known_by.emplace_back();
    in >> identity[0] >> identity[1];
  }
}

bool is_decided(const Held& held) {
  return std::any_of(held.copies.begin(), held.copies.end(),
                     [](const Copy& copy) { return copy.decided != 0; });
}

/// Reads one value of a record that holds nothing else.
template <class T>
std::optional<T> read_only(std::string_view bytes) {
  FieldReader in(bytes);
  int version = 0;
  T value{};
  in >> version >> value;
  if (!in.done() || version != kVersion) return std::nullopt;
  return value;
}

}  // namespace

std::string write_session(const Session& session) {
  FieldWriter out;
  out << kVersion << session.id << session.email << session.phone << session.gate.filters
      << session.country << session.metadata << session.order << session.created << session.mark
      << session.degraded << session.ttl << session.expires.has_value() << session.expires_wall
      << session.exclusive << session.codes_given << session.received;
  if (session.decided != 0) out << session.decided;  // came with a later release: left out when 0
  return out.take();
}

std::unique_ptr<Session> read_session(std::string_view bytes) {
  FieldReader in(bytes);
  auto session = std::make_unique<Session>();
  int version = 0;
  Filters filters;
  bool expires = false;
  in >> version >> session->id >> session->email >> session->phone >> filters >> session->country >>
      session->metadata >> session->order >> session->created >> session->mark >>
      session->degraded >> session->ttl >> expires >> session->expires_wall >> session->exclusive >>
      session->codes_given >> session->received;
  if (in.more()) in >> session->decided;
  if (!in.done() || version != kVersion || session->id.empty()) return nullptr;
  auto gate = make_gate(filters);
  if (!gate) return nullptr;
  session->gate = std::move(*gate);
  if (expires) session->expires.emplace();  // the Instant is the reader's to say
  return session;
}

std::string write_message(const Held& held, const std::vector<std::vector<Fingerprint>>& known_by) {
  FieldWriter out;
  out << kVersion << held.arrival << held.sender << held.sender_key << held.subject << held.text
      << held.message_id << held.outcome << held.codes.size();
  for (const code::Code& code : held.codes) out << code;
  out << held.only_session << held.expires_wall << held.copies.size();
  for (std::size_t i = 0; i < held.copies.size(); ++i) write_copy(out, held.copies[i], known_by[i]);
  if (is_decided(held)) {  // came with a later release: left out when nothing is
    for (const Copy& copy : held.copies) out << copy.decided;
  }
  return out.take();
}

std::optional<StoredMessage> read_message(std::string_view bytes) {
  FieldReader in(bytes);
  StoredMessage stored;
  Held& held = stored.held;
  int version = 0;
  in >> version >> held.arrival >> held.sender >> held.sender_key >> held.subject >> held.text >>
      held.message_id;
  in.read(held.outcome, code::Outcome::ambiguous);
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) in >> held.codes.emplace_back();
  in >> held.only_session >> held.expires_wall;
  for (std::size_t left = in.count(); left > 0 && in.ok(); --left) {
    read_copy(in, held.copies.emplace_back(), stored.known_by.emplace_back());
  }
  if (in.more()) {
    for (Copy& copy : held.copies) in >> copy.decided;
  }
  if (!in.done() || version != kVersion) return std::nullopt;
  make_shown(held);
  held.settled = true;
  held.stored = true;
  return stored;
}

std::string write_mark(const Mark& mark) {
  FieldWriter out;
  out << kVersion << mark;
  return out.take();
}
std::optional<Mark> read_mark(std::string_view bytes) { return read_only<Mark>(bytes); }

std::string write_position(const Position& position) {
  FieldWriter out;
  out << kVersion << position.uid_validity << position.uid_next;
  return out.take();
}
std::optional<Position> read_position(std::string_view bytes) { return read_only<Position>(bytes); }

std::string write_guard(WallTime expires) {
  FieldWriter out;
  out << kVersion << expires;
  return out.take();
}
std::optional<WallTime> read_guard(std::string_view bytes) { return read_only<WallTime>(bytes); }

std::string write_resume(const Resume& resume) {
  FieldWriter out;
  out << kVersion << resume.order << resume.started << resume.mark << resume.floors.email
      << resume.floors.phone;
  return out.take();
}
std::optional<Resume> read_resume(std::string_view bytes) { return read_only<Resume>(bytes); }

}  // namespace otpctl::delivery
