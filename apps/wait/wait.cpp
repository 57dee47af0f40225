#include "wait/wait.hpp"

#include "base/text.hpp"
#include "client/waiter.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"
#include "shared/sessions.hpp"
#include "shared/signals.hpp"
#include "shared/unique_address.hpp"
#include "wait/progress.hpp"

#include <array>
#include <csignal>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace otpctl::apps::wait {

const Command<Options> kCommand{
    "wait",
    "  code=$(otpctl wait bot5@example.com)\n"
    "  otpctl wait +905551112233 --timeout 5m\n"
    "  otpctl wait bot5@example.com --from '*@shop.example' --since now\n"
    "  otpctl wait --session 1c8f --json\n",
    add, run};

void add(CLI::App& app, Options& options) {
  add_target(app, options.target);
  add_filled(app, "--session", "ID", options.session, "wait on this session (id or unique prefix)");
  add_duration_or(
      app, "--timeout", "none", [&options] { options.no_limit = true; }, options.timeout,
      "give up after this time [120s]; 0: only what is there");
  add_duration_or(
      app, "--since", "now", [&options] { options.since = Duration(0); }, options.since,
      "codes that came so long before count too [30s]");
  add_filters(app, options.filters);
  add_exclusive(app, options.exclusive, options.queue);
  add_flag(app, "--fail-fast", options.fail_fast, "end at the first cause, not at the deadline");
  add_number(app, "--timeout-exit-code", "N", 0, 255, options.timeout_exit_code,
             "exit code of a timeout [124]");
  add_word(app, "--progress", {"auto", "plain", "none"}, options.progress,
           "auto: one line on a terminal; plain: a line each 10s");
  add_env_file(app, options.env_file);
  add_quiet(app, options.quiet);
  add_json(app, options.json);
}

namespace {

// A code that nobody takes out of our pipe is not to be kept from the next who waits for it, nor by words that nobody
// takes.
constexpr Duration kCodeIsTakenWithin = std::chrono::seconds(10);
constexpr Duration kWordsAreTakenWithin = std::chrono::seconds(1);

/// The descriptor to watch for a reader that leaves: a pipe or socket; -1 for a file or terminal.
int reader_of(const Context& context) {
  struct stat info {};
  const int fd = context.out.fd();
  const bool leaves =
      fd >= 0 && fstat(fd, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
  return leaves ? fd : -1;
}

class Run {
 public:
  Run(const Options& options, Context& context, client::Options agent, rpc::Wait wait)
      : options_(options),
        context_(context),
        by_variable_(!wait.session.empty() && options.session.empty() && options.target == Target{}),
        waiter_(std::move(agent), std::move(wait)),
        progress_(context, options.quiet || options.json ? "none" : options.progress) {}

  ExitCode loop() {
    std::array<pollfd, 2> watch{pollfd{signals_.fd(), POLLIN, 0},
                                pollfd{reader_of(context_), 0, 0}};
    for (;;) {
      auto event = waiter_.next(watch, progress_.due());
      if (auto* code = std::get_if<Delivered>(&event)) return hand_over(*code);
      if (auto* end = std::get_if<WaitEnd>(&event)) return explain(*end);
      if (auto* error = std::get_if<Error>(&event)) return failed(*error);
      if (std::holds_alternative<client::Waiter::Watched>(event)) {
        if (const auto exit = leave(watch[1])) return *exit;
      }
      if (auto* warning = std::get_if<rpc::Warning>(&event)) warn_once(*warning);
      if (auto* lost = std::get_if<client::Waiter::Reconnecting>(&event)) {
        if (!std::exchange(reconnecting_, true))
          warn_once({lost->why.message + "; looking for it again", 0});
      }
      if (std::holds_alternative<rpc::Waiting>(event)) reconnecting_ = false;
      progress_.show(waiter_.deadline());
    }
  }

 private:
  /// Prints, then acknowledges. What cannot be written is not acknowledged: the agent gives it to
  /// the next.
  ExitCode hand_over(const Delivered& code) {
    progress_.clear();
    const std::string text =
        options_.json ? rpc::to_json(rpc::Answer(code)) + "\n" : code.code + "\n";
    signals_.release();  // nobody who ends us has to wait for a reader that never reads
    const ExitCode written = answer(context_, text, options_.json);
    signals_.hold();
    if (written != ExitCode::done) return written;
    static_cast<void>(waiter_.acknowledge());  // the code is out: nothing changes that, no signal either
    while (signals_.take()) {
    }
    return ExitCode::done;
  }

  ExitCode explain(const WaitEnd& end) {
    progress_.clear();
    if (options_.json) {
      static_cast<void>(context_.err.write(rpc::to_json(rpc::Answer(end)) + "\n"));
    } else {
      std::string text = "otpctl wait: " + printable(end.message, 1000) + "\n";
      if (!options_.quiet) text += details_of(end, context_.now().wall);
      static_cast<void>(context_.err.write(text));
    }
    return exit_of(end.exit);
  }

  ExitCode failed(const Error& error) {
    progress_.clear();
    return exit_of(report(context_, by_variable_ ? of_variable(error) : error, options_.json));
  }

  ExitCode exit_of(ExitCode exit) const {
    if (exit != ExitCode::timed_out || !options_.timeout_exit_code) return exit;
    return static_cast<ExitCode>(*options_.timeout_exit_code);
  }

  std::optional<ExitCode> leave(const pollfd& reader) {
    if (const auto number = signals_.take()) {
      progress_.clear();
      return exit_for_signal(*number);
    }
    if ((reader.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0) return std::nullopt;
    progress_.clear();
    return report(context_, Error{ErrorCode::storage, "nobody reads standard output any more"},
                  options_.json);
  }

  void warn_once(const rpc::Warning& warning) {
    if (options_.quiet) return;
    progress_.clear();
    warn(context_, warning, options_.json);
  }

  const Options& options_;
  Context& context_;
  bool by_variable_;  // OTPCTL_SESSION says on which session
  Signals signals_{SIGINT, SIGTERM};  // the connection closes, the agent gives the code to the next
  client::Waiter waiter_;
  Progress progress_;
  bool reconnecting_ = false;
};

/// True when `target` is the session's own recipient, so that OTPCTL_SESSION is meant.
bool is_own_recipient(const SessionInfo& session, const Target& target) {
  const auto digits = [](const std::string& text) {
    std::string found;
    for (const char c : text) {
      if (c >= '0' && c <= '9') found += c;
    }
    return found;
  };
  const bool email =
      target.email.empty() || equals_ignoring_case(trim(target.email), session.target.email);
  const bool phone = target.phone.empty() || digits(target.phone) == digits(session.target.phone);
  return email && phone;
}

/// The session that the recipient means: that of `otpctl run`, or the one that `session register --unique` made for it.
/// "": a wait of its own.
std::string session_behind(const Target& target, const std::string& around, const client::Options& options) {
  client::Client agent(client::not_starting(options));
  if (!around.empty()) {
    const auto session = agent.ask<SessionInfo>(rpc::SessionShow{around});
    if (session && is_own_recipient(*session, target)) return around;
  }
  if (!has_nonce(trim(target.email)) || !target.phone.empty()) return {};
  return session_named(agent, target.email).value_or("");
}

/// Session or recipient: what was said, else the session of `otpctl run`.
Result<rpc::Wait> what_to_wait_for(const Options& options, const Context& context,
                                   const client::Options& agent) {
  rpc::Wait wait;
  wait.session = options.session;
  wait.target = options.target;
  wait.filters = options.filters;
  wait.timeout = options.timeout;
  wait.no_limit = options.no_limit;
  wait.since = options.since;
  wait.exclusive = options.exclusive;
  wait.queue = options.queue;
  wait.fail_fast = options.fail_fast;
  const bool has_target = options.target != Target{};
  if (!options.session.empty() && has_target) {
    return fail(ErrorCode::usage, "--session and a recipient exclude each other");
  }
  const std::string around = session_of(context);
  if (options.session.find('@') != std::string::npos) {
    client::Client asked(client::not_starting(agent));
    auto id = session_named(asked, options.session);
    if (!id) return fail(id.error());
    wait.session = std::move(*id);
  } else if (options.session.empty() && !has_target) {
    if (around.empty()) {
      return fail(ErrorCode::usage,
                  "whose code? name an address, a number or --session (see otpctl wait --help)");
    }
    wait.session = around;
  } else if (options.session.empty()) {
    wait.session = session_behind(options.target, around, agent);
    if (!wait.session.empty()) wait.target = {};
  }
  return wait;
}

}  // namespace

ExitCode run(const Options& options, Context& context) {
  if (!options.env_file.empty()) {
    if (auto loaded = load_env_file(context, options.env_file); !loaded)
      return report(context, loaded.error(), options.json);
  }
  if (options.queue && !options.exclusive) {
    return report(context, Error{ErrorCode::usage, "--queue belongs to --exclusive"}, options.json);
  }
  const auto agent = agent_options(context, client::Start::if_needed);
  if (!agent) return report(context, agent.error(), options.json);
  auto wait = what_to_wait_for(options, context, *agent);
  if (!wait) return report(context, wait.error(), options.json);
  // A closed standard output is known before anybody's code is asked for.
  if (!context.out.is_open()) {
    return report(context, Error{ErrorCode::storage, "standard output is closed"}, options.json);
  }
  context.out.set_patience(kCodeIsTakenWithin);
  context.err.set_patience(kWordsAreTakenWithin);
  return Run(options, context, *agent, std::move(*wait)).loop();
}

}  // namespace otpctl::apps::wait
