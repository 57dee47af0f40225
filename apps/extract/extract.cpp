#include "extract/extract.hpp"

#include "base/text.hpp"
#include "extract/batch.hpp"
#include "extract/explained.hpp"
#include "extract/input.hpp"
#include "extract/look.hpp"
#include "extract/rule_test.hpp"
#include "extract/view.hpp"
#include "message/address.hpp"
#include "server/check.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"

#include <algorithm>

namespace otpctl::apps::extract {

const Command<Options> kCommand{
    "extract",
    "  otpctl extract message.eml\n"
    "  otpctl extract --explain < message.eml\n"
    "  echo 'Your code is 482 913' | otpctl extract --sms --json\n"
    "  otpctl extract --explain --message 1234   # an event of otpctl log\n"
    "  otpctl extract --rule-test message.eml    # which [[rule]] decides, and what each finds\n"
    "  otpctl extract --ndjson < messages.ndjson # one JSON object a line in, one out\n",
    add, run};

void add(CLI::App& app, Options& options) {
  add_text(app, "FILE", "FILE", options.file, "an e-mail (RFC 5322) or a text; '-' or nothing: standard input");
  add_flag(app, "--sms", options.sms, "it is the text of an SMS, whatever it looks like");
  add_text(app, "--message", "ID", options.message, "fetch the mail of this event of otpctl log from its mailbox");
  add_text(app, "--pattern", "REGEX", options.pattern, "the code is what the one group matches");
  add_value(
      app, "--length", "N|N-M",
      [&options](const std::string& text) -> Result<void> {
        const auto range = rpc::parse_length(text);
        if (!range) return fail(range.error());
        options.shortest = range->min;
        options.longest = range->max;
        return {};
      },
      "only codes of this many characters");
  add_flag_or_text(app, "--rule-test", "FROM", options.rule_test, "which rule decides, and what each of them finds");
  add_flag(app, "--ndjson", options.ndjson, "many messages: one JSON object a line in, one out");
  add_text(app, "--catch-all", "ADDRESS", options.catch_all, "address of the mailbox itself: recipient of a mail that names no other");
  add_flag(app, "--explain", options.explain, "show what was seen and why it was decided so");
  add_reading(app, options, "rules, patterns and mailboxes of this configuration");
}

namespace {

Result<void> learn_hints(const Options& options, const otpctl::config::Config& config, Knowledge& known) {
  auto configured = server::compile_hints(config);
  if (!configured) return fail(configured.error());
  known.hints = std::move(*configured);
  known.rules = config.rules;
  if (options.longest > 0) known.hints.lengths = code::Lengths{options.shortest, options.longest};
  if (options.pattern.empty()) return {};
  auto pattern = code::Pattern::compile(options.pattern);
  if (!pattern) return fail(pattern.error());
  known.hints.asked = std::move(*pattern);
  return {};
}

void learn_mailbox(const otpctl::config::Mailbox& mailbox, Knowledge& known) {
  if (auto address = message::normalise_address(mailbox.address)) known.mail.mailbox_address = *address;
  known.mail.recipient_headers = mailbox.recipient_headers;
}

/// The configuration that an agent here would read. One that is wrong is no reason not to look at a file.
Result<otpctl::config::Config> usual_config(const Options& options, Context& context) {
  const auto paths = resolve_paths(context.surroundings, options.config);
  if (!paths && options.config.empty()) return otpctl::config::Config();
  if (!paths) return fail(paths.error());
  auto config = server::read_config(paths->config, !options.config.empty(), context.surroundings.env);
  if (config && server::compile_hints(*config)) return config;
  const Error error = config ? server::compile_hints(*config).error() : config.error();
  if (!options.config.empty() || options.rule_test) return fail(error);
  warn(context, {"the configuration is not used: " + error.message, 0}, options.json);
  return otpctl::config::Config();
}

/// On a terminal in its lines and colours.
Shape shape_of(const Context& context) {
  const Looks looks = looks_of(context);
  return {looks.terminal ? size_of(context).columns : 0, looks.color};
}

ExitCode tell(const Options& options, Context& context, const Knowledge& known, const Looked& looked) {
  if (options.rule_test) return tell_rules(options, known, looked.message, context);
  const bool found = looked.verdict.outcome == code::Outcome::code;
  const ExitCode exit = found ? ExitCode::done : ExitCode::unreadable;
  if (options.json || options.explain) {
    const std::string text = options.json ? as_json(looked, options.explain) : explained(looked, shape_of(context));
    const ExitCode written = answer(context, text, options.json);
    return written == ExitCode::done ? exit : written;
  }
  if (!found) return report(context, {ErrorCode::no_code, why_not(looked.verdict)}, false);
  return answer(context, looked.verdict.codes.front().value + "\n", false);
}

ExitCode explain_message(const Options& options, Context& context) {
  const auto refuse = [&](const Error& error) { return report(context, error, options.json); };
  const auto fetched = fetch_message(options, context);
  if (!fetched) return refuse(fetched.error());
  Knowledge known;
  if (auto learnt = learn_hints(options, fetched->config, known); !learnt) return refuse(learnt.error());
  for (const auto& mailbox : fetched->config.mailboxes) {
    if (mailbox.name == fetched->mailbox) learn_mailbox(mailbox, known);
  }
  return tell(options, context, known, look_at(fetched->input, false, known));
}

}  // namespace

ExitCode run(const Options& options, Context& context) {
  const auto refuse = [&](const Error& error) { return report(context, error, options.json); };
  if (!options.env_file.empty()) {
    if (auto loaded = load_env_file(context, options.env_file); !loaded) return refuse(loaded.error());
  }
  if (options.ndjson && (options.explain || options.sms || !options.message.empty() || options.rule_test)) {
    return refuse({ErrorCode::usage, "--ndjson excludes --explain, --sms, --message and --rule-test"});
  }
  if (options.rule_test && (options.explain || !options.pattern.empty())) {
    return refuse({ErrorCode::usage, "--rule-test excludes --explain and --pattern"});
  }
  if (!options.message.empty()) {
    if (!options.file.empty() || options.sms) {
      return refuse({ErrorCode::usage, "--message excludes a file and --sms"});
    }
    return explain_message(options, context);
  }
  const auto config = usual_config(options, context);
  if (!config) return refuse(config.error());
  Knowledge known;
  known.region = config->default_region;
  if (auto learnt = learn_hints(options, *config, known); !learnt) return refuse(learnt.error());
  if (config->mailboxes.size() == 1) learn_mailbox(config->mailboxes.front(), known);
  if (!options.catch_all.empty()) {
    const auto address = message::normalise_address(options.catch_all);
    if (!address) return refuse({ErrorCode::usage, "--catch-all: " + address.error().message});
    known.mail.mailbox_address = *address;
  }
  if (options.ndjson) return run_batch(options, known, context);
  const auto input = read_input(options, context);
  if (!input) return refuse(input.error());
  return tell(options, context, known, look_at(*input, options.sms, known));
}

}  // namespace otpctl::apps::extract
