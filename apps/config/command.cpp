#include "config/command.hpp"

#include "base/text.hpp"
#include "config/files.hpp"
#include "config/show.hpp"
#include "config/warnings.hpp"
#include "io/log.hpp"
#include "rpc/json.hpp"
#include "server/check.hpp"
#include "shared/layout.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

namespace otpctl::apps::config {

const Command<Options> kCommand{
    "config",
    "  otpctl config check && otpctl agent reload\n"
    "  otpctl config show\n"
    "  tail -f \"$(otpctl config path log)\"\n",
    add, run};

void add(CLI::App& app, Options& options) {
  const auto action = [&](const char* name, const char* summary, Action which) -> CLI::App& {
    return add_action(app, name, summary, [&options, which] { options.action = which; });
  };
  CLI::App& path = action("path", "list every file and folder of ours, or print one", Action::path);
  add_text(path, "NAME", "NAME", options.name, "print the path of this one alone: config, state, store, log, socket ...");
  add_text(path, "--config", "FILE", options.file, "as an agent with this configuration has them");
  add_json(path, options.json);
  CLI::App& show = action("show", "print what is in force, with defaults and without secrets", Action::show);
  add_text(show, "--config", "FILE", options.file, "this configuration instead of the usual one");
  add_env_file(show, options.env_file);
  add_json(show, options.json);
  CLI::App& check = action("check", "say whether an agent would take it", Action::check);
  add_text(check, "FILE", "FILE", options.file, "the file; without one what the agent would read");
  add_env_file(check, options.env_file);
  add_json(check, options.json);
}

namespace {

using otpctl::config::Config;

/// The usual file as an agent reads it, or FILE. All that is wrong is told on standard error, a line each.
struct Read {
  Paths paths;
  Config config;
};

std::optional<ExitCode> refuse_all(Context& context, const std::vector<Error>& problems, bool json) {
  std::optional<ExitCode> exit;
  for (const Error& problem : problems) {
    const ExitCode one = report(context, problem, json);
    if (!exit) exit = one;
  }
  return exit;
}

Result<std::string> named_file(const std::string& file) {
  if (::access(file.c_str(), F_OK) == 0 || errno == EACCES) return file;  // what it is, reading it will say
  return fail(ErrorCode::not_found, printable(file, 1000) + ": " + std::strerror(errno));
}

std::string raw_or_printable(const Context& context, const std::string& path) {
  return context.out.fd() >= 0 && ::isatty(context.out.fd()) == 1 ? printable(path, 4096) : path;
}

ExitCode list_paths(const Options& options, Context& context, const std::vector<OwnFile>& files) {
  if (options.json) {
    rpc::WriteJson json;
    json["v"] = 1;
    json["files"] = rpc::WriteJson::array();
    for (const OwnFile& file : files) {
      json["files"].push_back(
          {{"name", file.name}, {"path", file.path}, {"what", file.what}, {"exists", file.exists}});
    }
    return apps::show(context, rpc::dump(json) + "\n", true);
  }
  std::vector<std::vector<std::string>> rows;
  for (const OwnFile& file : files) {
    rows.push_back({file.name, printable(file.path, 4096) + (file.exists ? "" : "  (not there)")});
  }
  return apps::show(context, pairs_in(rows, columns_of(context)), false);
}

ExitCode path(const Options& options, Context& context) {
  const auto paths = resolve_paths(context.surroundings, options.file);
  if (!paths) return report(context, paths.error(), options.json);
  // Where the log is, the configuration may say; one that is wrong is the business of `config check`.
  const auto config = server::read_config(paths->config, false, context.surroundings.env);
  auto files = own_files(*paths, config ? config->log_file : "");
  if (options.name.empty()) return list_paths(options, context, files);
  std::vector<std::string> names;
  for (const OwnFile& file : files) names.push_back(file.name);
  const auto found =
      std::find_if(files.begin(), files.end(), [&](const OwnFile& file) { return file.name == options.name; });
  if (found != files.end()) {
    if (options.json) return list_paths(options, context, {*found});
    return apps::show(context, raw_or_printable(context, found->path) + "\n", false);
  }
  const auto near = nearest(options.name, names);
  return report(context,
                {ErrorCode::usage, "nothing of ours is called '" + printable(options.name, 60) + "'" +
                                       (near ? ", did you mean '" + *near + "'?" : " (see otpctl config path)")},
                options.json);
}

ExitCode show(const Options& options, Context& context) {
  const auto paths = resolve_paths(context.surroundings, options.file);
  if (!paths) return report(context, paths.error(), options.json);
  if (!options.file.empty()) {
    if (const auto file = named_file(paths->config); !file) return report(context, file.error(), options.json);
  }
  std::vector<Error> problems;
  const auto config = server::read_config(paths->config, !options.file.empty(), context.surroundings.env, &problems);
  if (!config) return refuse_all(context, problems, options.json).value_or(ExitCode::configuration);
  const auto origins = otpctl::config::origins_of(*config, context.surroundings.env);
  if (const auto other = server::other_mailbox(*config, context.surroundings.env)) warn(context, {other->message, 0}, options.json);
  const auto view = options.json ? show_json : show_toml;
  return apps::show(context, view(*config, origins, paths->config), options.json);
}

/// A level that the environment asks for is looked at when an agent starts, too.
void look_at_log_level(const Context& context, std::vector<Error>& problems) {
  const std::string level = context.env("OTPCTL_LOG");
  if (level.empty()) return;
  if (const auto known = io::parse_log_level(level); !known) {
    problems.push_back({ErrorCode::config, "OTPCTL_LOG: " + known.error().message});
  }
}

std::string check_json(const Config& config, const std::string& what, const std::vector<std::string>& warnings) {
  rpc::WriteJson json;
  json["v"] = 1;
  json["file"] = what;
  json["right"] = true;
  json["mailboxes"] = config.mailboxes.size();
  json["patterns"] = config.patterns.size();
  json["rules"] = config.rules.size();
  json["warnings"] = warnings;
  return rpc::dump(json) + "\n";
}

ExitCode check(const Options& options, Context& context) {
  std::string file = options.file;
  if (file.empty()) {
    const auto paths = resolve_paths(context.surroundings);
    if (!paths) return report(context, paths.error(), options.json);
    file = paths->config;
  } else if (const auto there = named_file(file); !there) {
    return report(context, there.error(), options.json);
  }
  std::vector<Error> problems;
  const auto config = server::read_config(file, !options.file.empty(), context.surroundings.env, &problems);
  if (config) problems = server::config_problems(*config, context.surroundings.env);
  if (options.file.empty()) look_at_log_level(context, problems);
  if (const auto exit = refuse_all(context, problems, options.json)) return *exit;
  auto warnings = warnings_of(*config);
  for (std::string& each : missing_secrets(*config, context.surroundings.env)) warnings.push_back(std::move(each));
  if (options.json) return apps::show(context, check_json(*config, file, warnings), true);
  for (const std::string& warning : warnings) warn(context, {warning, 0}, false);
  std::string what = printable(file, 1000);
  if (config->path.empty()) what += config->mailboxes.empty() ? " (not there: embedded default)" : " (not there: from the environment)";
  return apps::show(context, what + ": " + in_short(*config) + "\n", false);
}

}  // namespace

ExitCode run(const Options& options, Context& context) {
  if (!options.env_file.empty()) {
    if (auto loaded = load_env_file(context, options.env_file); !loaded) return report(context, loaded.error(), options.json);
  }
  switch (options.action) {
    case Action::path: return path(options, context);
    case Action::show: return show(options, context);
    case Action::check: return check(options, context);
    case Action::none: break;
  }
  return ExitCode::usage;
}

}  // namespace otpctl::apps::config
