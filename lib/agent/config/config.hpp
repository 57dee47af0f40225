// TOML text → Config. Errors carry file:line; an unknown key is refused with the nearest right one. Pure: secrets
// are only named here (SecretSource), io/secrets fetches them when a connection needs them.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::config {

/// Where a secret comes from: exactly one of the four, or not given (`none`).
struct SecretSource {
  enum class Kind { none, command, file, credential, env };
  Kind kind = Kind::none;
  std::vector<std::string> command;  // argv, no shell; a TOML string means {"sh", "-c", text}
  std::string name;                  // path, credential or variable
  bool operator==(const SecretSource&) const = default;
};

enum class Tls { implicit, starttls, none };

struct Mailbox {
  std::string name;     // unique; "main"
  std::string address;  // the catch-all itself; may be empty
  std::string host;
  int port = 993;       // 143 by default for starttls and none
  Tls tls = Tls::implicit;
  bool insecure = false;  // allows tls = "none"
  std::string ca_file;    // empty: the system's
  std::string user;
  SecretSource password;
  SecretSource token;     // bearer: XOAUTH2, OAUTHBEARER
  std::string proxy;      // socks5h://…, http://…; empty: none
  std::vector<std::string> folders = {"INBOX"};
  Duration poll = std::chrono::seconds(3);          // while somebody waits, where there is no IDLE
  std::optional<Duration> probe;                    // NOOP instead of a silent IDLE while somebody waits …
  bool probe_auto = true;                           // … 20 ms for loopback and private addresses, else off
  std::vector<std::string> recipient_headers;       // exclusive when not empty
  bool recipients_all = false;                      // recipients = "all"
  int line = 0;                                     // of its [[mailbox]], for errors; 0: from the environment
  std::string identity() const;  // "imaps://user@host:port": compared with what a caller's environment asks for
  bool operator==(const Mailbox&) const = default;
};

struct UserPattern {
  std::string regex;
  int line = 0;  // of the regex
  bool operator==(const UserPattern&) const = default;
};

/// Where the code stands in the messages of one sender: a pattern with one group, or the label in front of it.
struct UserRule {
  std::string from;  // glob over the address, name or number
  std::string pattern;
  std::string label;
  int line = 0;       // of its [[rule]]
  int what_line = 0;  // of the pattern or label
  bool operator==(const UserRule&) const = default;
};

struct Config {
  std::string path;  // empty: the embedded default or the environment
  Duration wait_timeout = std::chrono::seconds(120);
  Duration wait_since = std::chrono::seconds(30);
  Duration session_ttl = std::chrono::seconds(600);
  Duration keep = std::chrono::minutes(10);
  std::string default_region;   // "TR"; whether there is such a region is looked at before a start
  int default_region_line = 0;  // for errors
  std::string log_level = "info";
  std::string log_file;  // empty: agent.log in the store's folder
  bool store_in_memory = false;                  // [store] memory: nothing is written to disk but the agent file
  Duration history = std::chrono::hours(7 * 24);  // [store] history: how long the timeline is kept
  std::vector<Mailbox> mailboxes;
  std::vector<UserPattern> patterns;
  std::vector<UserRule> rules;
  bool operator==(const Config&) const = default;
};

/// `name` stands in errors ("config.toml:12: …") and becomes Config::path. Every error is ErrorCode::config,
/// is the first one of the file, and repeats no value that could be a secret. Paths in it are from the
/// root. At most 1 MiB. `problems` (if given) gets all that is wrong, in the order of the file.
/// `understood` gets what could be read in spite of them.
Result<Config> parse(std::string_view toml, const std::string& name, std::vector<Error>* problems = nullptr,
                     Config* understood = nullptr);

/// A mailbox from the environment alone (OTPCTL_MAILBOX + OTPCTL_PASSWORD, or the names people have:
/// OTP_MANAGER_EMAIL …), added to an otherwise default Config. Fills nothing when none of the names is set.
/// `env` returns "" for unset. Only names the variable of the password, never reads it. The first of
/// OTPCTL_MAILBOX, OTP_MANAGER_EMAIL, M365_EMAIL counts.
Result<Config> from_environment(const std::function<std::string(const char*)>& env);

/// The file names mailboxes; else those of `config`, if any, are the environment's.
bool names_mailboxes(const Config& config);
/// One of its mailboxes is the same account on the same server.
bool watches(const Config& config, const Mailbox& wanted);

/// IMAP host of a well-known mail domain (gmail.com, outlook.com, …), or nothing.
std::optional<std::string> known_imap_host(std::string_view domain);

}  // namespace otpctl::config
