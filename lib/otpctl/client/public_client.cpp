// otpctl::Client over the client's parts. A connection lives as long as its call: none goes stale, none is shared with a
// child of fork(), none is open where a program closes all descriptors. One costs 0.1 ms.
#include "base/text.hpp"
#include "client/client.hpp"
#include "client/pages.hpp"
#include "client/follower.hpp"
#include "client/public_cancel.hpp"
#include "client/public_installation.hpp"
#include "client/public_requests.hpp"
#include "client/start.hpp"
#include "client/waiter.hpp"

#include <otpctl/client.hpp>
#include <otpctl/version.hpp>

#include <algorithm>

namespace otpctl {

struct __attribute__((visibility("hidden"))) Client::State {
  Result<client::Options> options;  // what was wrong with ClientOptions is told by each call

  static Result<client::Options> of(const std::unique_ptr<State>& state) {
    if (!state) return fail(ErrorCode::usage, "this otpctl::Client was moved from");
    return state->options;
  }
};

namespace {

using client::Start;

constexpr Duration kAnswerWithin = std::chrono::seconds(10);
// How long a question that can be asked twice looks for the agent that comes after the one that ended.
constexpr Duration kNextAgentWithin = std::chrono::seconds(2);
constexpr std::size_t kLongestName = 100;

template <class T>
Outcome<T> outcome_of(Result<T> result) {
  if (!result) return std::move(result.error());
  return std::move(*result);
}

/// The environment, with ClientOptions::home over it.
Surroundings surroundings_of(const std::string& home) {
  Surroundings around = real_surroundings();
  if (home.empty()) return around;
  around.env = [env = std::move(around.env), home](const char* name) {
    if (std::string_view(name) == "OTPCTL_HOME") return home;
    return std::string_view(name) == "OTPCTL_SOCKET" ? std::string() : env(name);
  };
  return around;
}

Result<client::Options> connection(const ClientOptions& given) {
  const Surroundings around = surroundings_of(given.home);
  auto options = client::options_from(around, {}, given.start_agent ? Start::if_needed : Start::by_unit,
                                      given.config);
  if (!options) return options;
  options->name = printable(given.name, kLongestName) + " (libotpctl " + kVersion + ")";
  options->agent_program = !given.agent_program.empty()          ? given.agent_program
                           : !around.env("OTPCTL_AGENTD").empty() ? around.env("OTPCTL_AGENTD")
                                                                  : client::installed_agent();
  options->inherits = std::make_shared<const client::Variables>(client::own_variables());
  if (!given.config.empty()) options->agent_arguments = {"--config", options->paths.config};
  if (!given.home.empty()) options->agent_environment = {{"OTPCTL_HOME", given.home}, {"OTPCTL_SOCKET", ""}};
  return options;
}

/// For the agent that runs, whatever mailbox it watches.
client::Options for_any_mailbox(client::Options options) {
  options.environment.clear();
  options.start = Start::never;
  return options;
}

/// `ask`, and when the agent ended meanwhile once more of the next one.
template <class Ask>
auto reading(const client::Options& options, Ask ask) {
  client::Client agent(options);
  auto answer = ask(agent);
  if (answer || !agent.lost()) return answer;
  const Instant until = BootClock::now() + kNextAgentWithin;
  for (Duration nap = std::chrono::milliseconds(10);; nap *= 2) {
    if (client::stopped_just_now(options.paths)) return answer;
    client::Client next(options);
    auto again = ask(next);
    const bool none = !again && again.error().code == ErrorCode::agent_unreachable && !next.lost();
    if (!none || BootClock::now() + nap >= until) return again;
    client::pause(-1, {}, BootClock::now() + nap);
  }
}

template <class T>
Result<T> read_once(const client::Options& options, const rpc::Request& request) {
  if (auto fits = client::fits_into_a_line(request); !fits) return fail(fits.error());
  return reading(options, [&](client::Client& agent) { return agent.ask<T>(request, kAnswerWithin); });
}

template <class T>
Result<T> act(const client::Options& options, const rpc::Request& request, Duration within = kAnswerWithin) {
  if (auto fits = client::fits_into_a_line(request); !fits) return fail(fits.error());
  return client::Client(options).ask<T>(request, within);
}

Result<std::vector<SessionInfo>> every_session(client::Client& agent) { return client::all_sessions(agent, kAnswerWithin); }

}  // namespace

Client::Client(ClientOptions options) : state_(new State{connection(options)}) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Outcome<void> Client::connect() {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  auto agent = read_once<AgentStatus>(client::not_starting(*options), rpc::Status{});
  if (!agent) return std::move(agent.error());
  return {};
}

Outcome<SessionInfo> Client::register_session(const RegisterOptions& wanted) {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  auto request = client::request_of(wanted);
  if (!request) return std::move(request.error());
  return outcome_of(act<SessionInfo>(*options, *request, kAnswerWithin + wanted.queue.value_or(Duration(0))));
}

Outcome<std::vector<SessionInfo>> Client::sessions() {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  return outcome_of(reading(client::not_starting(*options), every_session));
}

Outcome<SessionInfo> Client::session(const std::string& id) {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  return outcome_of(read_once<SessionInfo>(client::not_starting(*options), rpc::SessionShow{id}));
}

Outcome<SessionInfo> Client::mark_session(const std::string& id) {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  return outcome_of(act<SessionInfo>(client::not_starting(*options), rpc::SessionMark{id}));
}

Outcome<SessionInfo> Client::refresh_session(const std::string& id, std::optional<Duration> ttl) {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  if (auto sane = client::check_duration("ttl", ttl); !sane) return std::move(sane.error());
  return outcome_of(act<SessionInfo>(client::not_starting(*options), rpc::SessionRefresh{id, ttl}));
}

Outcome<SessionInfo> Client::close_session(const std::string& id) {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  return outcome_of(act<SessionInfo>(client::not_starting(*options), rpc::SessionClose{id}));
}

namespace {

/// Whatever way a call ends: a child that another thread has forked meanwhile does not keep its connection open.
template <class T>
class HangUp {
 public:
  explicit HangUp(T& connected) : connected_(connected) {}
  HangUp(const HangUp&) = delete;
  HangUp& operator=(const HangUp&) = delete;
  ~HangUp() { connected_.hang_up(); }

 private:
  T& connected_;
};

Outcome<WaitOutcome> run_wait(client::Waiter& waiter, client::Cancel& cancel, const WaitOptions& wanted) {
  const HangUp hang_up(waiter);
  for (;;) {
    auto event = waiter.next(cancel.watch(), {});
    if (auto* delivered = std::get_if<Delivered>(&event)) {
      const bool heard = waiter.acknowledge().has_value();
      return WaitOutcome{std::move(*delivered), {}, heard};
    }
    if (auto* end = std::get_if<WaitEnd>(&event)) return WaitOutcome{{}, std::move(*end), false};
    if (auto* error = std::get_if<Error>(&event)) return std::move(*error);
    if (std::holds_alternative<client::Waiter::Watched>(event)) return client::cancelled();
    const auto* warning = std::get_if<rpc::Warning>(&event);
    if (warning != nullptr && !warning->message.empty() && wanted.on_warning)
      wanted.on_warning(printable(warning->message, 1000));
  }
}

}  // namespace

Outcome<WaitOutcome> Client::wait(const WaitOptions& wanted, std::stop_token stop) {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  auto request = client::request_of(wanted);
  if (!request) return std::move(request.error());
  if (stop.stop_requested()) return client::cancelled();
  client::Cancel cancel(std::move(stop));
  if (!cancel.works()) return Error{ErrorCode::internal, "no descriptor is left in this process"};
  client::Options cancelling = *options;
  cancelling.cancel = cancel.fd();
  client::Waiter waiter(std::move(cancelling), std::move(*request));
  return run_wait(waiter, cancel, wanted);
}

Outcome<SmsTaken> Client::submit_sms(const Sms& sms) {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  auto taken = act<rpc::SmsResult>(client::not_starting(*options), rpc::Sms{sms.text, sms.from, sms.to, sms.sent, sms.id});
  if (!taken) return std::move(taken.error());
  return SmsTaken{taken->duplicate, taken->delivered};
}

Outcome<EntryTaken> Client::submit_code(const Entry& entry) {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  auto taken =
      act<rpc::ManualResult>(client::not_starting(*options), rpc::Manual{entry.target, entry.code, entry.waiting_only});
  if (!taken) return std::move(taken.error());
  return EntryTaken{std::move(taken->recipient), taken->delivered, taken->waiting};
}

Outcome<void> Client::watch(const WatchOptions& wanted, const std::function<bool(const Event&)>& on_event,
                            std::stop_token stop) {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  if (!on_event) return Error{ErrorCode::usage, "watch needs a function that takes the events"};
  rpc::Events request{wanted.after, wanted.since, wanted.recipient, wanted.types, true};
  if (auto fits = client::fits_into_a_line(request); !fits) return std::move(fits.error());
  if (stop.stop_requested()) return client::cancelled();
  client::Cancel cancel(stop);
  if (!cancel.works()) return Error{ErrorCode::internal, "no descriptor is left in this process"};
  client::Options cancelling = for_any_mailbox(*options);
  cancelling.cancel = cancel.fd();
  client::Follower follower(std::move(cancelling), std::move(request), client::Follower::Patience::a_while);
  const HangUp hang_up(follower);
  for (;;) {
    follower.ask_page();
    auto step = follower.next(cancel.watch());
    if (auto* error = std::get_if<Error>(&step)) return std::move(*error);
    if (std::holds_alternative<client::Follower::Watched>(step)) return client::cancelled();
    const auto* page = std::get_if<rpc::EventsResult>(&step);
    if (page == nullptr) continue;
    for (const Event& event : page->events) {
      if (stop.stop_requested()) return client::cancelled();
      if (!on_event(event)) return {};
    }
  }
}

Outcome<HealthReport> Client::health() {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  return outcome_of(read_once<HealthReport>(for_any_mailbox(*options), rpc::Health{}));
}

Outcome<AgentStatus> Client::status() {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  return outcome_of(read_once<AgentStatus>(for_any_mailbox(*options), rpc::Status{}));
}

Outcome<int> Client::start() {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  client::Options starting = *options;
  starting.start = Start::if_needed;
  starting.start_after_stop = true;
  auto status = act<AgentStatus>(starting, rpc::Status{});
  if (!status) return std::move(status.error());
  return status->pid;
}

Outcome<int> Client::stop() {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  return outcome_of(client::stop_agent(for_any_mailbox(*options)));
}

Outcome<int> Client::restart() {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  return outcome_of(client::restart_agent(for_any_mailbox(*options)));
}

Outcome<std::vector<std::string>> Client::reload() {
  auto options = State::of(state_);
  if (!options) return std::move(options.error());
  auto reloaded = act<rpc::ReloadResult>(for_any_mailbox(*options), rpc::Reload{});
  if (!reloaded) return std::move(reloaded.error());
  return std::move(reloaded->changes);
}

}  // namespace otpctl
