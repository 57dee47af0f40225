// The client's lines.
#include "rpc/json.hpp"

namespace otpctl::rpc {

namespace {

void put(WriteJson& json, const char* name, const std::string& text) {
  if (!text.empty()) json[name] = text;
}
void put(WriteJson& json, const char* name, bool flag) {
  if (flag) json[name] = true;
}
void put(WriteJson& json, const char* name, const std::optional<Duration>& duration) {
  if (duration) json[name] = format_duration(*duration);
}
void put_target(WriteJson& json, const Target& target) {
  put(json, "email", target.email);
  put(json, "phone", target.phone);
}

WriteJson params(const Hello& hello) {
  WriteJson json = WriteJson::object();
  json["protocol"] = hello.protocol;
  put(json, "client", hello.client);
  if (hello.pid != 0) json["pid"] = hello.pid;
  if (!hello.environment.empty()) json["environment"] = hello.environment;
  return json;
}
WriteJson params(const Wait& wait) {
  WriteJson json = WriteJson::object();
  put(json, "waiter", wait.waiter);
  put(json, "session", wait.session);
  put_target(json, wait.target);
  json.update(filters_json(wait.filters));
  put(json, "timeout", wait.no_limit ? std::nullopt : wait.timeout);
  if (wait.no_limit) json["timeout"] = "none";
  put(json, "since", wait.since);
  put(json, "resume", wait.resume);
  put(json, "exclusive", wait.exclusive);
  put(json, "queue", wait.queue);
  put(json, "fail_fast", wait.fail_fast);
  return json;
}
WriteJson params(const Ack& ack) {
  WriteJson json = WriteJson::object();
  json["delivery"] = ack.delivery;
  json["waiter"] = ack.waiter;
  return json;
}
WriteJson params(const SessionRegister& wanted) {
  WriteJson json = WriteJson::object();
  put_target(json, wanted.target);
  json.update(filters_json(wanted.filters));
  put(json, "ttl", wanted.ttl);
  put(json, "country", wanted.country);
  if (auto metadata = parse_object(wanted.metadata); metadata && !metadata->empty())
    json["metadata"] = *metadata;
  put(json, "exclusive", wanted.exclusive);
  put(json, "queue", wanted.queue);
  return json;
}
WriteJson params(const SessionList& list) {
  WriteJson json = WriteJson::object();
  put(json, "after", list.after);
  return json;
}
WriteJson only_session(const std::string& session) {
  WriteJson json = WriteJson::object();
  json["session"] = session;
  return json;
}
WriteJson params(const SessionShow& show) { return only_session(show.session); }
WriteJson params(const SessionMark& mark) { return only_session(mark.session); }
WriteJson params(const SessionClose& close) { return only_session(close.session); }
WriteJson params(const SessionRefresh& refresh) {
  WriteJson json = only_session(refresh.session);
  put(json, "ttl", refresh.ttl);
  return json;
}
WriteJson params(const Manual& manual) {
  WriteJson json = WriteJson::object();
  json["target"] = manual.target;
  if (manual.settle) {
    json["settle"] = true;
  } else {
    json["code"] = manual.code;
  }
  put(json, "waiting_only", manual.waiting_only);
  put(json, "choice", manual.choice);
  return json;
}
WriteJson params(const Sms& sms) {
  WriteJson json = WriteJson::object();
  json["text"] = sms.text;
  put(json, "from", sms.from);
  put(json, "to", sms.to);
  if (sms.sent) json["sent"] = format_time(*sms.sent);
  put(json, "id", sms.id);
  return json;
}
WriteJson params(const Status&) { return WriteJson::object(); }
WriteJson params(const SessionHold& hold) { return only_session(hold.session); }
WriteJson params(const Waiters& waiters) {
  WriteJson json = WriteJson::object();
  if (waiters.skip > 0) json["skip"] = waiters.skip;
  return json;
}
WriteJson params(const Events& events) {
  WriteJson json = WriteJson::object();
  if (events.after) json["after"] = *events.after;
  if (events.since) json["since"] = format_time(*events.since);
  put(json, "recipient", events.recipient);
  for (const EventType type : events.types) json["types"].push_back(name_of(type));
  put(json, "follow", events.follow);
  return json;
}
WriteJson params(const Health&) { return WriteJson::object(); }
WriteJson params(const Reload&) { return WriteJson::object(); }
WriteJson params(const Stop& stop) {
  WriteJson json = WriteJson::object();
  put(json, "restart", stop.restart);
  return json;
}

std::string_view name(const Hello&) { return "hello"; }
std::string_view name(const Wait&) { return "wait"; }
std::string_view name(const Ack&) { return "ack"; }
std::string_view name(const SessionRegister&) { return "session.register"; }
std::string_view name(const SessionList&) { return "session.list"; }
std::string_view name(const SessionShow&) { return "session.show"; }
std::string_view name(const SessionMark&) { return "session.mark"; }
std::string_view name(const SessionClose&) { return "session.close"; }
std::string_view name(const SessionRefresh&) { return "session.refresh"; }
std::string_view name(const Manual&) { return "manual"; }
std::string_view name(const Sms&) { return "sms"; }
std::string_view name(const Status&) { return "status"; }
std::string_view name(const SessionHold&) { return "session.hold"; }
std::string_view name(const Waiters&) { return "waiters"; }
std::string_view name(const Events&) { return "events"; }
std::string_view name(const Health&) { return "health"; }
std::string_view name(const Reload&) { return "agent.reload"; }
std::string_view name(const Stop&) { return "agent.stop"; }

}  // namespace

std::string_view method_name(const Request& request) {
  return std::visit([](const auto& value) { return name(value); }, request);
}

WriteJson params_json(const Request& request) {
  return std::visit([](const auto& value) { return params(value); }, request);
}

std::string encode_call(const Id& id, const Request& request) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":")" + std::string(method_name(request)) +
         R"(","params":)" + dump(params_json(request)) + "}\n";
}

}  // namespace otpctl::rpc
