#include "config/mailbox.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace otpctl::config {

namespace {

using namespace std::chrono_literals;

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> all{
        "name",       "address",           "host",     "port",  "tls",   "ca-file",
        "user",       "folders",           "poll",     "probe", "proxy", "insecure",
        "recipients", "recipient-headers", "password", "token"};
    for (const char* secret : {"password", "token"})
      for (const char* form : {"-command", "-file", "-credential", "-env"})
        all.push_back(std::string(secret) + form);
    return all;
  }();
  return keys;
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool consists_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_alphanumeric(c) || others.find(c) != others.npos; });
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F; });
}

// ---- secrets ----

void read_command(const Section& section, const std::string& key, SecretSource& source) {
  const Value& value = *section.find(key);
  source.kind = SecretSource::Kind::command;
  if (value.type == Value::Type::text) {
    std::string line;
    section.read(key, line);
    source.command = {"sh", "-c", line};
  } else {
    section.read(key, source.command);
  }
}

void check_variable(const Section& section, const std::string& key, const std::string& name) {
  const bool wrong = !consists_of(name, "_") || (!name.empty() && name[0] >= '0' && name[0] <= '9');
  if (wrong)
    section.problem(*section.find(key), quoted(key) + " takes the name of an environment variable");
}

/// One of the four forms of `secret` ("password" or "token"); two of them or the secret itself are
/// refused.
SecretSource read_secret(const Section& section, const std::string& secret) {
  using Kind = SecretSource::Kind;
  SecretSource source;
  if (const Value* value = section.find(secret)) {  // whatever stands there is not repeated
    section.problem(*value, "no " + secret + " stands in the configuration itself; use " + secret +
                                "-command, " + secret + "-file, " + secret + "-credential or " +
                                secret + "-env");
  }
  const struct {
    const char* form;
    Kind kind;
  } forms[] = {{"-command", Kind::command},
               {"-file", Kind::file},
               {"-credential", Kind::credential},
               {"-env", Kind::env}};
  std::string used;
  for (const auto& [form, kind] : forms) {
    const std::string key = secret + form;
    if (!section.has(key)) continue;
    if (!used.empty()) {
      section.problem(*section.find(key), quoted(used) + " and " + quoted(key) +
                                              " exclude each other in " + section.where());
      continue;
    }
    used = key;
    source.kind = kind;
    switch (kind) {
      case Kind::command: read_command(section, key, source); break;
      case Kind::file: section.read_path(key, source.name); break;
      case Kind::credential:
        section.read(key, source.name);
        if (!consists_of(source.name, "-_.@") || source.name == "." || source.name == "..")
          section.problem(*section.find(key),
                          quoted(key) + " takes a name as in systemd's LoadCredential=, no path");
        break;
      case Kind::env:
        section.read(key, source.name);
        check_variable(section, key, source.name);
        break;
      case Kind::none: break;
    }
  }
  return source;
}

/// Where the first key of `secret` stands, or nothing.
const Value* find_any(const Section& section, const std::string& secret) {
  for (const char* form : {"", "-command", "-file", "-credential", "-env"}) {
    if (const Value* value = section.find(secret + form)) return value;
  }
  return nullptr;
}

void read_secrets(const Section& section, Mailbox& mailbox) {
  mailbox.password = read_secret(section, "password");
  mailbox.token = read_secret(section, "token");
  const Value* password = find_any(section, "password");
  const Value* token = find_any(section, "token");
  if (password && token)
    section.problem(*token, "a password and a token exclude each other in " + section.where());
  if (!password && !token) {
    section.missing(section.where() +
                    " needs a sign-in: password-command, password-file, password-credential, "
                    "password-env or token-command …");
  }
}

// ---- the connection ----

void read_tls(const Section& section, Mailbox& mailbox) {
  section.read("insecure", mailbox.insecure);
  if (const auto choice = section.choose("tls", {"implicit", "starttls", "none"})) {
    mailbox.tls = *choice == 0 ? Tls::implicit : *choice == 1 ? Tls::starttls : Tls::none;
    if (mailbox.tls == Tls::none && !mailbox.insecure)
      section.problem(*section.find("tls"),
                      "tls = \"none\" sends the password in clear text; it needs insecure = true");
  }
  mailbox.port = mailbox.tls == Tls::implicit ? 993 : 143;
  section.read("port", mailbox.port, 1, 65'535);
  section.read_path("ca-file", mailbox.ca_file);
}

void read_host(const Section& section, Mailbox& mailbox) {
  section.read("host", mailbox.host);
  if (const Value* value = section.find("host")) {
    if (!mailbox.host.empty() && !is_host(mailbox.host))
      section.problem(
          *value,
          "'host' takes the name alone: host = \"imap.example.com\", and port = 993 beside it");
    return;
  }
  std::string what = section.where() + " has no host";
  const std::string& known_by = mailbox.address.empty() ? mailbox.user : mailbox.address;
  if (const auto host =
          known_imap_host(known_by.substr(std::min(known_by.rfind('@') + 1, known_by.size()))))
    what += "; write host = \"" + *host + "\"";
  section.missing(what);
}

/// scheme://host[:port]; a password in it would be one that stands in the configuration.
void read_proxy(const Section& section, Mailbox& mailbox) {
  section.read("proxy", mailbox.proxy);
  if (mailbox.proxy.empty()) return;
  const Value& value = *section.find("proxy");
  const std::size_t colon = mailbox.proxy.find("://");
  const std::string scheme = mailbox.proxy.substr(0, colon);
  const std::vector<std::string> schemes{"socks5h", "socks5", "socks4a", "socks4", "http", "https"};
  if (colon == std::string::npos ||
      std::find(schemes.begin(), schemes.end(), scheme) == schemes.end())
    return section.problem(value, "'proxy' is written socks5h://host:port or http://host:port");
  const std::string rest = mailbox.proxy.substr(colon + 3);
  if (rest.find('@') != rest.npos)
    return section.problem(value, "'proxy' takes no user and password");
  if (rest.empty() || !is_visible(rest) || rest.find('/') != rest.npos)
    section.problem(value, "'proxy' names no host behind ://");
}

void read_probe(const Section& section, Mailbox& mailbox) {
  const Value* value = section.find("probe");
  if (!value) return;
  if (value->type == Value::Type::text && value->text == "auto") return;
  mailbox.probe_auto = false;
  if (value->type == Value::Type::text && value->text == "off") return;
  Duration probe = 20ms;
  section.read("probe", probe, 1ms, 60s);
  mailbox.probe = probe;
}

// ---- names and lists ----

void read_name(const Section& section, bool only, Mailbox& mailbox) {
  if (!section.has("name")) {
    if (!only) section.missing(section.where() + " needs a name where there are several");
    mailbox.name = "main";
    return;
  }
  section.read("name", mailbox.name);
  if (!consists_of(mailbox.name, "-_.") || mailbox.name.size() > 64)
    section.problem(*section.find("name"),
                    "'name' takes up to 64 letters, digits, '-', '_' and '.'");
}

void read_folders(const Section& section, Mailbox& mailbox) {
  section.read("folders", mailbox.folders);
  for (std::size_t i = 0; i < mailbox.folders.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool inbox =
          equals_ignoring_case(mailbox.folders[i], "INBOX");  // RFC 3501 5.1: in any case
      const bool same = inbox ? equals_ignoring_case(mailbox.folders[j], "INBOX")
                              : mailbox.folders[i] == mailbox.folders[j];
      if (same)
        section.problem(section.find("folders")->items[i],
                        quoted(mailbox.folders[i]) + " is there twice in 'folders'");
    }
  }
}

void read_recipients(const Section& section, Mailbox& mailbox) {
  if (const auto choice = section.choose("recipients", {"one", "all"}))
    mailbox.recipients_all = *choice == 1;
  section.read("recipient-headers", mailbox.recipient_headers);
  for (const std::string& header : mailbox.recipient_headers) {
    const bool is_field_name =
        consists_of(header, "!#$%&'*+-.^_`|~");  // RFC 5322 3.6.8, without the odd ones
    if (!is_field_name)
      section.problem(*section.find("recipient-headers"),
                      quoted(header) + " is no name of a header field");
  }
}

}  // namespace

bool is_host(std::string_view host) {
  if (host.size() > 255 || host.empty()) return false;
  const bool ipv6 = std::count(host.begin(), host.end(), ':') > 1;
  if (ipv6) return consists_of(host, ":.[]%");
  return std::all_of(host.begin(), host.end(),
                     [](char c) {  // names beyond ASCII are the resolver's to judge
                       return is_alphanumeric(c) || c == '-' || c == '_' || c == '.' ||
                              static_cast<unsigned char>(c) >= 0x80;
                     });
}

bool is_mail_address(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == address.npos || at == 0 || at + 1 == address.size() || address.size() > 320)
    return false;
  return is_visible(address) && address.find_first_of("<>,;") == address.npos;
}

Mailbox read_mailbox(Section& section, bool only) {
  section.allow(known_keys());
  Mailbox mailbox;
  mailbox.line = section.line();
  read_name(section, only, mailbox);
  section.read("address", mailbox.address);
  if (!mailbox.address.empty() && !is_mail_address(mailbox.address))
    section.problem(*section.find("address"), "'address' is no mail address");
  mailbox.user = mailbox.address;
  section.read("user", mailbox.user);
  if (mailbox.user.empty() && !section.has("user") && !section.has("address"))
    section.missing(section.where() + " needs a user");
  read_host(section, mailbox);
  read_tls(section, mailbox);
  read_secrets(section, mailbox);
  read_proxy(section, mailbox);
  read_folders(section, mailbox);
  section.read("poll", mailbox.poll, 50ms, 1h);
  read_probe(section, mailbox);
  read_recipients(section, mailbox);
  return mailbox;
}

}  // namespace otpctl::config
