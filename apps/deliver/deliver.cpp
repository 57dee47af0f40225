#include "deliver/deliver.hpp"

#include "base/text.hpp"
#include "client/client.hpp"
#include "client/lmtp.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"

#include <algorithm>

namespace otpctl::apps::deliver {

const Command<Options> kCommand{
    "deliver",
    "  otpctl deliver bot5@example.com < message.eml\n"
    "  |/usr/bin/otpctl deliver                  # in .forward or a procmail recipe\n",
    add, run};

void add(CLI::App& app, Options& options) {
  add_texts(app, "RECIPIENT", "RECIPIENT", options.recipients,
            "whom it was delivered for; without one its headers decide");
  add_text(app, "-f,--sender", "ADDRESS", options.sender, "envelope sender, as sendmail takes it");
  add_json(app, options.json);
}

namespace {

constexpr std::size_t kLongestMessage = 64 * 1024 * 1024;
// An envelope without a recipient does not exist; with this one the headers decide alone.
constexpr char kUnknown[] = "unknown@otpctl.invalid";

/// The worst of the replies decides: a message that one recipient has may come again, one that is
/// lost may not.
Error verdict(const std::vector<client::LmtpReply>& replies) {
  const auto with = [&](int hundreds) {
    return std::find_if(replies.begin(), replies.end(),
                        [&](const auto& reply) { return reply.code / 100 == hundreds; });
  };
  if (const auto later = with(4); later != replies.end()) {
    return Error{ErrorCode::busy,
                 "not taken for " + printable(later->recipient) + ": " + later->text};
  }
  const auto never = with(5);
  if (never == replies.end())
    return Error{ErrorCode::busy, "the agent's answer cannot be understood"};
  return Error{ErrorCode::no_code,
               "refused for " + printable(never->recipient) + ": " + never->text};
}

std::string without_brackets(const std::string& address) {
  const bool bracketed = address.size() >= 2 && address.front() == '<' && address.back() == '>';
  return bracketed ? address.substr(1, address.size() - 2) : address;
}

}  // namespace

ExitCode run(const Options& options, Context& context) {
  const auto refuse = [&](const Error& error) { return report(context, error, options.json); };
  const auto message = context.in.read_all(kLongestMessage);
  if (!message && message.error().code == ErrorCode::usage)
    return refuse({ErrorCode::no_code, message.error().message});
  if (!message) return refuse(for_retry(message.error()));
  if (trim(*message).empty()) return refuse({ErrorCode::usage, "no message on standard input"});
  std::vector<std::string> recipients = options.recipients;
  if (recipients.empty()) recipients.emplace_back(kUnknown);
  std::transform(recipients.begin(), recipients.end(), recipients.begin(), without_brackets);
  const std::string sender = without_brackets(options.sender);
  if (const auto good = client::check_addresses(sender, recipients); !good) return refuse(good.error());

  const auto connection = hand_over_options(context);
  if (!connection) return refuse(try_later(connection.error()));
  const auto socket = client::Client(*connection).lmtp_socket();
  if (!socket) return refuse(for_retry(socket.error()));
  const auto replies = client::deliver(*socket, sender, recipients, *message);
  if (!replies) return refuse(for_retry(replies.error()));
  const bool all = std::all_of(replies->begin(), replies->end(),
                               [](const auto& reply) { return reply.code == 250; });
  if (!all) return refuse(verdict(*replies));
  if (!options.json) return ExitCode::done;
  return answer(context, "{\"v\":1,\"accepted\":" + std::to_string(replies->size()) + "}\n", true);
}

}  // namespace otpctl::apps::deliver
