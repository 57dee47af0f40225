#include "delivery/records.hpp"

#include "delivery/match.hpp"

#include <nlohmann/json.hpp>

namespace otpctl::delivery {

namespace {

using Json = nlohmann::json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Reads with `read(json)`; whatever is missing or of the wrong type makes nothing.
template <class Read>
auto parse(std::string_view bytes, Read read) -> decltype(read(std::declval<const Json&>())) {
  try {
    return read(Json::parse(bytes));
  } catch (const Json::exception&) {
    return {};
  }
}

std::int64_t micros(WallTime time) { return time.time_since_epoch().count(); }
WallTime wall(const Json& json) { return WallTime(Duration(json.get<std::int64_t>())); }

Json maybe(const std::optional<WallTime>& time) { return time ? Json(micros(*time)) : Json(nullptr); }
std::optional<WallTime> maybe_wall(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return wall(json);
}

Json to_json(const Mark& mark) {
  Json positions = Json::object();
  for (const auto& [source, position] : mark.positions) positions[source] = {position.uid_validity, position.uid_next};
  return {{"time", micros(mark.time)}, {"seq", mark.seq ? Json(*mark.seq) : Json(nullptr)}, {"at", positions}};
}

Mark mark_from(const Json& json) {
  Mark mark;
  mark.time = wall(json.at("time"));
  if (!json.at("seq").is_null()) mark.seq = json.at("seq").get<Seq>();
  for (const auto& [source, position] : json.at("at").items()) {
    mark.positions[source] = {position.at(0).get<std::uint32_t>(), position.at(1).get<std::uint32_t>()};
  }
  return mark;
}

Json to_json(const Filters& filters) {
  return {{"from", filters.from}, {"subject", filters.subject}, {"pattern", filters.pattern},
          {"min", filters.length_min}, {"max", filters.length_max}};
}

Filters filters_from(const Json& json) {
  return {json.at("from").get<std::string>(), json.at("subject").get<std::string>(), json.at("pattern").get<std::string>(),
          json.at("min").get<int>(), json.at("max").get<int>()};
}

Json to_json(const code::Code& code) {
  return {{"value", code.value}, {"raw", code.raw}, {"kind", static_cast<int>(code.kind)}, {"confidence", code.confidence},
          {"purpose", code.purpose}, {"domain", code.domain},
          {"expires_in", code.expires_in ? Json(code.expires_in->count()) : Json(nullptr)}};
}

code::Code code_from(const Json& json) {
  code::Code code;
  code.value = json.at("value").get<std::string>();
  code.raw = json.at("raw").get<std::string>();
  code.kind = static_cast<code::Kind>(json.at("kind").get<int>());
  code.confidence = json.at("confidence").get<double>();
  code.purpose = json.at("purpose").get<std::string>();
  code.domain = json.at("domain").get<std::string>();
  if (!json.at("expires_in").is_null()) code.expires_in = Duration(json.at("expires_in").get<std::int64_t>());
  return code;
}

Json to_json(const Arrival& arrival) {
  return {{"channel", static_cast<int>(arrival.channel)}, {"source", arrival.source}, {"mailbox", arrival.from_mailbox},
          {"validity", arrival.uid_validity}, {"uid", arrival.uid}, {"received", micros(arrival.received)},
          {"sent", maybe(arrival.sent)}, {"seq", arrival.seq}};
}

Arrival arrival_from(const Json& json) {
  Arrival arrival;
  arrival.channel = static_cast<message::Channel>(json.at("channel").get<int>());
  arrival.source = json.at("source").get<std::string>();
  arrival.from_mailbox = json.at("mailbox").get<bool>();
  arrival.uid_validity = json.at("validity").get<std::uint32_t>();
  arrival.uid = json.at("uid").get<std::uint32_t>();
  arrival.received = wall(json.at("received"));
  arrival.sent = maybe_wall(json.at("sent"));
  arrival.seq = json.at("seq").get<Seq>();
  return arrival;
}

Json to_json(const Copy& copy, const std::vector<Fingerprint>& known_by) {
  Json identities = Json::array();
  for (const Fingerprint& identity : known_by) identities.push_back(to_hex(identity));
  return {{"for", copy.candidates}, {"mailbox_last", copy.mailbox_last}, {"state", static_cast<int>(copy.state)},
          {"given_back", copy.given_back}, {"attempts", copy.attempts}, {"delivery", copy.delivery},
          {"waiter", copy.waiter}, {"recipient", copy.recipient}, {"session", copy.session}, {"value", copy.value},
          {"kind", static_cast<int>(copy.kind)}, {"replaced", copy.replaced}, {"known_by", identities}};
}

Copy copy_from(const Json& json, std::vector<Fingerprint>& known_by) {
  Copy copy;
  copy.candidates = json.at("for").get<std::vector<std::string>>();
  copy.mailbox_last = json.at("mailbox_last").get<bool>();
  copy.state = static_cast<Copy::State>(json.at("state").get<int>());
  copy.given_back = json.at("given_back").get<bool>();
  copy.attempts = json.at("attempts").get<int>();
  copy.delivery = json.at("delivery").get<std::string>();
  copy.waiter = json.at("waiter").get<std::string>();
  copy.recipient = json.at("recipient").get<std::string>();
  copy.session = json.at("session").get<std::string>();
  copy.value = json.at("value").get<std::string>();
  copy.kind = static_cast<code::Kind>(json.at("kind").get<int>());
  copy.replaced = json.at("replaced").get<int>();
  for (const Json& identity : json.at("known_by")) {
    Fingerprint parsed;
    if (from_hex(identity.get<std::string>(), parsed)) known_by.push_back(parsed);
  }
  return copy;
}

Json maybe(const std::optional<Mark>& mark) { return mark ? to_json(*mark) : Json(nullptr); }
std::optional<Mark> maybe_mark(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return mark_from(json);
}

}  // namespace

std::string write_session(const Session& session) {
  return dump({{"id", session.id},
               {"email", session.email},
               {"phone", session.phone},
               {"filters", to_json(session.gate.filters)},
               {"country", session.country},
               {"metadata", session.metadata},
               {"order", session.order},
               {"created", micros(session.created)},
               {"mark", to_json(session.mark)},
               {"degraded", session.degraded},
               {"ttl", session.ttl.count()},
               {"expires", session.expires ? Json(micros(session.expires_wall)) : Json(nullptr)},
               {"exclusive", session.exclusive},
               {"given", session.codes_given},
               {"received", session.received}});
}

std::unique_ptr<Session> read_session(std::string_view bytes) {
  return parse(bytes, [](const Json& json) -> std::unique_ptr<Session> {
    auto session = std::make_unique<Session>();
    session->id = json.at("id").get<std::string>();
    session->email = json.at("email").get<std::string>();
    session->phone = json.at("phone").get<std::string>();
    auto gate = make_gate(filters_from(json.at("filters")));
    if (!gate || session->id.empty()) return nullptr;
    session->gate = std::move(*gate);
    session->country = json.at("country").get<std::string>();
    session->metadata = json.at("metadata").get<std::string>();
    session->order = json.at("order").get<Seq>();
    session->created = wall(json.at("created"));
    session->mark = mark_from(json.at("mark"));
    session->degraded = json.at("degraded").get<bool>();
    session->ttl = Duration(json.at("ttl").get<std::int64_t>());
    if (const auto expires = maybe_wall(json.at("expires"))) {
      session->expires.emplace();  // the Instant is the reader's to say
      session->expires_wall = *expires;
    }
    session->exclusive = json.at("exclusive").get<bool>();
    session->codes_given = json.at("given").get<int>();
    session->received = json.at("received").get<bool>();
    return session;
  });
}

std::string write_message(const Held& held, const std::vector<std::vector<Fingerprint>>& known_by) {
  Json codes = Json::array();
  for (const code::Code& code : held.codes) codes.push_back(to_json(code));
  Json copies = Json::array();
  for (std::size_t i = 0; i < held.copies.size(); ++i) copies.push_back(to_json(held.copies[i], known_by[i]));
  return dump({{"arrival", to_json(held.arrival)},
               {"sender", held.sender},
               {"sender_key", held.sender_key},
               {"subject", held.subject},
               {"text", held.text},
               {"message_id", held.message_id},
               {"outcome", static_cast<int>(held.outcome)},
               {"codes", codes},
               {"only_session", held.only_session},
               {"expires", micros(held.expires_wall)},
               {"copies", copies}});
}

std::optional<StoredMessage> read_message(std::string_view bytes) {
  return parse(bytes, [](const Json& json) -> std::optional<StoredMessage> {
    StoredMessage stored;
    Held& held = stored.held;
    held.arrival = arrival_from(json.at("arrival"));
    held.sender = json.at("sender").get<std::string>();
    held.sender_key = json.at("sender_key").get<std::string>();
    held.subject = json.at("subject").get<std::string>();
    held.text = json.at("text").get<std::string>();
    held.message_id = json.at("message_id").get<std::string>();
    held.outcome = static_cast<code::Outcome>(json.at("outcome").get<int>());
    for (const Json& code : json.at("codes")) held.codes.push_back(code_from(code));
    held.only_session = json.at("only_session").get<std::string>();
    held.expires_wall = wall(json.at("expires"));
    for (const Json& copy : json.at("copies")) {
      stored.known_by.emplace_back();
      held.copies.push_back(copy_from(copy, stored.known_by.back()));
    }
    held.settled = true;
    held.stored = true;
    return stored;
  });
}

std::string write_mark(const Mark& mark) { return dump(to_json(mark)); }

std::optional<Mark> read_mark(std::string_view bytes) {
  return parse(bytes, [](const Json& json) { return std::optional<Mark>(mark_from(json)); });
}

std::string write_position(const Position& position) { return dump({position.uid_validity, position.uid_next}); }

std::optional<Position> read_position(std::string_view bytes) {
  return parse(bytes, [](const Json& json) {
    return std::optional<Position>({json.at(0).get<std::uint32_t>(), json.at(1).get<std::uint32_t>()});
  });
}

std::string write_guard(WallTime expires) { return dump(Json(micros(expires))); }

std::optional<WallTime> read_guard(std::string_view bytes) {
  return parse(bytes, [](const Json& json) { return std::optional<WallTime>(wall(json)); });
}

std::string write_resume(const Resume& resume) {
  return dump({{"order", resume.order},
               {"started", micros(resume.started)},
               {"mark", maybe(resume.mark)},
               {"floor_email", maybe(resume.floors.email)},
               {"floor_phone", maybe(resume.floors.phone)}});
}

std::optional<Resume> read_resume(std::string_view bytes) {
  return parse(bytes, [](const Json& json) {
    Resume resume;
    resume.order = json.at("order").get<Seq>();
    resume.started = wall(json.at("started"));
    resume.mark = maybe_mark(json.at("mark"));
    resume.floors = {maybe_mark(json.at("floor_email")), maybe_mark(json.at("floor_phone"))};
    return std::optional<Resume>(std::move(resume));
  });
}

bool is_json_object(std::string_view text) {
  const Json parsed = Json::parse(text, nullptr, false);
  return parsed.is_object();
}

}  // namespace otpctl::delivery
