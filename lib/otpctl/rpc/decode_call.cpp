// One line of a client → Call. Strict about types: a client that means something else should hear
// it at once.
#include "base/text.hpp"
#include "rpc/json.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace otpctl::rpc {

namespace {

constexpr int kNoRequest = -32600;
constexpr int kWrongParams = -32602;
constexpr int kNotJson = -32700;

constexpr std::size_t kMaxId = 64;
constexpr std::size_t kMaxName = 320;      // an address: 64 + 1 + 255 (RFC 5321 4.5.3.1)
constexpr std::size_t kMaxPattern = 1000;  // globs and expressions
constexpr std::size_t kMaxResume = 4096;
constexpr std::size_t kMaxSms = 32 * 1024;
constexpr std::size_t kMaxCode = 256;  // 64 characters of at most 4 bytes

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }
bool is_id_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_';
}

/// Reads members of "params" and keeps the first thing that is wrong.
class Params {
 public:
  explicit Params(const ReadJson& object) : object_(object) {}

  const std::string& problem() const { return problem_; }
  void wrong(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  /// Any text without NUL.
  std::string text(const char* name, std::size_t limit) {
    const ReadJson* value = member(name);
    if (value == nullptr) return {};
    if (!value->is_string()) return refuse(name, "must be a text");
    const auto& found = value->get_ref<const std::string&>();
    if (found.size() > limit)
      return refuse(name, "is longer than " + std::to_string(limit) + " bytes");
    if (found.find('\0') != found.npos) return refuse(name, "holds a NUL");
    return found;
  }
  /// A text without control characters.
  std::string line(const char* name, std::size_t limit) {
    std::string found = text(name, limit);
    if (std::any_of(found.begin(), found.end(), is_control))
      return refuse(name, "holds control characters");
    return found;
  }
  std::string required_line(const char* name, std::size_t limit) {
    std::string found = line(name, limit);
    if (found.empty()) return refuse(name, "is missing");
    return found;
  }
  std::string identifier(const char* name) {
    std::string found = required_line(name, kMaxId);
    if (!std::all_of(found.begin(), found.end(), is_id_character)) {
      return refuse(name, "may hold letters, digits, '-' and '_' only");
    }
    return found;
  }
  /// A session id or a prefix of one, in lower case; "" when absent.
  std::string session(const char* name) {
    std::string found = to_lower(line(name, kMaxId));
    if (found.empty()) return found;
    const bool fits = found.size() >= 4 && found.size() <= 36 &&
                      found.find_first_not_of("0123456789abcdef-") == found.npos;
    if (fits) return found;
    wrong("'" + printable(found, kMaxId) + "' is no session id: write at least its first 4 characters");
    return {};
  }
  std::string required_session() {
    std::string found = session("session");
    return found.empty() ? refuse("session", "is missing") : found;
  }
  bool flag(const char* name) {
    const ReadJson* value = member(name);
    if (value == nullptr) return false;
    if (!value->is_boolean()) wrong(quoted(name) + " must be true or false");
    return value->is_boolean() && value->get<bool>();
  }
  int number(const char* name) {
    const ReadJson* value = member(name);
    if (value == nullptr) return 0;
    if (value->is_number_integer()) {
      const auto found = value->get<std::int64_t>();
      const bool beyond = value->is_number_unsigned() && value->get<std::uint64_t>() > kLargest;
      if (!beyond && found >= 0 && found <= kLargest) return static_cast<int>(found);
    }
    wrong(quoted(name) + " must be a whole number");
    return 0;
  }
  /// A whole number of up to 63 bits.
  std::optional<std::uint64_t> count(const char* name) {
    const ReadJson* value = member(name);
    if (value == nullptr) return std::nullopt;
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (value->is_number_unsigned() && value->get<std::uint64_t>() <= kMost) return value->get<std::uint64_t>();
    wrong(quoted(name) + " must be a whole number");
    return std::nullopt;
  }
  /// A list of at most 16 short texts.
  std::vector<std::string> words(const char* name) {
    const ReadJson* value = member(name);
    if (value == nullptr) return {};
    std::vector<std::string> all;
    const bool fits = value->is_array() && value->size() <= 16;
    for (std::size_t i = 0; fits && i < value->size(); ++i) {
      const ReadJson& word = (*value)[i];
      if (word.is_string() && word.get_ref<const std::string&>().size() <= kMaxId) all.push_back(word);
    }
    if (!fits || all.size() != value->size()) wrong(quoted(name) + " must be a list of short texts");
    return all;
  }
  std::optional<Duration> duration(const char* name) {
    const std::string found = line(name, 64);
    if (found.empty()) {
      if (member(name) != nullptr) wrong(quoted(name) + " is empty");
      return std::nullopt;
    }
    auto read = parse_duration(found);
    if (read) return *read;
    wrong(quoted(name) + ": " + read.error().message);
    return std::nullopt;
  }
  bool is(const char* name, std::string_view word) {
    const ReadJson* value = member(name);
    return value != nullptr && value->is_string() && value->get_ref<const std::string&>() == word;
  }
  const ReadJson* object(const char* name) {
    const ReadJson* value = member(name);
    if (value == nullptr || value->is_object()) return value;
    wrong(quoted(name) + " must be an object");
    return nullptr;
  }
  const ReadJson* member(const char* name) const {
    const auto found = object_.find(name);
    return found == object_.end() ? nullptr : &*found;
  }

 private:
  static constexpr std::int64_t kLargest = std::numeric_limits<int>::max();

  static std::string quoted(const char* name) { return "'" + std::string(name) + "'"; }
  std::string refuse(const char* name, const std::string& why) {
    wrong(quoted(name) + " " + why);
    return {};
  }

  const ReadJson& object_;
  std::string problem_;
};

Target read_target(Params& params) {
  return Target{params.line("email", kMaxName), params.line("phone", 64)};
}

Filters read_filters(Params& params) {
  Filters filters;
  filters.from = params.line("from", kMaxPattern);
  filters.subject = params.line("subject", kMaxPattern);
  filters.pattern = params.line("pattern", kMaxPattern);
  if (const std::string length = params.line("length", 16); !length.empty()) {
    if (auto range = parse_length(length)) {
      filters.length_min = range->min;
      filters.length_max = range->max;
    } else {
      params.wrong(range.error().message);
    }
  }
  return filters;
}

Request read_hello(Params& params) {
  Hello hello;
  hello.protocol = params.number("protocol");
  hello.client = params.line("client", 200);
  hello.pid = params.number("pid");
  if (params.member("protocol") == nullptr) params.wrong("'protocol' is missing");
  if (const ReadJson* environment = params.object("environment")) {
    Params values(*environment);
    for (const std::string_view name : kHelloEnvironment) {
      const std::string key(name);
      if (std::string value = values.line(key.c_str(), 512); !value.empty())
        hello.environment[key] = value;
    }
    if (!values.problem().empty()) params.wrong(values.problem());
  }
  return hello;
}

Request read_wait(Params& params) {
  Wait wait;
  wait.waiter = params.identifier("waiter");
  wait.session = params.session("session");
  wait.target = read_target(params);
  wait.filters = read_filters(params);
  wait.no_limit = params.is("timeout", "none");
  if (!wait.no_limit) wait.timeout = params.duration("timeout");
  wait.since = params.is("since", "now") ? Duration(0) : params.duration("since");
  wait.resume = params.line("resume", kMaxResume);
  wait.exclusive = params.flag("exclusive");
  wait.queue = params.duration("queue");
  wait.fail_fast = params.flag("fail_fast");
  const bool has_target = wait.target != Target{};
  if (wait.session.empty() && !has_target)
    params.wrong("a wait needs 'session', 'email' or 'phone'");
  if (!wait.session.empty() && has_target)
    params.wrong("a wait takes 'session' or a recipient, not both");
  return wait;
}

Request read_ack(Params& params) {
  Ack ack;
  ack.delivery = params.identifier("delivery");
  ack.waiter = params.identifier("waiter");
  return ack;
}

Request read_register(Params& params) {
  SessionRegister wanted;
  wanted.target = read_target(params);
  wanted.filters = read_filters(params);
  wanted.ttl = params.duration("ttl");
  wanted.country = params.line("country", 8);
  if (const ReadJson* metadata = params.object("metadata")) {
    wanted.metadata = metadata->dump();
    if (!is_metadata(wanted.metadata))
      params.wrong("'metadata' is longer than 8 KiB or nested deeper than 8");
  }
  wanted.exclusive = params.flag("exclusive");
  wanted.queue = params.duration("queue");
  if (wanted.target == Target{}) params.wrong("a session needs 'email' or 'phone'");
  return wanted;
}

Request read_list(Params& params) { return SessionList{params.session("after")}; }
Request read_show(Params& params) { return SessionShow{params.required_session()}; }
Request read_mark(Params& params) { return SessionMark{params.required_session()}; }
Request read_close(Params& params) { return SessionClose{params.required_session()}; }
Request read_refresh(Params& params) {
  SessionRefresh refresh;
  refresh.session = params.required_session();
  refresh.ttl = params.duration("ttl");
  return refresh;
}

Request read_manual(Params& params) {
  Manual manual;
  manual.target = params.required_line("target", kMaxName);
  manual.settle = params.flag("settle");
  if (!manual.settle) manual.code = params.required_line("code", kMaxCode);
  manual.waiting_only = params.flag("waiting_only");
  manual.choice = params.flag("choice");
  if (manual.code != printable(manual.code, kMaxCode))
    params.wrong("'code' must be one printable line");
  return manual;
}

Request read_sms(Params& params) {
  Sms sms;
  sms.text = params.text("text", kMaxSms);
  sms.from = params.line("from", kMaxName);
  sms.to = params.line("to", kMaxName);
  sms.id = params.line("id", 200);
  if (sms.text.empty()) params.wrong("'text' is missing");
  if (const std::string sent = params.line("sent", 64); !sent.empty()) {
    if (auto time = parse_time(sent)) {
      sms.sent = *time;
    } else {
      params.wrong("'sent': " + time.error().message);
    }
  }
  return sms;
}

Request read_status(Params&) { return Status{}; }
Request read_hold(Params& params) { return SessionHold{params.required_session()}; }
Request read_waiters(Params& params) { return Waiters{params.number("skip")}; }
Request read_health(Params&) { return Health{}; }
Request read_reload(Params&) { return Reload{}; }

Request read_events(Params& params) {
  Events events;
  events.after = params.count("after");
  if (const std::string since = params.line("since", 64); !since.empty()) {
    if (auto time = parse_time(since)) {
      events.since = *time;
    } else {
      params.wrong("'since': " + time.error().message);
    }
  }
  events.recipient = params.line("recipient", kMaxPattern);
  for (const std::string& name : params.words("types")) {
    if (auto type = parse_event_type(name)) {
      events.types.push_back(*type);
    } else {
      params.wrong(type.error().message);
    }
  }
  events.follow = params.flag("follow");
  return events;
}

Request read_stop(Params& params) { return Stop{params.flag("restart")}; }

struct Method {
  std::string_view name;
  Request (*read)(Params&);
};
constexpr std::array kMethods{
    Method{"hello", read_hello},
    Method{"wait", read_wait},
    Method{"ack", read_ack},
    Method{"session.register", read_register},
    Method{"session.list", read_list},
    Method{"session.show", read_show},
    Method{"session.mark", read_mark},
    Method{"session.close", read_close},
    Method{"session.refresh", read_refresh},
    Method{"session.hold", read_hold},
    Method{"manual", read_manual},
    Method{"sms", read_sms},
    Method{"status", read_status},
    Method{"waiters", read_waiters},
    Method{"events", read_events},
    Method{"health", read_health},
    Method{"agent.reload", read_reload},
    Method{"agent.stop", read_stop},
};

tl::unexpected<CallError> refuse(Id id, int rpc_code, std::string message, bool fatal = false) {
  const ErrorCode code = rpc_code == kWrongParams || rpc_code == kUnknownMethod
                             ? ErrorCode::usage
                             : ErrorCode::protocol;
  return tl::unexpected<CallError>(
      CallError{std::move(id), Error{code, std::move(message)}, rpc_code, fatal});
}

/// As JSON text; nothing when it is missing or neither a whole number nor a short text.
std::optional<Id> read_id(const ReadJson& call) {
  const auto id = call.find("id");
  if (id == call.end()) return std::nullopt;
  const bool short_text = id->is_string() && id->get_ref<const std::string&>().size() <= kMaxId;
  if (!id->is_number_integer() && !short_text) return std::nullopt;
  return id->dump();
}

}  // namespace

tl::expected<Call, CallError> decode_call(std::string_view line) {
  const auto call = parse_object(line);
  if (!call) return refuse("null", kNotJson, call.error().message, true);
  const auto id = read_id(*call);
  if (!id)
    return refuse("null", kNoRequest, "'id' must be a whole number or a text of at most 64 bytes");
  const auto version = call->find("jsonrpc");
  if (version == call->end() || *version != "2.0")
    return refuse(*id, kNoRequest, "'jsonrpc' must be \"2.0\"");
  const auto name = call->find("method");
  if (name == call->end() || !name->is_string())
    return refuse(*id, kNoRequest, "'method' is missing");
  const auto& wanted = name->get_ref<const std::string&>();
  const auto* method = std::find_if(kMethods.begin(), kMethods.end(),
                                    [&](const Method& m) { return m.name == wanted; });
  if (method == kMethods.end())
    return refuse(*id, kUnknownMethod, "unknown method '" + printable(wanted, 60) + "'");
  const ReadJson none = ReadJson::object();
  const auto given = call->find("params");
  if (given != call->end() && !given->is_object())
    return refuse(*id, kWrongParams, "'params' must be an object");
  Params params(given == call->end() ? none : *given);
  Request request = method->read(params);
  if (!params.problem().empty()) return refuse(*id, kWrongParams, params.problem());
  return Call{*id, std::move(request)};
}

}  // namespace otpctl::rpc
