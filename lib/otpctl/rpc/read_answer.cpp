// Results → Answers, as a client reads them.
#include "base/text.hpp"
#include "rpc/json.hpp"
#include "rpc/members.hpp"

#include <algorithm>
#include <array>

namespace otpctl::rpc {

namespace {

constexpr std::array kSourceStates{SourceState::starting, SourceState::live,
                                   SourceState::unreachable, SourceState::signed_out,
                                   SourceState::throttled};
constexpr std::array kSessionStates{SessionState::open, SessionState::waiting,
                                    SessionState::received, SessionState::expired,
                                    SessionState::closed};
constexpr std::array kReasons{Unmatched::no_code,
                              Unmatched::ambiguous_code,
                              Unmatched::ambiguous_sender,
                              Unmatched::other_recipient,
                              Unmatched::ambiguous_recipient,
                              Unmatched::before_mark,
                              Unmatched::filtered,
                              Unmatched::taken,
                              Unmatched::superseded};

Filters read_filters(const Members& members) {
  Filters filters;
  filters.from = members.text("from");
  filters.subject = members.text("subject");
  filters.pattern = members.text("pattern");
  if (const auto range = parse_length(members.text("length"))) {
    filters.length_min = range->min;
    filters.length_max = range->max;
  }
  return filters;
}

Seen read_seen(const ReadJson& json) {
  const Members members(json);
  return Seen{by_name(kReasons, members.text("reason")), members.number("count"),
              members.text("sender"), members.time_or_zero("latest")};
}

SourceStatus read_source(const ReadJson& json) {
  const Members members(json);
  SourceStatus source;
  source.name = members.text("name");
  source.kind = members.text("kind");
  source.state = by_name(kSourceStates, members.text("state"));
  source.detail = members.text("detail");
  source.since = members.time_or_zero("since");
  source.last_alive = members.time("last_alive");
  source.retry_at = members.time("retry_at");
  source.messages = members.count("messages");
  source.reconnects = members.count("reconnects");
  return source;
}

/// Nothing that is not one printable line goes on to a terminal.
HeldCandidate read_candidate(const ReadJson& json) {
  const Members members(json);
  return HeldCandidate{printable(members.text("code")), members.text("channel"), members.text("sender"),
                       members.time_or_zero("received")};
}

WaiterInfo read_waiter(const ReadJson& json) {
  const Members members(json);
  WaiterInfo waiter;
  waiter.session = members.text("session");
  waiter.target = members.target();
  waiter.pid = members.number("pid");
  waiter.since = members.time_or_zero("since");
  waiter.deadline = members.time("deadline");
  waiter.queued = members.flag("queued");
  waiter.ambiguous = members.flag("ambiguous");
  waiter.seen = members.list("seen", read_seen);
  waiter.candidates = members.list("candidates", read_candidate);
  return waiter;
}

SessionInfo read_session(const ReadJson& json) {
  const Members members(json);
  SessionInfo session;
  session.id = members.text("id");
  session.state = by_name(kSessionStates, members.text("state"));
  session.target = members.target();
  session.filters = read_filters(members);
  session.country = members.text("country");
  const ReadJson* metadata = members.find("metadata");
  session.metadata = metadata != nullptr && metadata->is_object() ? metadata->dump() : "{}";
  session.created = members.time_or_zero("created");
  session.marked = members.time_or_zero("marked");
  session.expires = members.time("expires");
  session.waiters = members.number("waiters");
  session.codes_given = members.number("codes_given");
  session.degraded = members.flag("degraded");
  session.contended = members.number("contended");
  return session;
}

HelloResult read_hello(const Members& members) {
  HelloResult hello;
  hello.protocol = members.number("protocol");
  hello.version = members.text("version");
  hello.pid = members.number("pid");
  hello.capabilities = members.texts("capabilities");
  return hello;
}

Delivered read_delivered(const Members& members) {
  Delivered delivered;
  delivered.delivery = members.text("delivery");
  delivered.session = members.text("session");
  delivered.code = members.text("code");
  delivered.kind = members.text("kind");
  delivered.recipient = members.text("recipient");
  delivered.channel = members.text("channel");
  delivered.sender = members.text("sender");
  delivered.subject = members.text("subject");
  delivered.source = members.text("source");
  delivered.message_id = members.text("message_id");
  delivered.sent = members.time("sent");
  delivered.received = members.time_or_zero("received");
  delivered.expires_in = members.duration("expires_in");
  delivered.confidence = members.real("confidence");
  delivered.superseded = members.number("superseded");
  return delivered;
}

/// A wait without a code never ends well: what is no failure, or a newer agent's, is 69.
ExitCode read_exit(const Members& members) {
  const ExitCode exit = members.exit_code("exit").value_or(ExitCode::unreachable);
  const bool fails = exit != ExitCode::done && exit != ExitCode::interrupted && exit != ExitCode::terminated;
  return fails ? exit : ExitCode::unreachable;
}

WaitEnd read_end(const Members& members) {
  WaitEnd end;
  end.exit = read_exit(members);
  end.message = members.text("message");
  end.waited = members.duration("waited").value_or(Duration(0));
  end.seen = members.list("seen", read_seen);
  end.sources = members.list("sources", read_source);
  end.more = members.number("more");
  return end;
}

AgentStatus read_status(const Members& members) {
  AgentStatus status;
  status.version = members.text("version");
  status.protocol = members.number("protocol");
  status.pid = members.number("pid");
  status.started = members.time_or_zero("started");
  status.home = members.text("home");
  status.socket = members.text("socket");
  status.config = members.text("config");
  status.sources = members.list("sources", read_source);
  status.waiters = members.list("waiters", read_waiter);
  status.sessions = members.number("sessions");
  status.codes_pending = members.number("codes_pending");
  status.codes_delivered = members.count("codes_delivered");
  status.more = members.number("more");
  return status;
}

SourceHealth read_source_health(const ReadJson& json) {
  const Members members(json);
  SourceHealth health;
  health.status = read_source(json);
  health.down_since = members.time("down_since");
  health.alive_age = members.duration("alive_age");
  health.due_every = members.duration("due_every").value_or(Duration(0));
  const ReadJson none = ReadJson::object();
  const ReadJson* day = members.find("day");
  const Members last_day(day == nullptr ? none : *day);
  health.messages = last_day.count("messages");
  health.errors = last_day.count("errors");
  health.reconnects = last_day.count("reconnects");
  health.processed = last_day.count("processed");
  health.processing_mean = last_day.duration("processing_mean").value_or(Duration(0));
  health.processing_p95 = last_day.duration("processing_p95").value_or(Duration(0));
  return health;
}

HealthReport read_health(const Members& members) {
  HealthReport health;
  health.version = members.text("version");
  health.pid = members.number("pid");
  health.started = members.time_or_zero("started");
  health.sources = members.list("sources", read_source_health);
  health.waiters = members.number("waiting");
  health.sessions = members.number("sessions");
  health.codes_pending = members.number("codes_pending");
  health.oldest_pending = members.duration("oldest_pending");
  health.codes_delivered = members.count("codes_delivered");
  health.messages = members.count("messages");
  health.store_trouble = members.text("store_trouble");
  health.more = members.number("more");
  return health;
}

enum class Kind { text, name, count, time, list, sessions };  // a name is not empty, each of the sessions has its id

struct Required {
  std::string_view method;
  const char* member;
  Kind kind;
};

/// What an answer means nothing without, and every agent of this protocol says. `wait`: a code's, not an end's.
constexpr std::array kRequired{
    Required{"hello", "protocol", Kind::count},        Required{"hello", "version", Kind::text},
    Required{"wait", "delivery", Kind::name},          Required{"wait", "code", Kind::text},
    Required{"session.list", "sessions", Kind::sessions},
    Required{"session.register", "id", Kind::name},    Required{"session.show", "id", Kind::name},
    Required{"session.mark", "id", Kind::name},        Required{"session.close", "id", Kind::name},
    Required{"session.refresh", "id", Kind::name},     Required{"session.hold", "id", Kind::name},
    Required{"manual", "recipient", Kind::text},       Required{"waiters", "waiters", Kind::list},
    Required{"events", "events", Kind::list},          Required{"events", "next", Kind::count},
    // What has none of these looks like an agent that is well and has nothing to do.
    Required{"status", "version", Kind::text},         Required{"status", "pid", Kind::count},
    Required{"status", "started", Kind::time},         Required{"status", "sources", Kind::list},
    Required{"status", "waiters", Kind::list},         Required{"health", "version", Kind::text},
    Required{"health", "pid", Kind::count},            Required{"health", "started", Kind::time},
    Required{"health", "sources", Kind::list},
};

bool is_there(const Members& members, const Required& required) {
  const ReadJson* value = members.find(required.member);
  if (value == nullptr) return false;
  switch (required.kind) {
    case Kind::text: return value->is_string();
    case Kind::name: return !members.text(required.member).empty();
    case Kind::count: return value->is_number_unsigned();
    case Kind::time: return members.time(required.member).has_value();
    case Kind::list: return value->is_array();
    case Kind::sessions:
      return value->is_array() && std::all_of(value->begin(), value->end(), [](const ReadJson& each) {
               return !Members(each).text("id").empty();
             });
  }
  return false;
}

Result<void> check_required(const std::string& method, const Members& members) {
  if (method == "wait" && members.flag("end")) return {};
  for (const Required& each : kRequired) {
    if (each.method == method && !is_there(members, each))
      return fail(ErrorCode::protocol, "the agent's answer to " + method + " lacks '" + each.member +
                                           "': what answers at its socket is no agent that this command knows");
  }
  return {};
}

Result<Answer> read_wait(const Members& members) {
  if (members.flag("end")) return Answer(read_end(members));
  Delivered delivered = read_delivered(members);
  // What is printed is one printable line, whatever the agent sent.
  const bool printable_code =
      !delivered.code.empty() && printable(delivered.code) == delivered.code;
  if (!printable_code)
    return fail(ErrorCode::protocol, "the agent sent a code that cannot be printed");
  return Answer(std::move(delivered));
}

}  // namespace

Result<Answer> read_answer(const std::string& method, const ReadJson& result) {
  if (!result.is_object())
    return fail(ErrorCode::protocol, "the agent's answer to " + method + " is no object");
  const Members members(result);
  if (const auto complete = check_required(method, members); !complete) return fail(complete.error());
  if (method == "hello") return Answer(read_hello(members));
  if (method == "wait") return read_wait(members);
  if (method == "ack") return Answer(AckResult{members.flag("known")});
  if (method == "session.list") {
    return Answer(SessionListResult{members.list("sessions", read_session), members.flag("more")});
  }
  if (method.rfind("session.", 0) == 0) return Answer(read_session(result));
  if (method == "manual") {
    return Answer(ManualResult{members.text("recipient"), members.flag("delivered"),
                               members.number("waiting")});
  }
  if (method == "sms")
    return Answer(SmsResult{members.flag("duplicate"), members.flag("delivered")});
  if (method == "status") return Answer(read_status(members));
  if (method == "waiters")
    return Answer(WaitersResult{members.list("waiters", read_waiter), members.flag("more")});
  if (method == "events") {
    return Answer(EventsResult{members.list("events", read_event), members.count("next"), members.flag("more")});
  }
  if (method == "health") return Answer(read_health(members));
  if (method == "agent.reload") return Answer(ReloadResult{members.texts("changes")});
  if (method == "agent.stop") return Answer(StopResult{members.number("pid")});
  return fail(ErrorCode::protocol, "an answer to a request that was not made");
}

namespace {

Incoming read_told(const std::string& method, const ReadJson& params) {
  const Members members(params);
  const ReadJson* id = members.find("id");
  Told told;
  told.wait_id = id == nullptr ? "null" : id->dump();
  if (method == "waiting") {
    told.notification =
        Waiting{members.text("session"), members.text("resume"), members.duration("remaining")};
  } else {
    told.notification = Warning{members.text("message"), members.number("contended")};
  }
  return told;
}

Error read_error(const ReadJson& json) {
  const Members members(json);
  const ReadJson none = ReadJson::object();
  const ReadJson* data = members.find("data");
  const std::string name = Members(data == nullptr ? none : *data).text("class");
  const ReadJson* code = members.find("code");
  if (code != nullptr && *code == kUnknownMethod)
    return Error{ErrorCode::agent_version,
                 "the running agent is older than this command and does not know what it asks for; run: otpctl agent restart"};
  return Error{error_code_from(name), printable(members.text("message"), 1000)};
}

}  // namespace

Result<Incoming> decode_incoming(std::string_view line,
                                 const std::map<Id, std::string>& method_of) {
  const auto json = parse_object(line);
  if (!json)
    return fail(ErrorCode::protocol,
                "the agent sent a line that cannot be read: " + json.error().message);
  const Members members(*json);
  if (const std::string method = members.text("method"); !method.empty()) {
    const ReadJson* params = members.find("params");
    const bool known = method == "waiting" || method == "warning";
    // A notification of a newer agent: nothing that this client needs.
    if (!known || params == nullptr) return Incoming(Told{"null", Warning{}});
    return read_told(method, *params);
  }
  const ReadJson* id = members.find("id");
  Reply reply;
  reply.id = id == nullptr ? "null" : id->dump();
  if (const ReadJson* error = members.find("error")) {
    reply.outcome = read_error(*error);
    return Incoming(std::move(reply));
  }
  const auto method = method_of.find(reply.id);
  const ReadJson* result = members.find("result");
  if (method == method_of.end() || result == nullptr) {
    return fail(ErrorCode::protocol, "an answer to a request that was not made");
  }
  auto answer = read_answer(method->second, *result);
  if (!answer) return fail(answer.error());
  reply.outcome = std::move(*answer);
  return Incoming(std::move(reply));
}

}  // namespace otpctl::rpc
