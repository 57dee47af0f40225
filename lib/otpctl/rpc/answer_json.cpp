// Answers → JSON objects. The same objects stand in the protocol and in what commands print with
// --json.
#include "base/text.hpp"
#include "rpc/json.hpp"

#include <algorithm>

namespace otpctl::rpc {

namespace {

// What others wrote (subjects, servers' words) is shortened, so that one answer always fits into
// one line.
constexpr std::size_t kSubject = 1000;
constexpr std::size_t kText = 400;
constexpr std::size_t kSender = 200;
// No list can have more entries in one line; saves building what would be cut.
constexpr std::size_t kMostEntries = 1000;
// Of one waiter: it must fit into a page, or whoever pages on would ask for it for ever.
constexpr std::size_t kMostOfWaiter = 10;

WriteJson versioned() {
  WriteJson json = WriteJson::object();
  json["v"] = 1;
  return json;
}

WriteJson text_or_null(const std::string& text, std::size_t limit = kText) {
  return text.empty() ? WriteJson(nullptr) : WriteJson(shorten(text, limit));
}
WriteJson time_or_null(const std::optional<WallTime>& time) {
  return time ? WriteJson(format_time(*time)) : WriteJson(nullptr);
}
WriteJson duration_or_null(const std::optional<Duration>& duration) {
  return duration ? WriteJson(format_duration(*duration)) : WriteJson(nullptr);
}

void put_target(WriteJson& json, const Target& target) {
  json["email"] = text_or_null(target.email);
  json["phone"] = text_or_null(target.phone);
}

WriteJson metadata_json(const std::string& text) {
  if (auto read = parse_object(text)) return WriteJson(*read);
  return WriteJson::object();
}

WriteJson seen_json(const Seen& seen) {
  WriteJson json = WriteJson::object();
  json["reason"] = name_of(seen.reason);
  json["count"] = seen.count;
  json["sender"] = text_or_null(seen.sender, kSender);
  json["latest"] = format_time(seen.latest);
  return json;
}

WriteJson source_json(const SourceStatus& source) {
  WriteJson json = WriteJson::object();
  json["name"] = shorten(source.name, kText);
  json["kind"] = source.kind;
  json["state"] = name_of(source.state);
  json["detail"] = shorten(source.detail, kText);
  json["since"] = format_time(source.since);
  json["last_alive"] = time_or_null(source.last_alive);
  json["retry_at"] = time_or_null(source.retry_at);
  json["messages"] = source.messages;
  json["reconnects"] = source.reconnects;
  return json;
}

template <class T, class Make>
WriteJson list_json(const std::vector<T>& values, Make make, int& more, std::size_t most = kMostEntries) {
  WriteJson list = WriteJson::array();
  const std::size_t count = std::min(values.size(), most);
  for (std::size_t i = 0; i < count; ++i) list.push_back(make(values[i]));
  more += static_cast<int>(values.size() - count);
  return list;
}

WriteJson candidate_json(const HeldCandidate& candidate) {
  WriteJson json = WriteJson::object();
  json["code"] = candidate.code;
  json["channel"] = candidate.channel;
  json["sender"] = text_or_null(candidate.sender, kSender);
  json["received"] = format_time(candidate.received);
  return json;
}

WriteJson waiter_json(const WaiterInfo& waiter) {
  WriteJson json = WriteJson::object();
  json["session"] = waiter.session;
  put_target(json, waiter.target);
  json["pid"] = waiter.pid;
  json["since"] = format_time(waiter.since);
  json["deadline"] = time_or_null(waiter.deadline);
  json["queued"] = waiter.queued;
  json["ambiguous"] = waiter.ambiguous;
  int more = 0;
  json["seen"] = list_json(waiter.seen, seen_json, more, kMostOfWaiter);
  if (!waiter.candidates.empty())
    json["candidates"] = list_json(waiter.candidates, candidate_json, more, kMostOfWaiter);
  return json;
}

WriteJson session_json(const SessionInfo& session) {
  WriteJson json = WriteJson::object();
  json["id"] = session.id;
  json["state"] = name_of(session.state);
  put_target(json, session.target);
  json.update(filters_json(session.filters));
  json["country"] = text_or_null(session.country);
  json["metadata"] = metadata_json(session.metadata);
  json["created"] = format_time(session.created);
  json["marked"] = format_time(session.marked);
  json["expires"] = time_or_null(session.expires);
  json["waiters"] = session.waiters;
  json["codes_given"] = session.codes_given;
  json["degraded"] = session.degraded;
  json["contended"] = session.contended;
  return json;
}

WriteJson result(const HelloResult& hello) {
  WriteJson json = versioned();
  json["protocol"] = hello.protocol;
  json["version"] = hello.version;
  json["pid"] = hello.pid;
  json["capabilities"] = hello.capabilities;
  return json;
}

WriteJson result(const Delivered& delivered) {
  WriteJson json = versioned();
  json["delivery"] = delivered.delivery;
  json["session"] = delivered.session;
  json["code"] = delivered.code;
  json["kind"] = delivered.kind;
  json["recipient"] = shorten(delivered.recipient, kText);
  json["channel"] = delivered.channel;
  json["sender"] = shorten(delivered.sender, kText);
  json["subject"] = shorten(delivered.subject, kSubject);
  json["source"] = shorten(delivered.source, kText);
  json["message_id"] = shorten(delivered.message_id, kText);
  json["sent"] = time_or_null(delivered.sent);
  json["received"] = format_time(delivered.received);
  json["expires_in"] = duration_or_null(delivered.expires_in);
  json["confidence"] = delivered.confidence;
  json["superseded"] = delivered.superseded;
  return json;
}

WriteJson result(const WaitEnd& end) {
  WriteJson json = versioned();
  int more = end.more;
  json["end"] = true;
  json["exit"] = static_cast<int>(end.exit);
  json["message"] = shorten(end.message, kSubject);
  json["waited"] = format_duration(std::chrono::floor<std::chrono::milliseconds>(end.waited));
  json["seen"] = list_json(end.seen, seen_json, more);
  json["sources"] = list_json(end.sources, source_json, more);
  if (more > 0) json["more"] = more;
  return json;
}

WriteJson result(const AckResult& ack) {
  WriteJson json = versioned();
  json["known"] = ack.known;
  return json;
}

WriteJson result(const SessionInfo& session) {
  WriteJson json = versioned();
  json.update(session_json(session));
  return json;
}

WriteJson result(const SessionListResult& list) {
  WriteJson json = versioned();
  int more = list.more ? 1 : 0;
  json["sessions"] = list_json(list.sessions, session_json, more);
  json["more"] = more > 0;
  return json;
}

WriteJson result(const ManualResult& manual) {
  WriteJson json = versioned();
  json["recipient"] = shorten(manual.recipient, kText);
  json["delivered"] = manual.delivered;
  json["waiting"] = manual.waiting;
  return json;
}

WriteJson result(const SmsResult& sms) {
  WriteJson json = versioned();
  json["duplicate"] = sms.duplicate;
  json["delivered"] = sms.delivered;
  return json;
}

WriteJson result(const AgentStatus& status) {
  WriteJson json = versioned();
  int more = status.more;
  json["version"] = status.version;
  json["protocol"] = status.protocol;
  json["pid"] = status.pid;
  json["started"] = format_time(status.started);
  json["home"] = status.home;
  json["socket"] = status.socket;
  json["config"] = status.config.empty() ? WriteJson(nullptr) : WriteJson(status.config);
  json["sessions"] = status.sessions;
  json["codes_pending"] = status.codes_pending;
  json["codes_delivered"] = status.codes_delivered;
  json["sources"] = list_json(status.sources, source_json, more);
  json["waiters"] = list_json(status.waiters, waiter_json, more);
  if (more > 0) json["more"] = more;
  return json;
}

/// Milliseconds are enough, and parse_duration reads them.
WriteJson span(Duration duration) {
  return format_duration(std::chrono::round<std::chrono::milliseconds>(duration));
}

WriteJson source_health_json(const SourceHealth& health) {
  WriteJson json = source_json(health.status);
  json["down_since"] = time_or_null(health.down_since);
  json["alive_age"] = health.alive_age ? span(*health.alive_age) : WriteJson(nullptr);
  json["due_every"] = span(health.due_every);
  WriteJson& day = json["day"];
  day["messages"] = health.messages;
  day["errors"] = health.errors;
  day["reconnects"] = health.reconnects;
  day["processed"] = health.processed;
  day["processing_mean"] = span(health.processing_mean);
  day["processing_p95"] = span(health.processing_p95);
  return json;
}

WriteJson result(const HealthReport& health) {
  WriteJson json = versioned();
  int more = health.more;
  json["version"] = health.version;
  json["pid"] = health.pid;
  json["started"] = format_time(health.started);
  json["waiting"] = health.waiters;
  json["sessions"] = health.sessions;
  json["codes_pending"] = health.codes_pending;
  json["oldest_pending"] = health.oldest_pending ? span(rounded(*health.oldest_pending)) : WriteJson(nullptr);
  json["codes_delivered"] = health.codes_delivered;
  json["messages"] = health.messages;
  json["store_trouble"] = text_or_null(health.store_trouble);
  json["sources"] = list_json(health.sources, source_health_json, more);
  if (more > 0) json["more"] = more;
  return json;
}

WriteJson result(const WaitersResult& page) {
  WriteJson json = versioned();
  int more = page.more ? 1 : 0;
  json["waiters"] = list_json(page.waiters, waiter_json, more);
  json["more"] = more > 0;
  return json;
}

/// The agent fills a page so that it fits: cutting it would lose events.
WriteJson result(const EventsResult& page) {
  WriteJson json = versioned();
  json["events"] = WriteJson::array();
  for (const TimelineEvent& event : page.events) json["events"].push_back(event_json(event));
  json["next"] = page.next;
  json["more"] = page.more;
  return json;
}

WriteJson result(const ReloadResult& reload) {
  WriteJson json = versioned();
  json["changes"] = WriteJson::array();
  for (std::size_t i = 0; i < std::min<std::size_t>(reload.changes.size(), 100); ++i)
    json["changes"].push_back(shorten(reload.changes[i], kText));
  return json;
}

WriteJson result(const StopResult& stop) {
  WriteJson json = versioned();
  json["pid"] = stop.pid;
  return json;
}

}  // namespace

WriteJson filters_json(const Filters& filters) {
  WriteJson json = WriteJson::object();
  if (!filters.from.empty()) json["from"] = filters.from;
  if (!filters.subject.empty()) json["subject"] = filters.subject;
  if (!filters.pattern.empty()) json["pattern"] = filters.pattern;
  if (filters.length_max > 0)
    json["length"] = format_length({filters.length_min, filters.length_max});
  return json;
}

WriteJson answer_json(const Answer& answer) {
  return std::visit([](const auto& value) { return result(value); }, answer);
}

std::string to_json(const Answer& answer) { return dump(answer_json(answer)); }

std::string to_json(const Error& error) {
  WriteJson json = versioned();
  json["error"]["class"] = name_of(error.code);
  json["error"]["message"] = shorten(error.message, kSubject);
  json["error"]["exit"] = static_cast<int>(exit_code_for(error.code));
  return dump(json);
}

std::string to_json(const Warning& warning) {
  WriteJson json = versioned();
  json["warning"]["message"] = shorten(warning.message, kSubject);
  json["warning"]["contended"] = warning.contended;
  return dump(json);
}

}  // namespace otpctl::rpc
