#include "source/folder.hpp"

#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "io/log.hpp"
#include "source/connect_options.hpp"
#include "source/probe.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace otpctl::source {
namespace {

double random_part() {
  static std::minstd_rand engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

const Secret& secret_of(const imap::Credentials& credentials) {
  return std::visit(Overloaded{[](const imap::Password& p) -> const Secret& { return p.password; },
                               [](const imap::Bearer& b) -> const Secret& { return b.token; }},
                    credentials);
}

}  // namespace

Folder::Folder(const config::Mailbox& config, std::string folder, const Mailbox::Surroundings& surroundings,
               const message::MailOptions& mail_options, LoginBreaker& breaker)
    : config_(config),
      folder_(std::move(folder)),
      surroundings_(surroundings),
      mail_options_(mail_options),
      breaker_(breaker),
      timer_(surroundings.loop),
      told_(surroundings.keep) {
  status_.name = config.name + "/" + folder_;
  status_.kind = "imap";
  status_.since = surroundings.loop.now().wall;
  status_.detail = "not connected yet";
}

void Folder::start() {
  if (auto known = surroundings_.last_position(name())) {
    position_ = imap::Position{known->uid_validity, known->uid_next};
  }
  tell_status();
  begin();
}

// ------------------------------------------------------------------------- one attempt, step by step

void Folder::begin() {
  phase_ = Phase::fetching_credentials;
  status_.retry_at.reset();
  fetching_ = std::make_unique<FetchingCredentials>(
      surroundings_.loop, config_, [this](Result<imap::Credentials> credentials) { connect(std::move(credentials)); });
}

void Folder::connect(Result<imap::Credentials> credentials) {
  if (!credentials) {
    const Error error = credentials.error();
    fetching_.reset();
    answer_all_unsynchronised();
    tell_failed_try();
    const auto state = error.code == ErrorCode::busy ? SourceState::unreachable : SourceState::signed_out;
    rest(state, error.message, backoff_.failed(random_part(), demand_.email));
    return;
  }
  const Secret& secret = secret_of(*credentials);
  const auto now = surroundings_.loop.now().instant;
  const auto allowed = breaker_.allowed(secret, now, is_bearer());
  if (!allowed || *allowed > now) {  // still the secret that was refused
    fetching_.reset();
    rest_signed_out(status_.detail, allowed);
    return;
  }
  secret_ = secret;
  phase_ = Phase::connecting;
  io::log_debug(name() + ": connecting to " + config_.host + ":" + std::to_string(config_.port));
  auto shared = std::make_shared<imap::Credentials>(std::move(*credentials));
  connecting_ = std::make_unique<io::Connecting>(
      surroundings_.loop, connect_options(config_), [this, shared](Result<std::unique_ptr<io::Stream>> stream) {
        run(std::move(stream), std::move(*shared));
      });
  fetching_.reset();  // last: we may run inside its callback
}

imap::Options Folder::session_options(const io::Stream& stream) {
  imap::Options options;
  options.folder = folder_;
  options.tag_prefix = "T" + random_uuid().substr(0, 6);
  options.host = config_.host;
  options.port = static_cast<std::uint16_t>(config_.port);
  options.tls_active = config_.tls != config::Tls::none;
  options.insecure = config_.insecure;
  options.resume = position_;
  options.look_back = begun_look_back_ = demand_.look_back;
  options.poll = config_.poll;
  options.probe = config_.probe_auto ? automatic_probe(stream.fd()) : config_.probe;
  return options;
}

void Folder::run(Result<std::unique_ptr<io::Stream>> stream, imap::Credentials credentials) {
  if (!stream) {
    const Error error = stream.error();
    connecting_.reset();
    tell_failed_try();
    fail_attempt(error, std::nullopt);
    return;
  }
  phase_ = Phase::running;
  opened_ = false;
  refused_ = false;
  ended_by_.reset();
  retry_after_.reset();
  auto options = session_options(**stream);
  imap::Session session(std::move(options), std::move(credentials), surroundings_.loop.now());
  session.set_demand(demand_.email);
  pump_ = std::make_unique<io::Pump<imap::Session>>(
      surroundings_.loop, std::move(*stream), std::move(session),
      io::Pump<imap::Session>::Calls{[this](imap::Event& event) { on_event(event); },
                                     [this](const Error& error) { on_closed(error); },
                                     [this] { on_cycle(); }});
  connecting_.reset();
}

// ------------------------------------------------------------------------- how an attempt ends

void Folder::on_closed(const Error& error) {
  const Error why = ended_by_.value_or(error);
  if (opened_at_ && surroundings_.loop.now().instant - *opened_at_ >= std::chrono::minutes(5)) backoff_.proven();
  if (!opened_ && !stopped_) tell_failed_try();
  opened_at_.reset();
  opened_ = false;
  catching_up_ = false;
  look_backs_ = 0;
  if (unsettled_) tell(delivery::Settled{name()});
  unsettled_ = false;
  after_look_back_.clear();
  pump_.reset();
  if (stopped_) {
    phase_ = Phase::stopped;
    std::exchange(stopped_, nullptr)();
    return;
  }
  ++status_.reconnects;
  fail_attempt(why, retry_after_);
}

void Folder::fail_attempt(const Error& error, std::optional<Duration> retry_after) {
  answer_all_unsynchronised();
  if (refused_) {
    refused_ = false;
    rest_signed_out(error.message, surroundings_.loop.now().instant);
    return;
  }
  Duration pause = backoff_.failed(random_part(), demand_.email);
  if (retry_after) pause = std::max(pause, *retry_after);
  rest(error.code == ErrorCode::throttled ? SourceState::throttled : SourceState::unreachable, error.message, pause);
}

/// Without a pause it rests until somebody waits again: then the secret is looked at, and used if it is another.
void Folder::rest(SourceState state, const std::string& detail, std::optional<Duration> pause) {
  phase_ = Phase::resting;
  const auto now = surroundings_.loop.now();
  status_.retry_at.reset();
  if (pause) {
    status_.retry_at = now.wall + *pause;
    timer_.set(now.instant + *pause, [this] { begin(); });
  } else {
    timer_.clear();
  }
  if (detail != last_logged_) {
    last_logged_ = detail;
    io::log_warning(name() + ": " + detail + (pause ? "; next try in " + format_duration(*pause) : "; no further try"));
  }
  set_state(state, detail);
}

/// The next look at the secret: when a login with it is allowed, and while somebody waits every few seconds where a
/// look is cheap (a file may have been corrected; a program may ask its user, it runs when a wait begins).
void Folder::rest_signed_out(const std::string& detail, std::optional<Instant> login_at) {
  using Kind = config::SecretSource::Kind;
  const auto now = surroundings_.loop.now().instant;
  std::optional<Duration> pause;
  if (breaker_.open()) {
    if (is_bearer() && demand_.email) pause = std::chrono::seconds(120);
  } else if (login_at) {
    pause = std::max<Duration>(*login_at - now, std::chrono::seconds(10));
  }
  rest(SourceState::signed_out, detail, pause);
  const bool cheap = !is_bearer() && config_.password.kind != Kind::command;
  if (cheap && demand_.email) {
    const Duration look = std::chrono::seconds(3);
    timer_.set(now + (pause ? std::min(*pause, look) : look), [this] { begin(); });
  }
}

void Folder::answer_all_unsynchronised() {
  for (const auto& [token, since] : std::exchange(tokens_, {})) {
    tell(delivery::Synchronised{token, name(), std::nullopt});
  }
  after_look_back_.clear();
}

// ------------------------------------------------------------------------- what is wished

void Folder::demand(const delivery::Demand& demand) {
  const bool rises = demand.email && !demand_.email;
  const bool looks_further = demand.look_back && demand.look_back != demand_.look_back;
  if (demand.email != demand_.email) pace_began_ = surroundings_.loop.now().instant;
  demand_ = demand;
  if (auto* live = session()) {
    live->set_demand(demand.email);
    if (opened_ && looks_further) look_back_if_needed(*demand.look_back);
    pump_->wake();
    return;
  }
  if (phase_ != Phase::resting || !rises) return;
  const auto now = surroundings_.loop.now();
  if (status_.state == SourceState::throttled) return;  // the server's wish stands above ours
  if (status_.state == SourceState::signed_out) {
    begin();  // the secret may have been corrected; connect() decides
  } else if (status_.state == SourceState::unreachable && status_.retry_at) {
    // Only ever sooner: one short wait after the other must not push the next try away.
    const auto left = std::min<Duration>(*status_.retry_at - now.wall, std::chrono::seconds(2));
    status_.retry_at = now.wall + left;
    timer_.set(now.instant + left, [this] { begin(); });
  }
}

void Folder::look_back_if_needed(WallTime since) {
  io::log(io::LogLevel::trace, name() + ": a mark of " + format_time(since));
  // What was told longer than `keep` ago is not held any more, whoever asks for it needs it told again.
  const auto held = std::max(*covered_since_, surroundings_.loop.now().wall - surroundings_.keep);
  if (since >= held) return;
  ++look_backs_;
  session()->look_back(since);
}

void Folder::synchronise(std::uint64_t token, std::optional<WallTime> since) {
  if (phase_ == Phase::resting || phase_ == Phase::stopped) {
    tell(delivery::Synchronised{token, name(), std::nullopt});
    return;
  }
  tokens_[token] = since;
  if (!opened_) return;  // asked for as soon as the folder is open
  if (since) look_back_if_needed(*since);
  if (look_backs_ > 0) {
    after_look_back_.insert(token);
  } else {
    session()->synchronise(token);
  }
  pump_->wake();
}

void Folder::retry() {
  if (phase_ != Phase::resting || status_.state == SourceState::throttled) return;  // the server's wish stands above ours
  last_logged_.clear();
  timer_.clear();
  begin();
}

void Folder::retire() {
  if (std::exchange(unsettled_, false)) tell(delivery::Settled{name()});
  answer_all_unsynchronised();
  retired_ = true;
}

void Folder::tell(delivery::Command command) {
  if (!retired_) surroundings_.sink.tell(std::move(command));
}

void Folder::stop(std::function<void()> done) {
  timer_.clear();
  fetching_.reset();
  connecting_.reset();
  if (!pump_) {
    phase_ = Phase::stopped;
    done();
    return;
  }
  stopped_ = std::move(done);
  session()->stop();
  pump_->wake();
}

// ------------------------------------------------------------------------- state

void Folder::set_state(SourceState state, const std::string& detail) {
  if (status_.state != state) status_.since = surroundings_.loop.now().wall;
  status_.state = state;
  status_.detail = detail;
  tell_status();
}

/// Asked more often than a moment ago, it owes nothing for the quiet time of before.
Vitals Folder::vitals() const {
  Vitals vitals{status_, last_byte_, Duration(0)};
  if (status_.state == SourceState::live && pump_ && last_byte_) {
    const auto began = std::max(*last_byte_, pace_began_);
    vitals.due_every = began + pump_->machine().longest_silence() - *last_byte_;
  }
  return vitals;
}

void Folder::tell_failed_try() {
  if (!retired_) surroundings_.sink.try_failed(name());
}

void Folder::tell_status() {
  status_told_ = surroundings_.loop.now().instant;
  delivery::SourceUpdate update;
  update.status = status_;
  update.brings_email = true;
  tell(std::move(update));
}

}  // namespace otpctl::source
