#include "complete/complete.hpp"

#include "base/text.hpp"
#include "client/client.hpp"
#include "shared/agent.hpp"

#include <algorithm>
#include <csignal>
#include <sys/time.h>
#include <unistd.h>

namespace otpctl::apps::complete {

const Command<Options> kCommand{"complete", "  otpctl complete recipients bot\n", add, run};

void add(CLI::App& app, Options& options) {
  add_text(app, "WHAT", "WHAT", options.what, "recipients, sessions, waiters or sources");
  add_text(app, "PREFIX", "PREFIX", options.prefix, "only those that begin with it");
}

namespace {

constexpr auto kGoneAfter = std::chrono::milliseconds(80);  // whatever hangs
constexpr std::size_t kLongestName = 256;

void add_recipients(std::vector<std::string>& names, const Target& target) {
  for (const std::string& each : {target.email, target.phone}) {
    if (!each.empty()) names.push_back(each);
  }
}

/// Asks until its time is over: what was answered by then is offered.
class Asker {
 public:
  Asker(const client::Options& agent, Instant until) : agent_(agent), until_(until) {}

  std::vector<std::string> sessions(bool their_recipients) {
    std::vector<std::string> names;
    std::string after;
    for (bool more = true; more;) {
      const auto page = ask<rpc::SessionListResult>(rpc::SessionList{after});
      if (!page) break;
      more = page->more && !page->sessions.empty() && page->sessions.back().id > after;
      for (const SessionInfo& each : page->sessions) {
        if (their_recipients) {
          add_recipients(names, each.target);
        } else {
          names.push_back(each.id);
        }
        after = each.id;
      }
    }
    return names;
  }

  /// By the status: unlike the list for operators it holds no codes.
  void add_waiting(std::vector<std::string>& names) {
    const auto status = ask<AgentStatus>(rpc::Status{});
    if (!status) return;
    for (const WaiterInfo& each : status->waiters) add_recipients(names, each.target);
  }

  void add_sources(std::vector<std::string>& names) {
    const auto health = ask<HealthReport>(rpc::Health{});
    if (!health) return;
    for (const SourceHealth& each : health->sources) names.push_back(each.status.name);
  }

 private:
  template <class T>
  Result<T> ask(const rpc::Request& request) {
    const Duration left = std::chrono::floor<Duration>(until_ - BootClock::now());
    if (left <= Duration(0)) return fail(ErrorCode::agent_unreachable, "its time is over");
    return agent_.ask<T>(request, left);
  }

  client::Client agent_;
  Instant until_;
};

std::vector<std::string> names_of(const std::string& what, Asker asker) {
  std::vector<std::string> names;
  if (what == "waiters" || what == "recipients") asker.add_waiting(names);
  if (what == "sources") asker.add_sources(names);
  if (what == "sessions" || what == "recipients") {
    for (std::string& each : asker.sessions(what == "recipients")) names.push_back(std::move(each));
  }
  return names;
}

void leave(int) { _exit(0); }

}  // namespace

std::string lines_of(std::vector<std::string> names, const std::string& prefix) {
  std::erase_if(names, [&](const std::string& name) {
    return name.empty() || name.front() == '-' || name.size() > kLongestName ||
           name.compare(0, prefix.size(), prefix) != 0 || printable(name, kLongestName) != name;
  });
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  std::string text;
  for (const std::string& each : names) text += each + "\n";
  return text;
}

ExitCode run(const Options& options, Context& context) {
  auto connection = agent_options(context, client::Start::never);
  if (!connection) return ExitCode::done;
  connection->environment.clear();
  connection->hello_within = options.patience;
  Asker asker(*connection, BootClock::now() + options.patience);
  static_cast<void>(context.out.write(lines_of(names_of(options.what, std::move(asker)), options.prefix)));
  return ExitCode::done;
}

int main_of(int argc, char** argv) {
  std::signal(SIGALRM, leave);
  const itimerval soon{{0, 0}, {0, std::chrono::microseconds(kGoneAfter).count()}};
  setitimer(ITIMER_REAL, &soon, nullptr);
  Context context = Context::real(kCommand.name);
  guarded(context, [&] {
    Options options;
    const AppPtr app = make_app(kCommand.name, kCommand.examples);
    add(*app, options);
    const Parsed parsed = parse(*app, {argv + 1, argv + argc});
    if (parsed && *parsed) static_cast<void>(context.out.write(**parsed));
    return parsed && !*parsed ? run(options, context) : ExitCode::done;
  });
  return 0;
}

}  // namespace otpctl::apps::complete
