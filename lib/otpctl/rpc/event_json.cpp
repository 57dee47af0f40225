// Events ↔ JSON: what `watch` and `log` print, and what the store keeps. Members that say nothing are left out; those of
// a newer agent are carried along.
#include "base/text.hpp"
#include "rpc/members.hpp"

#include <algorithm>

namespace otpctl::rpc {

namespace {

constexpr std::size_t kText = 400;
constexpr std::size_t kReason = 1000;
constexpr std::size_t kTypeName = 64;
constexpr std::size_t kMostRecipients = 8;

/// Every member behind id, time, type and state, in the order in which they are written: the one list of their names.
template <class AnyEvent, class Visit>
void each_member(AnyEvent& event, Visit&& visit) {
  visit("session", event.session);
  visit("email", event.target.email);
  visit("phone", event.target.phone);
  visit("recipients", event.recipients);
  visit("pid", event.pid);
  visit("source", event.source);
  visit("channel", event.channel);
  visit("sender", event.sender);
  visit("message_id", event.message_id);
  visit("uid_validity", event.uid_validity, event.uid != 0);
  visit("uid", event.uid, event.uid != 0);
  visit("verdict", event.verdict);
  visit("shape", event.shape);
  visit("delivery", event.delivery);
  visit("exit", event.exit);
  visit("waited", event.waited);
  visit("sent", event.sent);
  visit("received", event.received);
  visit("retry_at", event.retry_at);
  visit("reason", event.reason, kReason);
}

class Write {
 public:
  explicit Write(WriteJson& json) : json_(json) {}

  void operator()(const char* name, const std::string& text, std::size_t limit = kText) {
    if (!text.empty()) json_[name] = shorten(text, limit);
  }
  void operator()(const char* name, const std::vector<std::string>& texts) {
    for (std::size_t i = 0; i < std::min(texts.size(), kMostRecipients); ++i)
      json_[name].push_back(shorten(texts[i], kText));
  }
  void operator()(const char* name, int number) {
    if (number != 0) json_[name] = number;
  }
  void operator()(const char* name, std::uint32_t number, bool said) {
    if (said) json_[name] = number;
  }
  void operator()(const char* name, const std::optional<ExitCode>& exit) {
    if (exit) json_[name] = static_cast<int>(*exit);
  }
  void operator()(const char* name, const std::optional<Duration>& duration) {
    if (duration) json_[name] = format_duration(std::chrono::floor<std::chrono::milliseconds>(*duration));
  }
  void operator()(const char* name, const std::optional<WallTime>& time) {
    if (time) json_[name] = format_time(*time);
  }

 private:
  WriteJson& json_;
};

/// Knows afterwards what was there and did not fit.
class Read {
 public:
  explicit Read(const ReadJson& json) : json_(json), members_(json) {}

  void operator()(const char* name, std::string& text, std::size_t = 0) {
    text = members_.text(name);
    note(name, members_.find(name) != nullptr && members_.find(name)->is_string());
  }
  void operator()(const char* name, std::vector<std::string>& texts) {
    texts = members_.texts(name);
    note(name, members_.find(name) != nullptr && members_.find(name)->is_array());
  }
  void operator()(const char* name, int& number) {
    number = members_.number(name);
    note(name, number != 0);
  }
  void operator()(const char* name, std::uint32_t& number, bool) {
    const std::uint64_t read = members_.count(name);  // IMAP's numbers
    number = read <= std::numeric_limits<std::uint32_t>::max() ? static_cast<std::uint32_t>(read) : 0;
    note(name, number != 0);
  }
  void operator()(const char* name, std::optional<ExitCode>& exit) {
    exit = members_.exit_code(name);
    note(name, exit.has_value());
  }
  void operator()(const char* name, std::optional<Duration>& duration) {
    duration = members_.duration(name);
    note(name, duration.has_value());
  }
  void operator()(const char* name, std::optional<WallTime>& time) {
    time = members_.time(name);
    note(name, time.has_value());
  }

  /// "" or a JSON object.
  std::string rest() const {
    ReadJson rest = ReadJson::object();
    if (!json_.is_object()) return {};
    for (const auto& [name, value] : json_.items()) {
      const bool has_place = name == "v" || name == "id" || name == "at" || name == "type" || name == "state";
      if (!has_place && std::find(read_.begin(), read_.end(), name) == read_.end()) rest[name] = value;
    }
    return rest.empty() ? std::string() : rest.dump(-1, ' ', false, ReadJson::error_handler_t::replace);
  }

 private:
  void note(const char* name, bool good) {
    if (good) read_.push_back(name);
  }

  const ReadJson& json_;
  Members members_;
  std::vector<std::string_view> read_;
};

}  // namespace

WriteJson event_json(const TimelineEvent& event) {
  WriteJson json = WriteJson::object();
  json["id"] = event.id;
  json["at"] = format_time(event.at);
  json["type"] = shorten(type_of(event), kTypeName);
  json["state"] = event.state;
  each_member(event, Write(json));
  if (event.more.empty()) return json;
  if (const auto more = parse_object(event.more)) {
    for (const auto& [name, value] : more->items()) {
      if (!json.contains(name)) json[name] = value;
    }
  }
  return json;
}

TimelineEvent read_event(const ReadJson& json) {
  const Members members(json);
  TimelineEvent event;
  event.id = members.count("id");
  event.at = members.time_or_zero("at");
  const std::string type = members.text("type");
  const auto known = std::find_if(kEventTypes.begin(), kEventTypes.end(),
                                  [&](EventType each) { return name_of(each) == type; });
  event.type = known == kEventTypes.end() ? EventType::other : *known;
  if (known == kEventTypes.end()) event.type_name = type;
  event.state = members.text("state");
  Read read(json);
  each_member(event, read);
  event.more = read.rest();
  return event;
}

std::string to_json(const TimelineEvent& event) {
  WriteJson json = WriteJson::object();
  json["v"] = 1;
  json.update(event_json(event));
  return dump(json);
}

Result<TimelineEvent> parse_event(std::string_view json) {
  const auto object = parse_object(json);
  if (!object) return fail(ErrorCode::protocol, object.error().message);
  return read_event(*object);
}

}  // namespace otpctl::rpc
