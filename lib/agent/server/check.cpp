#include "server/check.hpp"

#include "base/plain_file.hpp"
#include "base/text.hpp"
#include "io/secrets.hpp"
#include "message/address.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <sys/stat.h>

namespace otpctl::server {
namespace {

constexpr std::size_t kLargest = 1024 * 1024;  // of which parse() refuses one byte more

struct Problem {
  int line = 0;
  std::string what;
};

Error error_of(const config::Config& config, const Problem& problem) {
  return {ErrorCode::config, config.path + ":" + std::to_string(problem.line) + ": " + problem.what};
}

void look_at_secrets(const config::Config& config, std::vector<Problem>& problems) {
  for (const auto& mailbox : config.mailboxes) {
    for (const auto* secret : {&mailbox.password, &mailbox.token}) {
      if (secret->kind != config::SecretSource::Kind::file) continue;
      const auto text = io::read_secret_file(secret->name);
      if (text || text.error().code != ErrorCode::permission) continue;
      problems.push_back({mailbox.line, text.error().message});
    }
  }
}

void look_at_patterns(const config::Config& config, std::vector<Problem>& problems) {
  for (const auto& pattern : config.patterns) {
    if (pattern.regex.empty()) continue;  // said already
    const auto compiled = code::Pattern::compile(pattern.regex);
    if (!compiled) problems.push_back({pattern.line, compiled.error().message});
  }
}

Result<code::Rule> compile(const config::UserRule& rule) {
  return code::Rule::make(rule.from, rule.pattern, rule.label);
}

void look_at_rules(const config::Config& config, std::vector<Problem>& problems) {
  for (const auto& rule : config.rules) {
    if (rule.from.empty() || rule.pattern.empty() == rule.label.empty()) continue;  // said already
    const auto compiled = compile(rule);
    if (!compiled) problems.push_back({rule.what_line, compiled.error().message});
  }
}

void look_at_region(const config::Config& config, std::vector<Problem>& problems) {
  if (config.default_region.empty() || message::is_region(config.default_region)) return;
  problems.push_back({config.default_region_line,
                      "'default-region' \"" + printable(config.default_region, 10) +
                          "\" is no country; write its two letters (ISO 3166): \"TR\", \"DE\", \"GB\""});
}

/// In the order of the file.
std::vector<Error> problems_in_file(const config::Config& config) {
  std::vector<Problem> problems;
  look_at_secrets(config, problems);
  look_at_patterns(config, problems);
  look_at_rules(config, problems);
  look_at_region(config, problems);
  std::stable_sort(problems.begin(), problems.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  std::vector<Error> errors;
  for (const Problem& problem : problems) errors.push_back(error_of(config, problem));
  return errors;
}

/// Both are in the order of the file, "path:12: …".
void add_in_order(std::vector<Error> more, const std::string& path, std::vector<Error>& problems) {
  const auto line_of = [&](const Error& error) {
    return error.message.size() > path.size() ? std::atoi(error.message.c_str() + path.size() + 1) : 0;
  };
  problems.insert(problems.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const Error& a, const Error& b) { return line_of(a) < line_of(b); });
}

}  // namespace

Result<config::Config> read_config(const std::string& path, bool named, const Environment& env,
                                   std::vector<Error>* problems) {
  const auto refuse = [&](const std::string& why) -> Result<config::Config> {
    Error error{ErrorCode::config, path + ": cannot be read: " + why};
    if (problems) problems->push_back(error);
    return fail(std::move(error));
  };
  const auto asked_for = [&] {
    auto asked = config::from_environment(env);
    if (!asked && problems) problems->push_back(asked.error());
    return asked;
  };
  const auto file = read_plain_file(path, kLargest + 1);
  if (!file) {
    struct stat status {};
    // What lies in a folder that may not be read is not known: that is no "none".
    const bool hidden = file.error().code == ErrorCode::permission;
    if (named || hidden || ::lstat(path.c_str(), &status) == 0) return refuse(file.error().message);
    return asked_for();  // or the embedded default
  }
  config::Config understood;
  auto config = config::parse(file->text, path, problems, &understood);
  if (!config && problems) {
    understood.path = path;
    add_in_order(problems_in_file(understood), path, *problems);
  }
  if (config && config->mailboxes.empty()) {
    auto asked = asked_for();
    if (!asked) return fail(asked.error());
    config->mailboxes = std::move(asked->mailboxes);
  }
  return config;
}

std::optional<Error> other_mailbox(const config::Config& config, const Environment& env) {
  if (!config::names_mailboxes(config)) return std::nullopt;
  const auto asked = config::from_environment(env);
  if (!asked) return asked.error();
  for (const auto& wanted : asked->mailboxes) {
    if (config::watches(config, wanted)) continue;
    return Error{ErrorCode::config, "the environment asks for " + printable(wanted.identity()) + ", which " +
                                        printable(config.path) + " does not name; write it into that file, unset the " +
                                        "variable, or give this caller an OTPCTL_HOME of its own"};
  }
  return std::nullopt;
}

std::vector<Error> config_problems(const config::Config& config, const Environment& env) {
  auto errors = problems_in_file(config);
  if (auto other = other_mailbox(config, env)) errors.push_back(std::move(*other));
  return errors;
}

Result<void> check_config(const config::Config& config, const Environment& env) {
  auto problems = config_problems(config, env);
  if (!problems.empty()) return fail(std::move(problems.front()));
  return {};
}

Result<code::Hints> compile_hints(const config::Config& config) {
  code::Hints hints;
  for (const auto& pattern : config.patterns) {
    auto compiled = code::Pattern::compile(pattern.regex);
    if (!compiled) return fail(error_of(config, {pattern.line, compiled.error().message}));
    hints.patterns.push_back(std::move(*compiled));
  }
  for (const auto& rule : config.rules) {
    auto compiled = compile(rule);
    if (!compiled) return fail(error_of(config, {rule.what_line, compiled.error().message}));
    hints.rules.push_back(std::move(*compiled));
  }
  return hints;
}

}  // namespace otpctl::server
