#include "watch/watch.hpp"

#include "shared/agent.hpp"
#include "shared/output.hpp"
#include "watch/follow.hpp"

namespace otpctl::apps::watch {

const Command<Options> kCommand{
    "watch",
    "  otpctl watch\n"
    "  otpctl watch --email 'bot*@example.com' --since 10m\n"
    "  otpctl watch --type message,wait | jq -r 'select(.verdict==\"none\").reason'\n",
    add, run};

void add(CLI::App& app, Options& options) {
  add_which(app, options.recipient, options.types);
  add_moment(app, "--since", options.since, "begin so long ago (10m) or then [now]");
  add_value(
      app, "--after", "ID",
      [&options](const std::string& text) -> Result<void> {
        const bool digits = !text.empty() && text.size() <= 18 && text.find_first_not_of("0123456789") == text.npos;
        if (!digits) return fail(ErrorCode::usage, "an id is a whole number: the `id` of the last event seen");
        options.after = std::stoull(text);
        return {};
      },
      "begin behind the event with this id");
  add_flag(app, "--plain", options.plain, "one line of words an event, no escapes");
  add_flag(app, "--exit-with-agent", options.exit_with_agent, "end with 69 when the agent ends, do not look for it");
  add_flag(app, "--json", options.json, "one JSON object an event, also on a terminal");
}

namespace {

Result<void> check(const Options& options) {
  if (options.since && options.after) return fail(ErrorCode::usage, "--since and --after exclude each other");
  if (options.plain && options.json) return fail(ErrorCode::usage, "--plain and --json exclude each other");
  return {};
}

}  // namespace

ExitCode run(const Options& options, Context& context) {
  if (const auto good = check(options); !good) return report(context, good.error(), options.json);
  auto agent = agent_options(context, client::Start::never);
  if (!agent) return report(context, agent.error(), options.json);
  if (!context.out.is_open())
    return report(context, Error{ErrorCode::storage, "standard output is closed"}, options.json);
  rpc::Events from;
  from.after = options.after;
  if (options.since) from.since = resolve(*options.since, context.now().wall, local_zone());
  from.recipient = options.recipient;
  from.types = options.types;
  from.follow = true;
  const Looks looks = looks_of(context);
  if (looks.escapes && !options.plain && !options.json)
    return follow_on_screen(options, context, std::move(*agent), std::move(from), looks);
  const bool in_json = options.json || (!looks.terminal && !options.plain);
  return follow_in_lines(options, context, std::move(*agent), std::move(from), in_json, looks.utf8);
}

}  // namespace otpctl::apps::watch
