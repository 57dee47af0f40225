// Finding the living agent, and starting one when there is none.
#pragma once

#include "base/paths.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "client/channel.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace otpctl::client {

/// Where no agent runs: `never` asks at no socket where systemd would start one for it, `by_unit` may wake one that way,
/// `if_needed` starts one itself.
enum class Start { never, by_unit, if_needed };

struct Options {
  Paths paths;
  std::string name;                                // what the hello says: "otpctl-wait 0.1.0"
  std::map<std::string, std::string> environment;  // rpc::kHelloEnvironment, those that are set
  Start start = Start::never;
  bool start_after_stop = false;  // `agent start`: also within 2 s after `agent stop`
  std::string agent_program;
  std::vector<std::string> agent_arguments;
  Duration hello_within = std::chrono::seconds(5);
  Duration start_within = std::chrono::seconds(10);
  std::shared_ptr<const std::vector<std::string>> inherits = {};  // by an agent that is started, see StartAround
  // Of an agent that is started, over those that it inherits; "": it does not get this one.
  std::map<std::string, std::string> agent_environment = {};
  int leash = -1;   // of an agent that is started: see StartAround
  std::function<void(const std::string&)> note = {};  // gets a line when an agent had to be ended by a signal
  int cancel = -1;  // readable: whoever finds, starts or connects ends with `cancelled`
};

/// Fills paths, name, environment and agent_program. $OTPCTL_START=never: no agent is started, whatever `start` says. `command` is "wait"; `config` as resolve_paths
/// takes it.
Result<Options> options_from(const Surroundings& surroundings, const std::string& command,
                             Start start, const std::string& config = {});

struct Found {
  Channel channel;
  std::string socket;
  std::string lmtp;  // the LMTP socket of the same agent
};

/// The same, starting none itself: by a socket unit at most.
Options not_starting(Options options);

/// Where find_agent() asks, the best first. Without a `start` that allows it no socket of this store, as soon as it has had
/// an agent and has none now: whoever listens there would start one.
std::vector<std::string> sockets_to_ask(const Paths& paths, Start start);

/// Tries the socket that agent.json names, then Paths::candidates. `agent_unreachable` when nobody
/// listens; `timeout` when one does but does not take us; `permission` when it is another user's.
Result<Found> find_agent(const Options& options, Instant until);

/// find_agent; when nobody listens and Options::start allows it, starts one under start.lock, after
/// looking again: of many clients that come at once one starts it and all find it.
Result<Found> find_or_start(const Options& options);

/// True for 2 s after `agent stop`: nobody starts an agent then.
bool stopped_just_now(const Paths& paths);

/// `agent restart`: under start.lock ends the living agent (its waiters come back by themselves),
/// waits until it is gone, starts the next. Without a living agent it is a start. Returns the pid
/// of the new one.
Result<int> restart_agent(const Options& options);

/// `agent stop`: returns when the agent is gone (its connection and agent.lock are closed). The pid
/// that it had. One that cannot be asked (it hangs, or speaks another protocol) gets SIGTERM instead, as in a restart.
Result<int> stop_agent(const Options& options);

}  // namespace otpctl::client
