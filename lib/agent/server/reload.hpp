// Reading the configuration: at the start and again at each reload, from the same place and with the same checks. What
// differs is told in lines for people and in mailboxes to leave, to stop and to start.
#pragma once

#include "base/result.hpp"
#include "code/hints.hpp"
#include "config/config.hpp"
#include "io/log.hpp"

#include <string>
#include <vector>

namespace otpctl::server {

/// Where it is read from, and what the command line says besides. The same for the life of the agent.
struct Origin {
  std::string path;       // of the file
  bool named = false;     // it must be there; else the environment or the embedded default may do
  std::string log_level;  // of the command line or $OTPCTL_LOG: wins over the file's; empty: the file's
  std::string log_file;   // where the log goes when the file names none; empty: standard error
};

/// A configuration that can be taken: everything that an agent would refuse to start with has been looked at.
struct Plan {
  config::Config config;
  code::Hints hints;
  io::LogLevel level = io::LogLevel::info;
  std::string log_file;
};

/// `config` with file:line when something is wrong with it.
Result<Plan> read_plan(const Origin& origin);

/// What a mailbox of the new configuration asks to do with the one of the same name.
enum class Fate { stays, reconnects, begins };

/// Compared by value: another line in the file, or another place among the others, is no change.
Fate fate_of(const config::Mailbox& wanted, const std::vector<config::Mailbox>& before);

/// Another server or user: what is known of the old one's position means nothing.
bool same_account(const config::Mailbox& one, const config::Mailbox& other);

/// One line a change, without secrets: "mailbox main: host, port changed, reconnecting". Pure.
std::vector<std::string> describe_changes(const config::Config& before, const config::Config& after);

}  // namespace otpctl::server
