#include "sms/sms.hpp"

#include "base/text.hpp"
#include "client/client.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"

namespace otpctl::apps::sms {

const Command<Options> kCommand{
    "sms",
    "  otpctl sms --from Shop --to +905551112233 < message.txt\n"
    "  echo \"$SMS_1_TEXT\" | otpctl sms --from \"$SMS_1_NUMBER\" --to +905551112233   # gammu\n",
    add, run};

void add(CLI::App& app, Options& options) {
  add_text(app, "TEXT", "TEXT", options.text, "the text; '-' or nothing: read from standard input");
  add_text(app, "--from", "SENDER", options.from, "number or name of the sender");
  add_text(app, "--to", "NUMBER", options.to, "the number that received it");
  add_time(app, "--sent", options.sent, "when it was sent: 2026-11-20T09:33:58Z");
  add_text(app, "--id", "ID", options.id, "the provider's id: the same SMS again is no second one");
  add_json(app, options.json);
}

namespace {

constexpr std::size_t kLongestText = 16 * 1024;

}  // namespace

ExitCode run(const Options& options, Context& context) {
  const auto refuse = [&](const Error& error) { return report(context, error, options.json); };
  if (options.to.empty())
    return refuse({ErrorCode::usage, "--to is missing: the number that received the SMS"});
  // Whatever a gateway says of the sender, the SMS itself must not be lost.
  rpc::Sms sms{options.text, printable(options.from), options.to, options.sent, options.id};
  if (sms.text.empty() || sms.text == "-") {
    auto text = context.in.read_all(kLongestText);
    if (!text) return refuse(for_retry(text.error()));
    sms.text = to_valid_utf8(*text);
  }
  if (trim(sms.text).empty() || sms.text.find('\0') != std::string::npos) {
    return refuse({ErrorCode::usage, "the SMS has no text"});
  }
  const auto connection = hand_over_options(context);
  if (!connection) return refuse(try_later(connection.error()));
  const auto result = client::Client(*connection).ask<rpc::SmsResult>(sms);
  if (!result) return refuse(for_retry(result.error()));
  return options.json ? answer_json(context, *result) : ExitCode::done;
}

}  // namespace otpctl::apps::sms
