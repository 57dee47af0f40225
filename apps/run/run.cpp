#include "run/run.hpp"

#include "base/launch.hpp"
#include "base/text.hpp"
#include "client/client.hpp"
#include "run/first_code.hpp"
#include "run/private_home.hpp"
#include "run/program.hpp"
#include "run/supervise.hpp"
#include "shared/agent.hpp"
#include "shared/registration.hpp"
#include "shared/signals.hpp"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <iterator>
#include <sys/wait.h>

namespace otpctl::apps::run {

const Command<Options> kCommand{
    "run",
    "  otpctl run --email bot5@example.com -- ./login.sh      # in it: code=$(otpctl wait)\n"
    "  otpctl run --email bot5@example.com --fd 3 -- node login.js   # reads codes from 3\n"
    "  otpctl run --email bot5@example.com --env OTP -- ./enter.py   # has $OTP from its start\n"
    "  otpctl run --private --email bot5@example.com -- make check\n",
    add, run};

namespace {

constexpr Duration kAnswerWithin = std::chrono::seconds(10);
constexpr Duration kCloseWithin = std::chrono::seconds(1);

/// An empty one is a variable of the caller's script that was not set: not "none given".
Result<void> take(const std::string& text, std::string& value) {
  if (text.empty()) return fail(ErrorCode::usage, "it is empty");
  value = text;
  return {};
}

}  // namespace

void add(CLI::App& app, Options& options) {
  add_named_target(app, options.target);
  add_registration(app, options);
  add_number(app, "--fd", "N", 3, 1023, options.fd,
             "the program reads each code from this descriptor, while it runs");
  add_value(
      app, "--env", "NAME", [&options](const std::string& text) { return take(text, options.variable); },
      "wait for a code first, then start the program with it in NAME");
  add_duration_or(
      app, "--timeout", "none", [&options] { options.no_limit = true; }, options.timeout,
      "of --fd and --env: give up after this time [120s]");
  add_duration_or(
      app, "--since", "now", [&options] { options.since = Duration(0); }, options.since,
      "of --env: codes that came so long before count too [30s]");
  add_flag(app, "--private", options.own_agent,
           "an agent and a store of its own, gone with the run");
  add_value(
      app, "--config", "FILE", [&options](const std::string& text) { return take(text, options.config); },
      "of --private: this configuration instead of the usual one");
  add_program(app, options.command);
}

bool may_carry_code(std::string_view name) {
  // Whoever wrote the mail has chosen the value: nothing that a program runs, loads or splits words by.
  constexpr std::string_view kNames[] = {
      "BASH_ENV", "ENV",        "HOME",       "IFS",           "NODE_OPTIONS", "PATH",    "PERL5LIB",
      "PERL5OPT", "PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "RUBYLIB",      "RUBYOPT", "SHELL"};
  constexpr std::string_view kBeginnings[] = {"GIT_", "LD_", "OTPCTL_"};
  return is_variable_name(name) && std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames) &&
         std::none_of(std::begin(kBeginnings), std::end(kBeginnings),
                      [&](std::string_view beginning) { return name.starts_with(beginning); });
}

std::optional<Error> wrong(const Options& options) {
  const auto usage = [](std::string message) { return Error{ErrorCode::usage, std::move(message)}; };
  const bool gives = options.fd || !options.variable.empty();
  if (options.command.empty())
    return usage("which program? write it behind --, as in: otpctl run --email A -- ./login.sh");
  if (auto error = wrong_registration(options)) return error;
  if (!options.variable.empty() && !may_carry_code(options.variable)) {
    return usage("--env: '" + printable(options.variable, 60) +
                 "' is no name for a variable with a code: letters, digits and _, "
                 "and none that programs run or load (PATH, BASH_ENV, GIT_*, LD_* …)");
  }
  if (options.fd && !options.variable.empty())
    return usage("--fd and --env exclude each other: codes while it runs, or one before it starts");
  if (!gives && (options.timeout || options.no_limit)) return usage("--timeout belongs to --fd or --env");
  if (options.variable.empty() && options.since) return usage("--since belongs to --env");
  if (!options.own_agent && !options.config.empty()) return usage("--config belongs to --private");
  return std::nullopt;
}

namespace {

/// One run, from the caller as it was found to the program's end.
class Run {
 public:
  Run(const Options& options, Context& context)
      : options_(options), context_(context), agent_{} {
    launch_.words = options.command;
    launch_.environment = Environment::of_this_process();
    launch_.dispositions = Dispositions::of_this_process();
    launch_.inherited = context.inherited;
  }

  /// Everything up to the program's start; the exit code when it comes to nothing.
  std::optional<ExitCode> prepare() {
    if (const auto missing = look_for(options_.command.front(), std::getenv("PATH")))
      return say(*missing);
    if (options_.fd && fcntl(*options_.fd, F_GETFD) >= 0) {
      return refuse({ErrorCode::usage, "--fd " + std::to_string(*options_.fd) +
                                           ": that descriptor is the caller's already, take another one"});
    }
    if (!options_.env_file.empty()) {
      if (auto loaded = load_env_file(context_, options_.env_file); !loaded) return refuse(loaded.error());
    }
    if (auto found = options_.own_agent ? find_private_agent() : find_agent(); !found)
      return refuse(found.error());
    return options_.variable.empty() ? register_first() : wait_first();
  }

  ExitCode go() {
    if (giver_) {
      launch_.give = giver_->read_end();
      launch_.give_at = *options_.fd;
    }
    const Relay relay;
    const auto program = start(launch_);
    if (!program) {
      close();
      return say(not_started(options_.command.front(), program.error()));
    }
    if (waiter_) static_cast<void>(waiter_->acknowledge());  // the program has its code
    waiter_.reset();
    if (giver_) giver_->handed_over();
    const int status = supervise({*program, relay, holder_ ? &*holder_ : nullptr,
                                  giver_ ? &*giver_ : nullptr, options_.quiet},
                                 context_);
    close();
    if (!WIFSIGNALED(status)) return static_cast<ExitCode>(WEXITSTATUS(status));
    die_by(WTERMSIG(status));
    return static_cast<ExitCode>(128 + WTERMSIG(status));
  }

 private:
  ExitCode refuse(const Error& error) { return report(context_, error, false); }

  ExitCode say(const NotStarted& why) {
    static_cast<void>(context_.err.write("otpctl " + context_.command + ": " + why.message + "\n"));
    return static_cast<ExitCode>(why.exit);
  }

  /// The program finds the same agent as we do. Of an environment file it gets no more than that: there may be a
  /// password in it.
  Result<void> find_agent() {
    auto agent = agent_options(context_, client::Start::if_needed);
    if (!agent) return fail(agent.error());
    agent_ = std::move(*agent);
    for (const char* name : {"OTPCTL_HOME", "OTPCTL_SOCKET"}) {
      if (const std::string value = context_.env(name); !value.empty())
        launch_.environment.set(name, value);
    }
    return {};
  }

  Result<void> find_private_agent() {
    // Until the agent is there that removes the folder when we are gone, nothing may end us: cancelled, we remove it.
    const Signals signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    auto home = PrivateHome::make(context_, options_.config);
    if (!home) return fail(home.error());
    home_.emplace(std::move(*home));
    agent_ = home_->agent();
    client::Options first = agent_;
    first.cancel = signals.fd();
    auto link = client::Link::open(first);
    if (!link) {
      home_.reset();
      return fail(link.error());
    }
    launch_.environment.set("OTPCTL_HOME", home_->folder());
    launch_.environment.remove("OTPCTL_SOCKET");
    // What outlives us shall not start an agent there that nobody ends.
    launch_.environment.set("OTPCTL_START", "never");
    return {};
  }

  /// The session, held from now on.
  Result<void> register_session() {
    client::Client agent(agent_);
    const auto session = agent.ask<SessionInfo>(registration_of(options_),
                                                kAnswerWithin + options_.queue.value_or(Duration(0)));
    if (!session) return fail(session.error());
    if (!options_.quiet) warn_if_degraded(context_, *session);
    if (!options_.quiet && !waiter_) warn_if_contended(context_, *session);
    holder_.emplace(agent_, std::move(*agent.release()), session->id);
    launch_.environment.set("OTPCTL_SESSION", session->id);
    session_ = session->id;
    return {};
  }

  std::optional<ExitCode> register_first() {
    if (auto registered = register_session(); !registered) return refuse(registered.error());
    if (!options_.fd) return std::nullopt;
    rpc::Wait wait;
    wait.session = session_;
    wait.timeout = options_.timeout;
    wait.no_limit = options_.no_limit;
    auto giver = Giver::open(agent_, std::move(wait), options_.quiet);
    if (!giver) {
      close();
      return refuse(giver.error());
    }
    giver_.emplace(std::move(*giver));
    return std::nullopt;
  }

  std::optional<ExitCode> wait_first() {
    rpc::Wait wait;
    wait.target = options_.target;
    wait.filters = options_.filters;
    wait.timeout = options_.timeout;
    wait.no_limit = options_.no_limit;
    wait.since = options_.since;
    wait.exclusive = options_.exclusive;
    wait.queue = options_.queue;
    waiter_.emplace(agent_, std::move(wait));
    const auto found = first_code(*waiter_, context_, options_.quiet);
    if (const auto* exit = std::get_if<ExitCode>(&found)) return *exit;
    launch_.environment.set(options_.variable, std::get<Delivered>(found).code);
    // Until it is acknowledged an exclusive wait keeps out everybody, our own session too.
    if (options_.exclusive) {
      static_cast<void>(waiter_->acknowledge());
      waiter_.reset();
    }
    if (auto registered = register_session(); !registered) {
      launch_.environment.remove("OTPCTL_SESSION");
      if (!options_.quiet)
        warn(context_, {"the program gets its code, but no session: " + registered.error().message, 0}, false);
    }
    return std::nullopt;
  }

  void close() {
    giver_.reset();
    if (holder_ && !home_) holder_->close(kCloseWithin);
    holder_.reset();
    waiter_.reset();
    home_.reset();
  }

  const Options& options_;
  Context& context_;
  client::Options agent_;
  Launch launch_;
  std::optional<PrivateHome> home_;
  std::optional<client::Waiter> waiter_;  // --env: of the code that the program starts with
  std::optional<client::Holder> holder_;
  std::optional<Giver> giver_;
  std::string session_;
};

}  // namespace

ExitCode run(const Options& options, Context& context) {
  if (const auto error = wrong(options)) return report(context, *error, false);
  Run one(options, context);
  if (const auto exit = one.prepare()) return *exit;
  return one.go();
}

}  // namespace otpctl::apps::run
