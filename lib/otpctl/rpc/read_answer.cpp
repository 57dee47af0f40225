// Results → Answers, as a client reads them.
#include "base/text.hpp"
#include "rpc/json.hpp"

#include <array>
#include <limits>

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

template <class Values>
auto by_name(const Values& values, std::string_view name) {
  for (const auto value : values) {
    if (name_of(value) == name) return value;
  }
  return values.front();
}

/// Members with defaults.
class Members {
 public:
  explicit Members(const ReadJson& object) : object_(object) {}

  const ReadJson* find(const char* name) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }
  std::string text(const char* name) const {
    const ReadJson* value = find(name);
    return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
  }
  bool flag(const char* name) const {
    const ReadJson* value = find(name);
    return value != nullptr && value->is_boolean() && value->get<bool>();
  }
  double real(const char* name) const {
    const ReadJson* value = find(name);
    return value != nullptr && value->is_number() ? value->get<double>() : 0;
  }
  std::uint64_t count(const char* name) const {
    const ReadJson* value = find(name);
    return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
  }
  int number(const char* name) const {
    const std::uint64_t found = count(name);
    return found <= std::numeric_limits<int>::max() ? static_cast<int>(found) : 0;
  }
  std::optional<WallTime> time(const char* name) const {
    const auto read = parse_time(text(name));
    return read ? std::optional<WallTime>(*read) : std::nullopt;
  }
  WallTime time_or_zero(const char* name) const { return time(name).value_or(WallTime{}); }
  std::optional<Duration> duration(const char* name) const {
    const auto read = parse_duration(text(name));
    return read ? std::optional<Duration>(*read) : std::nullopt;
  }
  Target target() const { return Target{text("email"), text("phone")}; }
  template <class Read>
  auto list(const char* name, Read read) const {
    std::vector<decltype(read(object_))> values;
    const ReadJson* found = find(name);
    if (found == nullptr || !found->is_array()) return values;
    for (const ReadJson& each : *found) values.push_back(read(each));
    return values;
  }

 private:
  const ReadJson& object_;
};

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
  hello.capabilities = members.list("capabilities", [](const ReadJson& each) {
    return each.is_string() ? each.get<std::string>() : std::string();
  });
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

/// An exit code that is not in our enum is a newer agent's: 69.
ExitCode read_exit(int number) {
  for (const ExitCode each :
       {ExitCode::no, ExitCode::usage, ExitCode::unreadable, ExitCode::not_found,
        ExitCode::unreachable, ExitCode::try_later, ExitCode::not_allowed, ExitCode::configuration,
        ExitCode::timed_out}) {
    if (static_cast<int>(each) == number) return each;
  }
  return ExitCode::unreachable;
}

WaitEnd read_end(const Members& members) {
  WaitEnd end;
  end.exit = read_exit(members.number("exit"));
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
