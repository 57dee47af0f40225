// otpctl for programs in C++: one-time codes from the agent of this user.
//
//   otpctl::Client client;                                        // finds the agent, or starts it when it is needed
//   auto session = client.register_session({.target = {.email = "bot5@example.com"}});
//   if (!session) return complain(session.error());
//   …                                                             // trigger the login: the mail is sent now
//   auto outcome = client.wait({.session = session->id, .timeout = std::chrono::minutes(2)});
//   if (outcome && outcome->delivered) use(outcome->delivered->code);
//   client.close_session(session->id);
//
// Thread-safe: every method may be called from every thread at the same time; each blocks only its caller. (Moving and
// destroying are not: they wait for nobody.) No exceptions but std::bad_alloc and those of your own functions. No
// third-party types. Nothing here reads or prints standard streams, changes signal dispositions or raises SIGPIPE; no
// connection is kept between two calls, none takes the place of a closed stream 0, 1 or 2, all are closed by exec.
// Starting an agent forks a child that ends at once, and one before it where another process is just starting one: a
// SIGCHLD handler may see them. After fork() parent and child may both go on with
// the Client, but a child that neither execs nor ends keeps what was connected just then from closing when its parent dies.
// Texts that others wrote (senders, subjects, servers' words) come as they are: escape them before a terminal sees them.
// docs/agent-protocol.md is what happens below.
#pragma once

#include <otpctl/error.hpp>
#include <otpctl/outcome.hpp>
#include <otpctl/types.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace otpctl {

/// The environment is read once, by the constructor of Client; an agent that it starts later gets that one.
struct ClientOptions {
  std::string home = {};         // as OTPCTL_HOME, from the root; OTPCTL_SOCKET does not count then. Empty: the environment says
  std::string config = {};       // as --config of an agent that is started; empty: the usual one
  bool start_agent = true;  // wait and register_session start an agent where none runs (not with OTPCTL_START=never)
  std::string agent_program = {};  // otpctl-agentd; empty: $OTPCTL_AGENTD, else that of the installation of this library
  std::string name = "libotpctl";  // what the agent's log calls this program
};

struct RegisterOptions {
  Target target = {};
  Filters filters = {};
  std::optional<Duration> ttl = {};  // nothing: the configured one
  std::string country = {};          // "TR": how a national phone number is meant
  std::string metadata = "{}";  // JSON object, at most 8 KiB
  bool exclusive = false;       // nobody else may wait for the target while it lives …
  std::optional<Duration> queue = {};  // … stand in line that long; nothing: `busy` at once
};

struct WaitOptions {
  std::string session = {};  // id or unique prefix, or
  Target target = {};        // a wait of its own
  Filters filters = {};
  std::optional<Duration> timeout = {};  // nothing: the configured one (120 s). 0: what is there now
  bool no_limit = false;
  std::optional<Duration> since = {};    // look-back of a wait without session; 0: from now; nothing: the configured one
  bool exclusive = false;
  std::optional<Duration> queue = {};
  bool fail_fast = false;           // end at the first cause instead of at the deadline
  std::function<void(const std::string&)> on_warning = {};  // one printable line; called on the waiting thread
};

/// Exactly one of `delivered` and `end`.
struct WaitOutcome {
  std::optional<Delivered> delivered = {};
  std::optional<WaitEnd> end = {};  // the reason, and what a command would have exited with
  bool acknowledged = false;   // nobody else gets the code. False: the agent died with it and was not back within 3 s
};

struct Sms {
  std::string text = {};
  std::string from = {};
  std::string to = {};
  std::optional<WallTime> sent = {};
  std::string id = {};  // the provider's: the same one again is a duplicate
};
struct SmsTaken {
  bool duplicate = false;
  bool delivered = false;  // a blocked waiter got its code
};

struct Entry {
  std::string target = {};  // session, wait, recipient, or a unique part of one that is asked for
  std::string code = {};
  bool waiting_only = false;  // nobody waits any more: `not_found`, nothing is kept
};
struct EntryTaken {
  std::string recipient = {};
  bool delivered = false;  // to somebody who was blocked; else it is kept for who comes next
  int waiting = 0;         // how many still wait for the recipient
};

struct WatchOptions {
  std::optional<std::uint64_t> after = {};  // the id of the last event seen; or
  std::optional<WallTime> since = {};       // from then on; neither: from now on
  std::string recipient = {};               // glob; empty: all
  std::vector<EventType> types = {};        // none: all
};

class Client {
 public:
  explicit Client(ClientOptions options = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  /// Asks whether all would work: an agent runs, it is ours, it speaks our protocol and watches the mailbox that the
  /// environment names. Starts none: `agent_unreachable`. Not needed before other calls.
  Outcome<void> connect();

  // Each call is given up after 10 s with `agent_unreachable` when an agent hangs, as the commands do; one that has to start
  // an agent gives that 10 s of its own. stop() takes 25 s at most (it asks, then SIGTERM or the end that the agent has
  // agreed to may take 15 s), restart(), which checks, stops and starts, 70 s. One that only asks
  // (connect, sessions, session, health, status) asks once more when the agent was restarted meanwhile; one that changes
  // something does not, and `agent_unreachable` says that it may have happened or not.

  /// Interest from now on: mail that the login triggers afterwards counts, older mail never does.
  Outcome<SessionInfo> register_session(const RegisterOptions& options);
  Outcome<std::vector<SessionInfo>> sessions();
  Outcome<SessionInfo> session(const std::string& id);
  Outcome<SessionInfo> mark_session(const std::string& id);  // codes that arrive from now on count
  Outcome<SessionInfo> refresh_session(const std::string& id, std::optional<Duration> ttl = {});
  Outcome<SessionInfo> close_session(const std::string& id);

  /// Blocks until the code, the end of the wait, or `stop`. Survives a restart of the agent. The code is
  /// acknowledged before this returns (see WaitOutcome). Errors: `cancelled` (stop was requested, this returns at once; a
  /// code that was on its way goes to the next waiter), `agent_unreachable`, `usage`, `not_found`, `busy` …
  Outcome<WaitOutcome> wait(const WaitOptions& options, std::stop_token stop = {});

  Outcome<SmsTaken> submit_sms(const Sms& sms);
  Outcome<EntryTaken> submit_code(const Entry& entry);

  /// Calls `on_event` on the calling thread, in order, none left out and none twice, over restarts of the agent. Returns
  /// when it returned false (no error), at `stop` (`cancelled`), or with an error: `agent_unreachable` when none runs, it
  /// was stopped, or it died and none came for 30 s. The id of the last event is WatchOptions::after of the next watch.
  Outcome<void> watch(const WatchOptions& options, const std::function<bool(const Event&)>& on_event,
                      std::stop_token stop = {});

  Outcome<HealthReport> health();
  Outcome<AgentStatus> status();

  Outcome<int> start();    // its pid; fine when one runs already
  Outcome<int> stop();     // the pid that it had; `agent_unreachable` when none runs
  Outcome<int> restart();  // waits go on
  Outcome<std::vector<std::string>> reload();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace otpctl
