#include "client/find.hpp"

#include "base/text.hpp"
#include "base/private_folder.hpp"
#include "client/agent_file.hpp"
#include "client/client.hpp"
#include "client/end_by_signal.hpp"
#include "client/lock_file.hpp"
#include "client/start.hpp"

#include <otpctl/version.hpp>

#include <algorithm>
#include <unistd.h>

namespace otpctl::client {

namespace {

constexpr char kSystemSocket[] = "/run/otpctl/agent.sock";

std::string beside(const std::string& socket) {
  return socket.substr(0, socket.rfind('/') + 1) + "lmtp.sock";
}

/// Another user's system service does not keep anybody from an agent of his own, once he has a
/// configuration.
bool may_pass(const std::string& socket, const Error& error, const Paths& paths) {
  if (error.code == ErrorCode::agent_unreachable) return true;
  return error.code == ErrorCode::permission && socket == kSystemSocket &&
         access(paths.config.c_str(), F_OK) == 0;
}

}  // namespace

bool stopped_just_now(const Paths& paths) {
  const auto file = agent_file(paths);
  if (!file || !file->stopped) return false;
  const Duration age = read_clocks().wall - *file->stopped;
  return age >= Duration(0) && age < rpc::kStoppedFor;
}

Result<Options> options_from(const Surroundings& surroundings, const std::string& command,
                             Start start, const std::string& config) {
  auto paths = resolve_paths(surroundings, config);
  if (!paths) return fail(paths.error());
  Options options;
  options.paths = std::move(*paths);
  options.name = "otpctl-" + command + " " + kVersion;
  for (const std::string_view name : rpc::kHelloEnvironment) {
    const std::string key(name);
    if (std::string value = surroundings.env(key.c_str()); !value.empty())
      options.environment[key] = value;
  }
  const std::string may_start = surroundings.env("OTPCTL_START");
  if (!may_start.empty() && may_start != "never" && may_start != "auto")
    return fail(ErrorCode::usage, "OTPCTL_START is auto or never, not '" + printable(may_start, 40) + "'");
  options.start = may_start == "never" ? Start::never : start;
  options.agent_program = agent_program(surroundings);
  return options;
}

Options not_starting(Options options) {
  options.start = std::min(options.start, Start::by_unit);
  return options;
}

namespace {

/// `file`: what the last agent of this store has written.
std::vector<std::string> sockets_to_ask(const Paths& paths, Start start, const std::optional<rpc::AgentFile>& file) {
  const bool none_lives = start == Start::never && is_let_go(paths.agent_lock);
  std::vector<std::string> sockets = none_lives ? paths.of_others : paths.candidates;
  if (!file || file->socket.empty()) return sockets;
  std::erase(sockets, file->socket);
  // A socket unit goes on listening when its agent was stopped; to ask there would start the next one.
  const bool ended = none_lives || (file->stopped && start != Start::if_needed);
  if (!ended) sockets.insert(sockets.begin(), file->socket);
  return sockets;
}

}  // namespace

std::vector<std::string> sockets_to_ask(const Paths& paths, Start start) {
  return sockets_to_ask(paths, start, agent_file(paths));
}

Result<Found> find_agent(const Options& options, Instant until) {
  const auto file = agent_file(options.paths);
  const auto sockets = sockets_to_ask(options.paths, options.start, file);
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    auto channel = Channel::connect(sockets[i], until, options.cancel);
    if (channel) {
      const bool named = file && file->socket == sockets[i] && !file->lmtp.empty();
      return Found{std::move(*channel), sockets[i], named ? file->lmtp : beside(sockets[i])};
    }
    if (!may_pass(sockets[i], channel.error(), options.paths)) return fail(channel.error());
  }
  return fail(ErrorCode::agent_unreachable,
              "no agent is running (start it with `otpctl agent start`)");
}

namespace {

StartAround surroundings_of(const Options& options) {
  return StartAround{options.inherits, options.agent_environment, options.cancel, options.leash};
}

/// After the start of an agent that found another one just starting: that one will be there in a
/// moment.
Result<Found> find_the_other(const Options& options, const Error& busy, Instant until) {
  Duration nap = std::chrono::milliseconds(25);
  for (;;) {
    auto found = find_agent(options, until);
    if (found || found.error().code != ErrorCode::agent_unreachable) return found;
    const Instant next = BootClock::now() + nap;
    if (next >= until) return fail(busy);
    if (pause_unless(options.cancel, -1, next) == Woke::watched) return fail(cancelled());
    nap = std::min<Duration>(nap * 2, std::chrono::seconds(1));
  }
}

Result<Found> start_and_find(const Options& options, Instant until) {
  const auto started = start_agent(options.agent_program, options.agent_arguments, until, surroundings_of(options));
  if (!started && started.error().code == ErrorCode::busy)
    return find_the_other(options, started.error(), until);
  if (!started) return fail(started.error());
  return find_agent(options, until);
}

}  // namespace

Result<Found> find_or_start(const Options& options) {
  auto found = find_agent(options, BootClock::now() + options.hello_within);
  if (found || options.start != Start::if_needed || found.error().code != ErrorCode::agent_unreachable)
    return found;
  const Instant until = BootClock::now() + options.start_within;
  if (auto folder = make_private_folder(options.paths.state); !folder) return fail(folder.error());
  const auto lock = lock_file(options.paths.start_lock, until, options.cancel);
  if (!lock && lock.error().code == ErrorCode::busy) {
    return fail(ErrorCode::agent_unreachable,
                "another command has been starting the agent for too long");
  }
  if (!lock) return fail(lock.error());
  found = find_agent(options, until);
  if (found || found.error().code != ErrorCode::agent_unreachable) return found;
  if (!options.start_after_stop && stopped_just_now(options.paths)) {
    return fail(ErrorCode::agent_unreachable,
                "the agent was stopped just now (start it with `otpctl agent start`)");
  }
  return start_and_find(options, until);
}

namespace {

constexpr Duration kStopWithin = std::chrono::seconds(15);

/// Whether the agent of this store is the one that could not be asked, and not one that listens elsewhere.
bool may_be_signalled(const Options& options, const Error& error) {
  if (error.code == ErrorCode::permission || error.code == ErrorCode::config || error.code == ErrorCode::cancelled)
    return false;
  const auto file = agent_file(options.paths);
  const auto found = find_agent(options, BootClock::now() + std::chrono::seconds(1));
  return file && (!found || found->socket == file->socket);
}

Result<int> end_unasked(const Options& options, const Error& error) {
  if (!may_be_signalled(options, error)) return fail(error);
  const auto ended = end_by_signal(options.paths, BootClock::now() + std::chrono::seconds(10));
  if (!ended) return fail(ended.error().code == ErrorCode::not_found ? error : ended.error());
  if (options.note) options.note("the agent (pid " + std::to_string(*ended) + ") could not be asked, SIGTERM ended it");
  return ended;
}

/// Asks it to end and returns when it is gone.
Result<int> end_agent(const Options& options, bool restart) {
  Options never = options;
  never.start = Start::never;
  Client agent(never);
  const auto stopped = agent.ask<rpc::StopResult>(rpc::Stop{restart});
  if (!stopped) return end_unasked(never, stopped.error());
  const Instant until = BootClock::now() + kStopWithin;
  auto ended = agent.await_end(until);
  // One of another machine, through a tunnel, has none here, and none is made: it would say that no agent runs.
  if (ended && access(options.paths.agent_lock.c_str(), F_OK) == 0) {
    if (const auto lock = lock_file(options.paths.agent_lock, until); !lock)
      ended = fail(lock.error());
  }
  if (!ended) {
    return fail(ErrorCode::agent_unreachable,
                "the agent (pid " + std::to_string(stopped->pid) + ") does not end");
  }
  return stopped->pid;
}

/// The agent after the one that has ended: woken where a socket unit listens, else started. The peer of the socket may be
/// that unit's manager, so the agent itself says its pid.
Result<int> pid_of_next(Options options) {
  options.start = Start::if_needed;
  const Instant until = BootClock::now() + options.start_within;
  auto found = find_agent(options, until);
  if (!found && found.error().code == ErrorCode::agent_unreachable) found = start_and_find(options, until);
  if (!found) return fail(found.error());
  Client agent(options);
  const auto status = agent.ask<AgentStatus>(rpc::Status{});
  if (!status) return fail(status.error());
  return status->pid;
}

}  // namespace

Result<int> stop_agent(const Options& options) { return end_agent(options, false); }

Result<int> restart_agent(const Options& options) {
  if (auto folder = make_private_folder(options.paths.state); !folder) return fail(folder.error());
  const auto lock = lock_file(options.paths.start_lock, BootClock::now() + options.start_within);
  if (!lock) return fail(lock.error());
  // A configuration that the next agent would refuse must not cost the one that works.
  std::vector<std::string> asking = options.agent_arguments;
  asking.push_back("--check");
  if (auto good = start_agent(options.agent_program, asking, BootClock::now() + options.start_within,
                              surroundings_of(options)); !good)
    return fail(good.error());
  const auto ended = end_agent(options, true);
  const bool none = !ended && ended.error().code == ErrorCode::agent_unreachable &&
                    !find_agent(options, BootClock::now() + options.hello_within);
  if (!ended && !none) return fail(ended.error());
  return pid_of_next(options);
}

}  // namespace otpctl::client
