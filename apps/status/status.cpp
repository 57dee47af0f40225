#include "status/status.hpp"

#include "base/text.hpp"
#include "client/client.hpp"
#include "shared/agent.hpp"
#include "shared/layout.hpp"
#include "shared/output.hpp"

namespace otpctl::apps::status {

const Command<Options> kCommand{"status",
                                "  otpctl status\n"
                                "  otpctl status --json | jq '.sources[].state'\n",
                                add, run};

void add(CLI::App& app, Options& options) { add_json(app, options.json); }

namespace {

std::string configuration_of(const AgentStatus& status) {
  if (!status.config.empty()) return printable(status.config);
  return status.sources.empty() ? "none (embedded default)" : "from the environment";
}

std::string state_of(const WaiterInfo& waiter) {
  if (waiter.queued) return "in line";
  return waiter.ambiguous ? "ambiguous: otpctl manual decides" : "waiting";
}

int messages_seen(const WaiterInfo& waiter) {
  int count = 0;
  for (const Seen& seen : waiter.seen) count += seen.count;
  return count;
}

std::string sources_in_words(const AgentStatus& status, WallTime now, int columns) {
  if (status.sources.empty()) return "no sources\n";
  std::vector<std::vector<std::string>> rows{{"SOURCE", "KIND", "MESSAGES", "RECONNECTS", "STATE"}};
  for (const SourceStatus& source : status.sources) {
    rows.push_back({printable(source.name), printable(source.kind), std::to_string(source.messages),
                    std::to_string(source.reconnects), describe(source, now)});
  }
  return table_in(rows, columns);
}

std::string waiters_in_words(const AgentStatus& status, WallTime now, int columns) {
  if (status.waiters.empty()) return "nobody waits\n";
  std::vector<std::vector<std::string>> rows{
      {"WAITS FOR", "SESSION", "PID", "SINCE", "LEFT", "SEEN", "STATE"}};
  for (const WaiterInfo& waiter : status.waiters) {
    rows.push_back({words_for(waiter.target), waiter.session.substr(0, 8),
                    std::to_string(waiter.pid), ago(waiter.since, now),
                    waiter.deadline ? ago(now, *waiter.deadline) : "no limit",
                    std::to_string(messages_seen(waiter)), state_of(waiter)});
  }
  return table_in(rows, columns);
}

std::string plural(std::uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

std::string in_words(const AgentStatus& status, WallTime now, int columns) {
  std::string text = "otpctl " + printable(status.version) + ", pid " + std::to_string(status.pid) +
                     ", running for " + ago(status.started, now) + "\n";
  text += "home " + printable(status.home) + ", configuration " +
          configuration_of(status) + "\n";
  text += plural(static_cast<std::uint64_t>(status.sessions), "session") + ", " +
          plural(static_cast<std::uint64_t>(status.codes_pending), "code") + " kept for later, " +
          plural(status.codes_delivered, "code") + " handed over\n\n";
  text = folded(text, columns) + sources_in_words(status, now, columns) + "\n" + waiters_in_words(status, now, columns);
  if (status.more > 0) text += "and " + std::to_string(status.more) + " more\n";
  return text;
}

ExitCode run(const Options& options, Context& context) {
  auto connection = agent_options(context, client::Start::never);
  if (!connection) return report(context, connection.error(), options.json);
  connection->environment.clear();  // what runs is shown, whatever mailbox the caller's is
  const auto status = client::Client(*connection).ask<AgentStatus>(rpc::Status{});
  if (!status) return report(context, status.error(), options.json);
  if (options.json) return show_json(context, *status);
  return show(context, in_words(*status, context.now().wall, columns_of(context)), false);
}

}  // namespace otpctl::apps::status
