// Config → TOML text, for people and for parse(): what is in force, with what was not said.
#pragma once

#include "config/config.hpp"

#include <map>
#include <string>
#include <string_view>

namespace otpctl::config {

/// Where a value came from when not from the file: "wait.timeout" → "OTP_MANAGER_TIMEOUT". The keys are those that
/// variables can set: wait.timeout, session.ttl, mailbox.
using Origins = std::map<std::string, std::string>;
Origins origins_in_environment(const std::function<std::string(const char*)>& env);
/// Those of `config`: of a file it is at most the mailbox, where it names none itself.
Origins origins_of(const Config& config, const std::function<std::string(const char*)>& env);

/// parse() reads it back as the same Config, but for `path` and the lines. Every key stands there: what is as by default
/// with "# default" behind it, what is not set as a comment. Secrets are not in it, only where they come from. One
/// printable line each, whatever the values are.
std::string to_toml(const Config& config, const Origins& origins = {});

/// A TOML string: in double quotes; what could drive a terminal is escaped.
std::string toml_text(std::string_view text);

/// A password in front of the host of a URL becomes "***".
std::string without_password(std::string_view url);

}  // namespace otpctl::config
