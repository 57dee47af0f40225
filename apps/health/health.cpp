#include "health/health.hpp"

#include "base/text.hpp"
#include "client/client.hpp"
#include "health/textfile.hpp"
#include "health/views.hpp"
#include "shared/agent.hpp"
#include "shared/layout.hpp"
#include "shared/output.hpp"

#include <algorithm>

namespace otpctl::apps::health {

const Command<Options> kCommand{
    "health",
    "  otpctl health                               # exit code 0, 1, 2 or 3, as Nagios knows them\n"
    "  otpctl health -q || notify \"otpctl is ill\"  # cron: silent when all is well\n"
    "  otpctl health -q --textfile /var/lib/prometheus/node-exporter/otpctl.prom\n",
    add, run};

void add(CLI::App& app, Options& options) {
  add_duration(app, "-w,--warning", options.warning, "WARNING when a source is down that long [60s]");
  add_duration(app, "-c,--critical", options.critical, "CRITICAL when it is down that long [5m]");
  add_texts(app, "--source", "GLOB", options.sources, "look only at these sources (* and ?)");
  add_flag(app, "--prometheus", options.prometheus, "metrics in the text format of Prometheus");
  add_value(
      app, "--textfile", "PATH",
      [&options](const std::string& text) -> Result<void> {
        if (text.empty()) return fail(ErrorCode::usage, "it is empty");
        options.textfile = text;
        return {};
      },
      "write the metrics to PATH as well, for node_exporter");
  add_flag(app, "-q,--quiet", options.quiet, "print nothing when all is well");
  add_flag(app, "--json", options.json, "answer as JSON");
}

namespace {

constexpr Duration kAnswerWithin = std::chrono::seconds(5);  // plugins are ended after 10 s
constexpr Duration kTakenWithin = std::chrono::seconds(3);   // what nobody reads must not pile up one process a minute

ExitCode exit_of(Status status) { return static_cast<ExitCode>(static_cast<int>(status)); }

Thresholds thresholds_of(const Options& options) {
  Thresholds thresholds;
  if (options.critical) thresholds.critical = *options.critical;
  thresholds.warning = options.warning.value_or(std::min(thresholds.warning, thresholds.critical));
  if (!options.critical) thresholds.critical = std::max(thresholds.warning, thresholds.critical);
  return thresholds;
}

std::optional<Error> wrong(const Options& options) {
  const Thresholds thresholds = thresholds_of(options);
  if (thresholds.warning > thresholds.critical)
    return Error{ErrorCode::usage, "--warning must not be longer than --critical"};
  if (options.json && options.prometheus)
    return Error{ErrorCode::usage, "--json and --prometheus exclude each other"};
  return std::nullopt;
}

Result<HealthReport> ask(const Context& context) {
  auto connection = agent_options(context, client::Start::never);
  if (!connection) return fail(connection.error());
  connection->environment.clear();  // what runs is looked at, whatever mailbox the caller's is
  connection->hello_within = kAnswerWithin;
  auto report = client::Client(*connection).ask<HealthReport>(rpc::Health{}, kAnswerWithin);
  if (!report && report.error().code == ErrorCode::agent_unreachable) {
    return fail(ErrorCode::agent_unreachable,
                report.error().message + " [" + connection->paths.state + "]");
  }
  return report;
}

/// Only what `globs` name; `usage` when one names nothing.
Result<HealthReport> narrowed(HealthReport report, const std::vector<std::string>& globs) {
  if (globs.empty()) return report;
  for (const std::string& glob : globs) {
    const bool fits =
        std::any_of(report.sources.begin(), report.sources.end(), [&](const SourceHealth& each) {
          return glob_match(glob, each.status.name);
        });
    if (!fits && report.more == 0)
      return fail(ErrorCode::usage, "there is no source '" + printable(glob, 80) + "'");
  }
  std::erase_if(report.sources, [&](const SourceHealth& each) {
    return std::none_of(globs.begin(), globs.end(), [&](const std::string& glob) {
      return glob_match(glob, each.status.name);
    });
  });
  return report;
}

Outcome examine(const Options& options, const Context& context) {
  Outcome outcome{ask(context), {}, thresholds_of(options), !options.sources.empty()};
  if (outcome.report) outcome.report = narrowed(std::move(*outcome.report), options.sources);
  if (outcome.report) {
    outcome.assessment = assess(*outcome.report, outcome.thresholds, context.now().wall);
  } else {
    outcome.assessment.status = assess(outcome.report.error());
  }
  return outcome;
}

std::string text_of(const Outcome& outcome, const Options& options, WallTime now) {
  if (options.json) return json_text(outcome) + "\n";
  return options.prometheus ? prometheus_text(outcome) : plugin_text(outcome, now);
}

Result<void> write_textfile(const Outcome& outcome, const Options& options, Context& context) {
  if (options.textfile.empty()) return {};
  auto written = replace_file(options.textfile, prometheus_text(outcome));
  if (!written) static_cast<void>(report(context, written.error(), options.json));
  return written;
}

/// Nothing could be looked at. The file says so as well: what it said before must not be taken for now.
ExitCode undetermined(const Error& error, const Options& asked, Context& context) {
  const Outcome outcome{fail(error), {Status::unknown, {}, {}}, {}};
  Options options;
  options.json = asked.json;
  static_cast<void>(write_textfile(outcome, asked, context));
  static_cast<void>(answer(context, text_of(outcome, options, {}), options.json));
  return exit_of(Status::unknown);
}

/// What a command line that is wrong says all the same.
Options as_far_as_said(const std::vector<std::string>& arguments) {
  constexpr std::string_view kFile = "--textfile", kFileIs = "--textfile=";
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const bool next = i + 1 < arguments.size() && !arguments[i + 1].starts_with('-');
    if (word == "--json") options.json = true;
    if (word == kFile && next) options.textfile = arguments[i + 1];
    if (word.starts_with(kFileIs)) options.textfile = word.substr(kFileIs.size());
  }
  return options;
}

}  // namespace

std::string json_text(const Outcome& outcome) {
  const std::string object = outcome.report ? rpc::to_json(rpc::Answer(*outcome.report))
                                            : rpc::to_json(outcome.report.error());
  constexpr std::string_view kVersion = "{\"v\":1,";
  return std::string(kVersion) + "\"status\":\"" + std::string(name_of(outcome.assessment.status)) +
         "\"," + object.substr(kVersion.size());
}

ExitCode run(const Options& options, Context& context) {
  if (const auto error = wrong(options)) return undetermined(*error, options, context);
  const Outcome outcome = examine(options, context);
  ExitCode exit = exit_of(outcome.assessment.status);
  if (!write_textfile(outcome, options, context) && exit != exit_of(Status::critical)) {
    exit = exit_of(Status::unknown);
  }
  if (options.quiet && outcome.assessment.status == Status::ok) return exit;
  std::string text = text_of(outcome, options, context.now().wall);
  if (!options.json && !options.prometheus) text = folded(text, columns_of(context));
  return answer(context, text, options.json) == ExitCode::done ? exit : exit_of(Status::unknown);
}

ExitCode parse_and_run(const std::vector<std::string>& arguments, Context& context) {
  context.out.set_patience(kTakenWithin);
  context.err.set_patience(kTakenWithin);
  Options options;
  const AppPtr app = make_app(kCommand.name, kCommand.examples);
  add(*app, options);
  const Parsed parsed = parse(*app, arguments, columns_of(context));
  if (parsed && !*parsed) return run(options, context);
  const Options said = as_far_as_said(arguments);
  if (parsed) return answer(context, **parsed, said.json);
  Error error = parsed.error();
  error.message += " (see otpctl health --help)";
  return undetermined(error, said, context);
}

int main_of(int argc, char** argv) {
  Context context = Context::real(kCommand.name);
  const int exit =
      guarded(context, [&] { return parse_and_run({argv + 1, argv + argc}, context); });
  constexpr int kUnknown = static_cast<int>(Status::unknown);
  return exit <= kUnknown ? exit : kUnknown;
}

}  // namespace otpctl::apps::health
