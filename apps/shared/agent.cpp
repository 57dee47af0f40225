#include "shared/agent.hpp"

#include "base/launch.hpp"
#include "base/plain_file.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <sys/stat.h>

namespace otpctl::apps {

namespace {

constexpr std::size_t kLongestFile = 64 * 1024;

struct Line {
  std::string name;
  std::string value;
};

bool is_ours(std::string_view name) {
  for (const std::string_view prefix : {"OTPCTL_", "OTP_MANAGER_", "M365_"}) {
    if (name.substr(0, prefix.size()) == prefix) return true;
  }
  return false;
}

std::string_view unquoted(std::string_view value) {
  if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') &&
      value.back() == value.front()) {
    return value.substr(1, value.size() - 2);
  }
  return value;
}

/// Nothing for a line that says nothing.
Result<std::optional<Line>> read_line(std::string_view text, const std::string& where) {
  text = trim(text);
  if (text.empty() || text.front() == '#') return std::optional<Line>();
  constexpr std::string_view kExport = "export ";
  if (text.substr(0, kExport.size()) == kExport) text = trim(text.substr(kExport.size()));
  const std::size_t equals = text.find('=');
  const std::string_view name = trim(text.substr(0, equals));
  if (equals == text.npos || !is_variable_name(name))
    return fail(ErrorCode::config, where + ": write NAME=VALUE");
  return std::optional<Line>(
      Line{std::string(name), std::string(unquoted(trim(text.substr(equals + 1))))});
}

}  // namespace

Result<client::Options> agent_options(const Context& context, client::Start start,
                                      const std::string& config) {
  return client::options_from(context.surroundings, context.command, start, config);
}

Result<client::Options> hand_over_options(const Context& context) {
  auto options = agent_options(context, client::Start::by_unit);
  if (options) options->environment.clear();
  return options;
}

Error try_later(Error error) {
  error.code = ErrorCode::busy;
  return error;
}

Error for_retry(Error error) {
  const ExitCode exit = exit_code_for(error.code);
  return exit == ExitCode::usage || exit == ExitCode::unreadable ? error : try_later(std::move(error));
}

Result<void> load_env_file(Context& context, const std::string& path) {
  const auto file = read_plain_file(path, kLongestFile + 1);
  if (!file) {
    const bool missing = file.error().code == ErrorCode::not_found;
    return fail(missing ? ErrorCode::not_found : ErrorCode::config, printable(path) + ": " + file.error().message);
  }
  if (file->text.size() > kLongestFile) return fail(ErrorCode::config, printable(path) + ": longer than 64 KiB");
  std::string_view rest = file->text;
  for (int number = 1; !rest.empty(); ++number) {
    const std::string where = printable(path) + ":" + std::to_string(number);
    const auto line = read_line(rest.substr(0, rest.find('\n')), where);
    if (!line) return fail(line.error());
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
    if (!*line || !is_ours((*line)->name)) continue;
    const bool secret = (*line)->name.find("PASSWORD") != std::string::npos;
    if (secret && (file->mode & (S_IRWXG | S_IRWXO)) != 0) {
      return fail(ErrorCode::config,
                  where + ": a password that others can read: chmod 600 " + printable(path));
    }
    context.set_env((*line)->name, (*line)->value);
  }
  return {};
}

std::string session_of(const Context& context) { return context.env("OTPCTL_SESSION"); }

Error of_variable(Error error) {
  const auto about_it = {ErrorCode::usage, ErrorCode::not_found, ErrorCode::expired, ErrorCode::ambiguous};
  if (std::find(about_it.begin(), about_it.end(), error.code) != about_it.end()) {
    error.message = "OTPCTL_SESSION: " + error.message;
  }
  return error;
}

}  // namespace otpctl::apps
