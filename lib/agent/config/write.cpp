#include "config/write.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <algorithm>

namespace otpctl::config {

namespace {

constexpr std::ptrdiff_t kDots = 40;  // of a text or list in one line; the reader refuses lines with over 100

/// Lines that belong to one table.
class Table {
 public:
  Table(std::string head, const std::string& remark) : text_(std::move(head)) {
    text_ += remark.empty() ? "\n" : "  # " + remark + "\n";
  }

  void put(const std::string& key, const std::string& value, bool is_default, const std::string& origin = {}) {
    text_ += key + " = " + value;
    if (!origin.empty()) {
      text_ += "  # " + origin;
    } else if (is_default) {
      text_ += "  # default";
    }
    text_ += "\n";
  }

  /// A key without a value of its own.
  void leave_out(const std::string& key, const std::string& meaning) {
    text_ += "# " + key + " is not set: " + meaning + "\n";
  }

  void put_text(const std::string& key, const std::string& value, const std::string& unset) {
    if (value.empty()) return leave_out(key, unset);
    put(key, toml_text(value), false);
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string in_quotes(Duration duration) { return "\"" + format_duration(duration) + "\""; }

std::string list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + toml_text(item);
  if (std::count(text.begin(), text.end(), '.') <= kDots) return "[" + text + "]";
  text.clear();
  for (const std::string& item : items) text += "\n  " + toml_text(item) + ",";
  return "[" + text + "\n]";
}

/// A regex is easier to read without doubled backslashes.
std::string regex_text(const std::string& regex) {
  const bool literal = regex.find('\'') == regex.npos && printable(regex, regex.size()) == regex &&
                       std::count(regex.begin(), regex.end(), '.') <= kDots;
  return literal ? "'" + regex + "'" : toml_text(regex);
}

std::string tls_text(Tls tls) {
  switch (tls) {
    case Tls::implicit: return "\"implicit\"";
    case Tls::starttls: return "\"starttls\"";
    case Tls::none: return "\"none\"";
  }
  return "";
}

void put_secret(Table& table, const std::string& secret, const SecretSource& source) {
  switch (source.kind) {
    case SecretSource::Kind::none: return;
    case SecretSource::Kind::command: return table.put(secret + "-command", list(source.command), false);
    case SecretSource::Kind::file: return table.put(secret + "-file", toml_text(source.name), false);
    case SecretSource::Kind::credential: return table.put(secret + "-credential", toml_text(source.name), false);
    case SecretSource::Kind::env: return table.put(secret + "-env", toml_text(source.name), false);
  }
}

std::string probe_text(const Mailbox& mailbox) {
  if (mailbox.probe_auto) return "\"auto\"";
  return mailbox.probe ? in_quotes(*mailbox.probe) : "\"off\"";
}

std::string mailbox_table(const Mailbox& mailbox, const std::string& origin) {
  const Mailbox standard;
  std::string remark = origin;
  if (remark.empty() && mailbox.line > 0) remark = "line " + std::to_string(mailbox.line);
  Table table("[[mailbox]]", remark);
  table.put("name", toml_text(mailbox.name), false);
  table.put_text("address", mailbox.address, "the mailbox has no address of its own");
  table.put("user", toml_text(mailbox.user), false);
  put_secret(table, "password", mailbox.password);
  put_secret(table, "token", mailbox.token);
  table.put("host", toml_text(mailbox.host), false);
  table.put("port", std::to_string(mailbox.port), mailbox.port == (mailbox.tls == Tls::implicit ? 993 : 143));
  table.put("tls", tls_text(mailbox.tls), mailbox.tls == standard.tls);
  table.put("insecure", mailbox.insecure ? "true" : "false", !mailbox.insecure);
  table.put_text("ca-file", mailbox.ca_file, "the system's certificates");
  table.put_text("proxy", without_password(mailbox.proxy), "what all_proxy says, else none");
  table.put("folders", list(mailbox.folders), mailbox.folders == standard.folders);
  table.put("poll", in_quotes(mailbox.poll), mailbox.poll == standard.poll);
  table.put("probe", probe_text(mailbox), mailbox.probe_auto);
  table.put("recipients", mailbox.recipients_all ? "\"all\"" : "\"one\"", !mailbox.recipients_all);
  if (mailbox.recipient_headers.empty()) {
    table.leave_out("recipient-headers", "those that are known");
  } else {
    table.put("recipient-headers", list(mailbox.recipient_headers), false);
  }
  return table.take();
}

std::string general_tables(const Config& config, const Origins& origins) {
  const Config standard;
  const auto origin = [&](const char* key) {
    const auto found = origins.find(key);
    return found == origins.end() ? std::string() : found->second;
  };
  Table wait("[wait]", {});
  wait.put("timeout", in_quotes(config.wait_timeout), config.wait_timeout == standard.wait_timeout,
           origin("wait.timeout"));
  wait.put("since", in_quotes(config.wait_since), config.wait_since == standard.wait_since);
  Table session("[session]", {});
  session.put("ttl", in_quotes(config.session_ttl), config.session_ttl == standard.session_ttl,
              origin("session.ttl"));
  session.put("keep", in_quotes(config.keep), config.keep == standard.keep);
  Table phone("[phone]", {});
  phone.put_text("default-region", config.default_region, "numbers need their country code");
  Table log("[log]", {});
  log.put("level", toml_text(config.log_level), config.log_level == standard.log_level);
  log.put_text("file", config.log_file, "agent.log in the state folder");
  return wait.take() + "\n" + session.take() + "\n" + phone.take() + "\n" + log.take();
}

std::string store_table(const Config& config) {
  const Config standard;
  Table store("[store]", {});
  store.put("memory", config.store_in_memory ? "true" : "false", !config.store_in_memory);
  store.put("history", in_quotes(config.history), config.history == standard.history);
  return "\n" + store.take();
}

}  // namespace

std::string toml_text(std::string_view text) {
  const bool dotted = std::count(text.begin(), text.end(), '.') > kDots;
  std::string out = "\"";
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_at(text, pos);
    if (c.point == '"' || c.point == '\\') {
      out += '\\';
      out += static_cast<char>(c.point);
    } else if (c.point < 0x20 || c.point == 0x7F || is_deceptive(c.point) || (c.point == '.' && dotted)) {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      out += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(c.point >> shift) & 15];
    } else {
      append_utf8(out, c.point);
    }
    pos += c.size;
  }
  return out + '"';
}

std::string without_password(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme == url.npos ? 0 : scheme + 3;
  const std::string_view authority = url.substr(begin, url.find('/', begin) - begin);
  const std::size_t at = authority.rfind('@');
  if (at == authority.npos) return std::string(url);
  const std::size_t colon = std::min(authority.find(':'), at);
  return std::string(url.substr(0, begin + colon)) + ":***" + std::string(url.substr(begin + at));
}

Origins origins_in_environment(const std::function<std::string(const char*)>& env) {
  Origins origins;
  if (!env("OTP_MANAGER_TIMEOUT").empty()) origins["wait.timeout"] = "OTP_MANAGER_TIMEOUT";
  if (!env("OTP_MANAGER_SESSION_TIMEOUT").empty()) origins["session.ttl"] = "OTP_MANAGER_SESSION_TIMEOUT";
  for (const char* name : {"OTPCTL_MAILBOX", "OTP_MANAGER_EMAIL", "M365_EMAIL"}) {
    if (env(name).empty()) continue;
    origins["mailbox"] = name;
    break;
  }
  return origins;
}

Origins origins_of(const Config& config, const std::function<std::string(const char*)>& env) {
  Origins origins = origins_in_environment(env);
  if (config.path.empty()) return origins;
  const bool has_its_own = config.mailboxes.empty() || names_mailboxes(config);
  std::erase_if(origins, [&](const auto& origin) { return has_its_own || origin.first != "mailbox"; });
  return origins;
}

std::string to_toml(const Config& config, const Origins& origins) {
  std::string text = general_tables(config, origins) + store_table(config);
  const auto origin = origins.find("mailbox");
  for (const Mailbox& mailbox : config.mailboxes) {
    text += "\n" + mailbox_table(mailbox, origin == origins.end() ? "" : origin->second);
  }
  for (const UserPattern& pattern : config.patterns) {
    Table table("[[pattern]]", pattern.line > 0 ? "line " + std::to_string(pattern.line) : "");
    table.put("regex", regex_text(pattern.regex), false);
    text += "\n" + table.take();
  }
  for (const UserRule& rule : config.rules) {
    Table table("[[rule]]", rule.line > 0 ? "line " + std::to_string(rule.line) : "");
    table.put("from", toml_text(rule.from), false);
    if (!rule.pattern.empty()) table.put("pattern", regex_text(rule.pattern), false);
    if (!rule.label.empty()) table.put("label", toml_text(rule.label), false);
    text += "\n" + table.take();
  }
  return text;
}

}  // namespace otpctl::config
