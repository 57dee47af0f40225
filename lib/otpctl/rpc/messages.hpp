// The requests of docs/agent-protocol.md as values, and the way from and to one line of JSON. Pure.
// nlohmann/json stays behind the .cpp files.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <otpctl/types.hpp>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace otpctl::rpc {

inline constexpr std::size_t kMaxLine = 64 * 1024;  // with its LF

/// The variables that a client sends with its hello when they are set; other names are ignored.
inline constexpr std::array<std::string_view, 4> kHelloEnvironment{"OTPCTL_MAILBOX", "OTPCTL_MAILBOX_HOST",
                                                                   "OTP_MANAGER_EMAIL", "M365_EMAIL"};

struct Hello {
  int protocol = 0;
  std::string client;
  int pid = 0;
  std::map<std::string, std::string> environment;  // names of docs/agent-protocol.md, "Hello"
};
struct HelloResult {
  int protocol = 0;
  std::string version;
  int pid = 0;
  std::vector<std::string> capabilities;
};

struct Wait {
  std::string waiter;
  std::string session;
  Target target;
  Filters filters;
  std::optional<Duration> timeout;  // absent: the configured one, unless no_limit
  bool no_limit = false;            // "timeout":"none"
  std::optional<Duration> since;
  std::string resume;
  bool exclusive = false;
  std::optional<Duration> queue;
  bool fail_fast = false;
};
struct Ack {
  std::string delivery;
  std::string waiter;
};
struct AckResult { bool known = true; };

struct SessionRegister {
  Target target;
  Filters filters;
  std::optional<Duration> ttl;
  std::string country;
  std::string metadata = "{}";
  bool exclusive = false;
  std::optional<Duration> queue;
};
struct SessionList { std::string after; };
struct SessionListResult {
  std::vector<SessionInfo> sessions;
  bool more = false;
};
struct SessionShow { std::string session; };
/// It lives as long as this connection; the ttl begins to run at its end.
struct SessionHold { std::string session; };
struct SessionMark { std::string session; };
struct SessionClose { std::string session; };
struct SessionRefresh {
  std::string session;
  std::optional<Duration> ttl;
};

struct Manual {
  std::string target;  // also the id of a wait
  std::string code;    // one that is held for an ambiguous waiter: it is chosen
  bool waiting_only = false;  // nobody waits for it any more: `not_found`, nothing is kept
  bool settle = false;        // without a code: whom it would be for, or why it would be refused
  bool choice = false;        // `code` was picked from the candidates: `no_code` when it is none of them any more
};
struct ManualResult {
  std::string recipient;
  bool delivered = false;
  int waiting = 0;
};
struct Sms {
  std::string text;
  std::string from;
  std::string to;
  std::optional<WallTime> sent;
  std::string id;
};
struct SmsResult {
  bool duplicate = false;
  bool delivered = false;
};
struct Status {};

/// The waiters as an operator needs them: with the candidates to choose from.
struct Waiters { int skip = 0; };  // the first so many are left out
struct WaitersResult {
  std::vector<WaiterInfo> waiters;
  bool more = false;  // ask again with `skip` = all that were read
};

/// All that can be asked for, in the order in which people are told of them.
inline constexpr std::array kEventTypes{EventType::agent,   EventType::source, EventType::session, EventType::wait,
                                        EventType::message, EventType::code,   EventType::entry};

/// A page of the timeline, oldest first: behind `after`, or from `since` on, or (neither) from now on.
struct Events {
  std::optional<std::uint64_t> after;
  std::optional<WallTime> since;
  std::string recipient;         // glob; only events that name such a recipient
  std::vector<EventType> types;  // none: all
  bool follow = false;           // nothing there yet: the answer comes with the next event, empty after 25 s
};
/// An event as it came. A newer agent may say more than Event holds: that goes on to whoever reads it as JSON, and a type
/// that is not known here (EventType::other) keeps its name.
struct TimelineEvent : Event {
  TimelineEvent() = default;
  TimelineEvent(Event event) : Event(std::move(event)) {}  // implicit: one of ours is nothing more
  std::string type_name;  // of EventType::other
  std::string more;       // its members that are not known here: "" or the text of a JSON object
};
std::string_view type_of(const TimelineEvent& event);  // "message"; a newer agent's own word

struct EventsResult {
  std::vector<TimelineEvent> events;
  std::uint64_t next = 0;  // `after` of the next page; moves on although a page is empty
  bool more = false;       // there is more already
};

struct Health {};

struct Reload {};
struct ReloadResult { std::vector<std::string> changes; };  // one line each, for people; none: nothing differs

struct Stop { bool restart = false; };
struct StopResult { int pid = 0; };

using Request = std::variant<Hello, Wait, Ack, SessionRegister, SessionList, SessionShow, SessionMark, SessionClose,
                             SessionRefresh, SessionHold, Manual, Sms, Status, Waiters, Events, Health, Reload, Stop>;
using Answer = std::variant<HelloResult, Delivered, WaitEnd, AckResult, SessionInfo, SessionListResult, ManualResult,
                            SmsResult, AgentStatus, WaitersResult, EventsResult, HealthReport, ReloadResult,
                            StopResult>;

// Notifications to an open wait.
struct Waiting {
  std::string session;
  std::string resume;
  std::optional<Duration> remaining;
};
struct Warning {
  std::string message;
  int contended = 0;
};
using Notification = std::variant<Waiting, Warning>;

/// "6" or "4-8", 1 to 64: Filters::length_min and length_max. `usage` when it is none.
struct LengthRange {
  int min = 0;
  int max = 0;
};
Result<LengthRange> parse_length(std::string_view text);
std::string format_length(LengthRange range);

/// True for the text of a JSON object that may be `metadata`: at most 8 KiB, nested at most 8 deep, so that it fits into
/// every answer.
bool is_metadata(std::string_view text);

/// The id of a request as it stood in the line ("7", "\"a\""): sent back as it is. "null" when there was none.
using Id = std::string;

// ---- the agent's side ----

struct Call {
  Id id;
  Request request;
};
struct CallError {  // answer with encode_error(id, error, rpc_code)
  Id id = "null";
  Error error;
  int rpc_code = -32600;
  bool fatal = false;  // not JSON, not an object: the connection is closed after the answer
};
/// One line without its LF.
tl::expected<Call, CallError> decode_call(std::string_view line);

/// Each returns one line with its LF, at most kMaxLine: long texts are shortened, lists are cut. What is left out of
/// a wait end or a status is counted in "more"; pages (sessions, waiters, events) say "more":true.
std::string encode_answer(const Id& id, const Answer& answer);
std::string encode_error(const Id& id, const Error& error, int rpc_code = -32000);
std::string encode_notification(const Id& wait_id, const Notification& notification);

// ---- the client's side ----

std::string encode_call(const Id& id, const Request& request);
std::string_view method_name(const Request& request);

struct Reply {
  Id id;
  std::variant<Answer, Error> outcome;
};
struct Told {
  Id wait_id;
  Notification notification;
};
/// `method_of` (id → method_name) tells how the result of each request is to be read.
using Incoming = std::variant<Reply, Told>;
Result<Incoming> decode_incoming(std::string_view line, const std::map<Id, std::string>& method_of);

// ---- what commands print with --json: the same objects, `"v":1` first, no LF ----

std::string to_json(const Answer& answer);
std::string to_json(const TimelineEvent& event);  // what `watch` and `log --json` print (docs/events.md)
std::string to_json(const Error& error);      // {"v":1,"error":{"class":…,"message":…,"exit":…}}
std::string to_json(const Warning& warning);  // {"v":1,"warning":{"message":…,"contended":…}}

std::string_view name_of(SourceState state);
std::string_view name_of(SessionState state);
std::string_view name_of(Unmatched reason);
std::string_view name_of(EventType type);
/// `usage`, naming the types there are. EventType::other is none: nobody can ask for it.
Result<EventType> parse_event_type(std::string_view name);
/// to_json(event) read again, as the store keeps it. `protocol` when it is none.
Result<TimelineEvent> parse_event(std::string_view json);

}  // namespace otpctl::rpc
