#include "doctor/facts.hpp"

#include "server/check.hpp"
#include "shared/agent.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace otpctl::apps::doctor {

namespace {

constexpr Duration kAgentWithin = std::chrono::seconds(3);

/// The last time at which the agent took up a configuration, as far as its timeline says.
std::optional<WallTime> last_taken(client::Client& client, const AgentStatus& status, WallTime since) {
  if (status.started >= since) return status.started;
  rpc::Events asked;
  asked.since = since;
  asked.types = {EventType::agent};
  const auto page = client.ask<rpc::EventsResult>(asked, kAgentWithin);
  if (!page) return std::nullopt;
  std::optional<WallTime> taken;
  for (const Event& event : page->events) {
    if (event.state == "reloaded" || event.state == "started") taken = event.at;
  }
  return taken;
}

Agent ask_agent(const Facts& facts) {
  Agent agent;
  auto connection = agent_options(facts.context, client::Start::never, facts.options.config);
  if (!connection) return agent;  // said of the paths
  connection->hello_within = kAgentWithin;
  const auto there = client::find_agent(*connection, BootClock::now() + kAgentWithin);
  if (!there) {
    const bool none = there.error().code == ErrorCode::agent_unreachable;
    agent.found = none ? Agent::Found::none : Agent::Found::silent;
    if (!none) agent.trouble = there.error();
    return agent;
  }
  const auto environment = std::exchange(connection->environment, {});
  client::Client client(*connection);
  const Instant asked = BootClock::now();
  auto status = client.ask<AgentStatus>(rpc::Status{}, kAgentWithin);
  agent.answered_in = BootClock::now() - asked;
  agent.found = status ? Agent::Found::answers : Agent::Found::silent;
  if (!status) {
    agent.trouble = status.error();
    return agent;
  }
  agent.status = std::move(*status);
  if (auto health = client.ask<HealthReport>(rpc::Health{}, kAgentWithin)) agent.health = std::move(*health);
  if (const auto since = changed(facts.paths->config)) agent.config_taken = last_taken(client, agent.status, *since);
  if (!environment.empty()) {
    connection->environment = environment;
    const auto answer = client::Client(*connection).ask<AgentStatus>(rpc::Status{}, kAgentWithin);
    if (!answer && answer.error().code == ErrorCode::config) agent.other_mailbox = answer.error();
  }
  return agent;
}

WallTime time_of(const timespec& time) {
  return WallTime(std::chrono::seconds(time.tv_sec) +
                  std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(time.tv_nsec)));
}

}  // namespace

std::optional<WallTime> changed(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return std::max(time_of(info.st_mtim), time_of(info.st_ctim));
}

bool is_locked(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return false;
  char wanted[64];  // as the kernel writes it: device in hex, inode in decimal
  std::snprintf(wanted, sizeof wanted, "%02x:%02x:%llu", major(info.st_dev), minor(info.st_dev),
                static_cast<unsigned long long>(info.st_ino));
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words(line);
    std::string number, kind, advice, access, pid, place;
    if (words >> number >> kind >> advice >> access >> pid >> place && kind == "FLOCK" && place == wanted) return true;
  }
  return false;
}

Facts gather(const Options& options, const Context& context) {
  Facts facts{context, options, {}, {}, {}, {}, {}, context.now()};
  auto paths = resolve_paths(context.surroundings, options.config);
  if (!paths) {
    facts.no_paths = paths.error();
    return facts;
  }
  facts.paths = std::move(*paths);
  auto config = server::read_config(facts.paths->config, !options.config.empty(), context.surroundings.env, &facts.problems);
  if (config) {
    facts.problems = server::config_problems(*config, context.surroundings.env);
    facts.config = std::move(*config);
  }
  facts.agent = ask_agent(facts);
  return facts;
}

}  // namespace otpctl::apps::doctor
