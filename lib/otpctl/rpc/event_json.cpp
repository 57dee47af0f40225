// Events ↔ JSON: what `watch` and `log` print, and what the store keeps. Members that say nothing are left out.
#include "base/text.hpp"
#include "rpc/members.hpp"

#include <array>

namespace otpctl::rpc {

namespace {

constexpr std::size_t kText = 400;
constexpr std::size_t kReason = 1000;
constexpr std::size_t kMostRecipients = 8;

constexpr std::array kTypes{EventType::agent,   EventType::source, EventType::session, EventType::wait,
                            EventType::message, EventType::code,   EventType::entry};

constexpr std::array kExits{ExitCode::done,        ExitCode::no,          ExitCode::usage,         ExitCode::unreadable,
                            ExitCode::not_found,   ExitCode::unreachable, ExitCode::try_later,     ExitCode::not_allowed,
                            ExitCode::configuration, ExitCode::timed_out, ExitCode::interrupted, ExitCode::terminated};

void put(WriteJson& json, const char* name, const std::string& text, std::size_t limit = kText) {
  if (!text.empty()) json[name] = shorten(text, limit);
}
void put(WriteJson& json, const char* name, const std::optional<WallTime>& time) {
  if (time) json[name] = format_time(*time);
}

/// Nothing for one that is not in our enum: a newer agent's, or none at all.
std::optional<ExitCode> read_exit(const ReadJson* json) {
  for (const ExitCode each : kExits) {
    if (json != nullptr && json->is_number_integer() && *json == static_cast<int>(each)) return each;
  }
  return std::nullopt;
}

/// IMAP's numbers; 0 for one that does not fit.
std::uint32_t read_uid(std::uint64_t number) {
  return number <= std::numeric_limits<std::uint32_t>::max() ? static_cast<std::uint32_t>(number) : 0;
}

}  // namespace

WriteJson event_json(const Event& event) {
  WriteJson json = WriteJson::object();
  json["id"] = event.id;
  json["at"] = format_time(event.at);
  json["type"] = name_of(event.type);
  json["state"] = event.state;
  put(json, "session", event.session);
  put(json, "email", event.target.email);
  put(json, "phone", event.target.phone);
  for (std::size_t i = 0; i < std::min(event.recipients.size(), kMostRecipients); ++i)
    json["recipients"].push_back(shorten(event.recipients[i], kText));
  if (event.pid != 0) json["pid"] = event.pid;
  put(json, "source", event.source);
  put(json, "channel", event.channel);
  put(json, "sender", event.sender);
  put(json, "message_id", event.message_id);
  if (event.uid != 0) {
    json["uid_validity"] = event.uid_validity;
    json["uid"] = event.uid;
  }
  put(json, "verdict", event.verdict);
  put(json, "shape", event.shape);
  put(json, "delivery", event.delivery);
  if (event.exit) json["exit"] = static_cast<int>(*event.exit);
  if (event.waited) json["waited"] = format_duration(std::chrono::floor<std::chrono::milliseconds>(*event.waited));
  put(json, "sent", event.sent);
  put(json, "received", event.received);
  put(json, "retry_at", event.retry_at);
  put(json, "reason", event.reason, kReason);
  return json;
}

Event read_event(const ReadJson& json) {
  const Members members(json);
  Event event;
  event.id = members.count("id");
  event.at = members.time_or_zero("at");
  event.type = by_name(kTypes, members.text("type"));
  event.state = members.text("state");
  event.session = members.text("session");
  event.target = members.target();
  event.recipients = members.texts("recipients");
  event.pid = members.number("pid");
  event.source = members.text("source");
  event.channel = members.text("channel");
  event.sender = members.text("sender");
  event.message_id = members.text("message_id");
  event.uid_validity = read_uid(members.count("uid_validity"));
  event.uid = read_uid(members.count("uid"));
  event.verdict = members.text("verdict");
  event.shape = members.text("shape");
  event.delivery = members.text("delivery");
  event.exit = read_exit(members.find("exit"));
  event.waited = members.duration("waited");
  event.sent = members.time("sent");
  event.received = members.time("received");
  event.retry_at = members.time("retry_at");
  event.reason = members.text("reason");
  return event;
}

std::string to_json(const Event& event) {
  WriteJson json = WriteJson::object();
  json["v"] = 1;
  json.update(event_json(event));
  return dump(json);
}

Result<Event> parse_event(std::string_view json) {
  const auto object = parse_object(json);
  if (!object) return fail(ErrorCode::protocol, object.error().message);
  return read_event(*object);
}

}  // namespace otpctl::rpc
