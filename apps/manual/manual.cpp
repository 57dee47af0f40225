#include "manual/manual.hpp"

#include "base/digits.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "client/client.hpp"
#include "client/pages.hpp"
#include "manual/conversation.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"

namespace otpctl::apps::manual {

namespace {

constexpr std::size_t kLongestCode = 256;

}  // namespace

const Command<Options> kCommand{
    "manual",
    "  otpctl manual                               # who waits? choose, then type the code\n"
    "  otpctl manual bot5@example.com              # asks for the code\n"
    "  echo 482913 | otpctl manual bot5\n"
    "  otpctl manual 1c8f 482913                   # others may see it in ps(1)\n",
    add, run};

void add(CLI::App& app, Options& options) {
  add_filled(app, "TARGET", "TARGET", options.target,
           "session id or recipient; a unique part of either is enough");
  add_text(app, "CODE", "CODE", options.code,
           "the code; without it it is read from standard input");
  add_flag(app, "--follow", options.follow, "go on: to the next who waits, or until somebody does");
  add_flag(app, "--plain", options.plain, "no colors");
  add_json(app, options.json);
}

Result<void> check(const std::string& code) {
  if (code.empty()) return fail(ErrorCode::usage, "no code was given");
  if (code.size() > kLongestCode || printable(code, kLongestCode) != code) {
    return fail(ErrorCode::usage, "that is no code: it is one printable line of at most " +
                                      std::to_string(kLongestCode) + " bytes");
  }
  return {};
}

std::string in_words(const rpc::ManualResult& result) {
  const std::string recipient = printable(result.recipient);
  if (result.delivered) return "handed over to a wait for " + recipient + "\n";
  return "kept for the next wait for " + recipient + "\n";
}

namespace {

/// Shown as it is typed: a mistyped code costs a login, a seen one is worth nothing a minute later.
Result<std::string> read_code(const Options& options, Context& context) {
  if (!options.code.empty()) return options.code;
  if (context.in_tty)
    static_cast<void>(context.err.write("code for " + printable(options.target) + ": "));
  return context.in.read_line(kLongestCode);
}

ExitCode enter(const Options& options, Context& context) {
  const auto code = read_code(options, context);
  if (!code) return report(context, code.error(), options.json);
  rpc::Manual entry{options.target, as_code(*code)};
  if (const auto good = check(entry.code); !good)
    return report(context, good.error(), options.json);
  const auto connection = hand_over_options(context);
  if (!connection) return report(context, connection.error(), options.json);
  const auto result = client::Client(*connection).ask<rpc::ManualResult>(entry);
  wipe(entry.code);
  if (!result) return report(context, result.error(), options.json);
  if (options.json) return answer_json(context, *result);
  return answer(context, in_words(*result), false);
}

ExitCode list(const Options& options, Context& context, const client::Options& connection) {
  client::Client agent(connection);
  auto all = client::all_waiters(agent);
  if (!all) return report(context, all.error(), options.json);
  if (options.json) return show_json(context, rpc::WaitersResult{std::move(*all), false});
  if (all->empty()) return show(context, "nobody waits\n", false);
  const Looks looks = looks_of(context);
  const View view{looks.terminal ? size_of(context).columns : 0, !looks.terminal || looks.utf8};
  std::string text;
  for (const Line& each : in_lines(Board(std::move(*all)), {}, context.now().wall, view)) text += each.text + "\n";
  return show(context, text, false);
}

}  // namespace

ExitCode run(const Options& options, Context& context) {
  const bool asks = context.in_tty && context.err_tty && !options.json;
  if (options.follow && (!options.target.empty() || !asks)) {
    return report(context, Error{ErrorCode::usage, "--follow asks on a terminal, and takes no target"},
                  options.json);
  }
  const bool settles = !options.target.empty() && options.code.empty() && context.in_tty && context.err_tty;
  if (!options.target.empty() && !settles) return enter(options, context);
  const auto connection = hand_over_options(context);  // who waits is shown, whatever mailbox the caller's is
  if (!connection) return report(context, connection.error(), options.json);
  if (!asks && !settles) return list(options, context, *connection);
  const auto exit = Conversation(options, context, *connection).run();
  return exit ? *exit : enter(options, context);
}

}  // namespace otpctl::apps::manual
