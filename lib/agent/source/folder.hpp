// One folder of a mailbox: credentials → connection → IMAP session → rest → again. Private to source/.
#pragma once

#include "config/config.hpp"
#include "imap/session.hpp"
#include "io/connect.hpp"
#include "io/pump.hpp"
#include "source/backoff.hpp"
#include "source/credentials.hpp"
#include "source/mailbox.hpp"
#include "source/sink.hpp"
#include "source/told.hpp"
#include "source/vitals.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace otpctl::source {

class Folder {
 public:
  Folder(const config::Mailbox& config, std::string folder, const Mailbox::Surroundings& surroundings,
         const message::MailOptions& mail_options, LoginBreaker& breaker);

  void start();
  void demand(const delivery::Demand& demand);
  void synchronise(std::uint64_t token, std::optional<WallTime> since);
  /// While it rests: tries again at once, with the secret read anew. A server that asked for a pause gets it.
  void retry();
  void set_keep(Duration keep) { surroundings_.keep = keep; }
  void stop(std::function<void()> done);
  /// Answers what is open; then nothing is told any more: somebody else may stand under its name.
  void retire();

  const std::string& name() const { return status_.name; }
  const SourceStatus& status() const { return status_; }
  Vitals vitals() const;

 private:
  enum class Phase { resting, fetching_credentials, connecting, running, stopped };

  void begin();
  void connect(Result<imap::Credentials> credentials);
  void run(Result<std::unique_ptr<io::Stream>> stream, imap::Credentials credentials);
  imap::Options session_options(const io::Stream& stream);

  void on_event(imap::Event& event);
  void on_alive();
  void on_opened(const imap::Opened& opened);
  void on_mail(imap::Mail& mail);
  void on_synchronised(const imap::Synchronised& answer);
  void on_looked_back(const imap::LookedBack& answer);
  void on_refused(const imap::LoginRefused& refused);
  void on_cycle();
  void on_closed(const Error& error);

  void fail_attempt(const Error& error, std::optional<Duration> retry_after);
  void rest_signed_out(const std::string& detail, std::optional<Instant> login_at);
  bool is_bearer() const { return config_.token.kind != config::SecretSource::Kind::none; }
  void rest(SourceState state, const std::string& detail, std::optional<Duration> pause);
  void answer_all_unsynchronised();
  void look_back_if_needed(WallTime since);
  void set_state(SourceState state, const std::string& detail);
  void tell_status();
  void tell_failed_try();
  void tell(delivery::Command command);
  imap::Session* session() { return pump_ ? &pump_->machine() : nullptr; }

  const config::Mailbox& config_;
  std::string folder_;
  Mailbox::Surroundings surroundings_;
  const message::MailOptions& mail_options_;
  LoginBreaker& breaker_;
  Backoff backoff_;

  Phase phase_ = Phase::stopped;
  io::Timer timer_;
  std::unique_ptr<FetchingCredentials> fetching_;
  std::unique_ptr<io::Connecting> connecting_;
  std::unique_ptr<io::Pump<imap::Session>> pump_;
  std::function<void()> stopped_;

  SourceStatus status_;
  Instant status_told_{};
  std::optional<Instant> last_byte_;
  Instant pace_began_{};  // since then the server is asked as often as now
  std::string last_logged_;         // a trouble is logged once, not at every try
  std::optional<Error> ended_by_;   // Failed of the session, told before the pump closes
  std::optional<Duration> retry_after_;
  bool refused_ = false;
  bool retired_ = false;
  Secret secret_;  // of the sign-in under way

  delivery::Demand demand_;
  std::optional<imap::Position> position_;
  std::optional<imap::Position> told_position_;
  Told told_;
  std::optional<WallTime> covered_since_;  // all mail that arrived later has been told
  std::optional<WallTime> begun_look_back_; // what the session was started with
  std::optional<Instant> opened_at_;
  bool opened_ = false;
  bool catching_up_ = false;  // after a resume: nothing is decided before all of it is there
  bool unsettled_ = false;    // mail was told without delivery::Settled yet
  int look_backs_ = 0;        // under way
  std::map<std::uint64_t, std::optional<WallTime>> tokens_;  // asked by delivery, not answered
  std::set<std::uint64_t> after_look_back_;                  // of those: wait for the look-back first
};

}  // namespace otpctl::source
