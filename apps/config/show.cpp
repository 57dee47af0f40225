#include "config/show.hpp"

#include "base/text.hpp"
#include "rpc/json.hpp"

namespace otpctl::apps::config {

namespace {

using otpctl::config::Config;
using otpctl::config::Mailbox;
using otpctl::config::Origins;
using otpctl::config::SecretSource;
using otpctl::config::Tls;
using rpc::WriteJson;

/// "file", "environment" or "default".
std::string source_of(const Config& config, const Origins& origins) {
  if (!config.path.empty()) return "file";
  return origins.empty() ? "default" : "environment";
}

WriteJson secret_json(const SecretSource& secret) {
  switch (secret.kind) {
    case SecretSource::Kind::none: return nullptr;
    case SecretSource::Kind::command: return {{"command", secret.command}};
    case SecretSource::Kind::file: return {{"file", secret.name}};
    case SecretSource::Kind::credential: return {{"credential", secret.name}};
    case SecretSource::Kind::env: return {{"env", secret.name}};
  }
  return nullptr;
}

std::string_view name_of(Tls tls) {
  switch (tls) {
    case Tls::implicit: return "implicit";
    case Tls::starttls: return "starttls";
    case Tls::none: return "none";
  }
  return "";
}

WriteJson or_null(const std::string& text) { return text.empty() ? WriteJson() : WriteJson(text); }

WriteJson mailbox_json(const Mailbox& mailbox, const Origins& origins) {
  WriteJson json;
  json["name"] = mailbox.name;
  const auto origin = origins.find("mailbox");
  json["from"] = origin == origins.end() ? WriteJson() : WriteJson(origin->second);
  json["line"] = mailbox.line > 0 ? WriteJson(mailbox.line) : WriteJson();
  json["address"] = or_null(mailbox.address);
  json["user"] = mailbox.user;
  json["password"] = secret_json(mailbox.password);
  json["token"] = secret_json(mailbox.token);
  json["host"] = mailbox.host;
  json["port"] = mailbox.port;
  json["tls"] = name_of(mailbox.tls);
  json["insecure"] = mailbox.insecure;
  json["ca-file"] = or_null(mailbox.ca_file);
  json["proxy"] = or_null(otpctl::config::without_password(mailbox.proxy));
  json["folders"] = mailbox.folders;
  json["poll"] = format_duration(mailbox.poll);
  json["probe"] = mailbox.probe_auto ? "auto" : mailbox.probe ? format_duration(*mailbox.probe) : "off";
  json["recipients"] = mailbox.recipients_all ? "all" : "one";
  json["recipient-headers"] = mailbox.recipient_headers;
  return json;
}

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
  return (count == 0 ? "no" : std::to_string(count)) + " " + (count > 1 ? many : one);
}

}  // namespace

std::string show_toml(const Config& config, const Origins& origins, const std::string& usual) {
  std::string head = "# ";
  if (!config.path.empty()) {
    head += printable(config.path, 1000);
  } else {
    head += printable(usual, 1000) + " is not there: " +
            (origins.empty() ? "the embedded default" : "from the environment");
  }
  return head + "\n\n" + otpctl::config::to_toml(config, origins);
}

std::string show_json(const Config& config, const Origins& origins, const std::string& usual) {
  WriteJson json;
  json["v"] = 1;
  json["from"] = source_of(config, origins);
  json["file"] = config.path.empty() ? usual : config.path;
  json["wait"] = {{"timeout", format_duration(config.wait_timeout)}, {"since", format_duration(config.wait_since)}};
  json["session"] = {{"ttl", format_duration(config.session_ttl)}, {"keep", format_duration(config.keep)}};
  json["phone"] = {{"default-region", or_null(config.default_region)}};
  json["log"] = {{"level", config.log_level}, {"file", or_null(config.log_file)}};
  json["store"] = {{"memory", config.store_in_memory}, {"history", format_duration(config.history)}};
  json["mailbox"] = WriteJson::array();
  for (const Mailbox& mailbox : config.mailboxes) json["mailbox"].push_back(mailbox_json(mailbox, origins));
  json["pattern"] = WriteJson::array();
  for (const auto& pattern : config.patterns) {
    json["pattern"].push_back({{"regex", pattern.regex}, {"line", pattern.line}});
  }
  json["rule"] = WriteJson::array();
  for (const auto& rule : config.rules) {
    json["rule"].push_back({{"from", rule.from},
                            {"pattern", or_null(rule.pattern)},
                            {"label", or_null(rule.label)},
                            {"line", rule.line}});
  }
  json["origins"] = WriteJson::object();
  for (const auto& [key, variable] : origins) json["origins"][key] = variable;
  return rpc::dump(json) + "\n";
}

std::string in_short(const Config& config) {
  std::string text = "right, " + counted(config.mailboxes.size(), "mailbox", "mailboxes");
  if (!config.path.empty() && !config.mailboxes.empty() && !otpctl::config::names_mailboxes(config)) {
    text += " (from the environment)";
  }
  if (!config.patterns.empty()) text += ", " + counted(config.patterns.size(), "pattern", "patterns");
  if (!config.rules.empty()) text += ", " + counted(config.rules.size(), "rule", "rules");
  return text;
}

}  // namespace otpctl::apps::config
