// A configured mailbox: one watched connection a folder. Fetches credentials, connects, pumps the IMAP session, hands on
// each mail, keeps what is known of its state, and comes back after every disconnect without missing anything.
#pragma once

#include "config/config.hpp"
#include "io/loop.hpp"
#include "source/backoff.hpp"
#include "source/sink.hpp"
#include "source/vitals.hpp"

#include <memory>
#include <string>
#include <vector>

namespace otpctl::source {

class Folder;

class Mailbox {
 public:
  struct Surroundings {
    io::Loop& loop;
    Sink& sink;
    Duration keep;  // what was told is held so long: an older mark needs a look-back
    std::function<std::optional<delivery::Position>(const std::string& source)> last_position;
  };

  Mailbox(config::Mailbox config, Surroundings surroundings);
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;

  /// Starts to connect; the first SourceUpdate of each folder comes from inside.
  void start();
  void demand(const delivery::Demand& demand);
  /// One delivery::Synchronised comes for each token and folder.
  void synchronise(std::uint64_t token, const std::string& source, std::optional<WallTime> since);
  /// Whoever rests or is signed out tries again at once, with the secret read anew and as if nothing had been refused.
  /// Open connections are not touched.
  void retry();
  void set_keep(Duration keep);
  /// LOGOUT everywhere; `done` once all connections are closed or 1 s has passed.
  void stop(std::function<void()> done);
  /// stop(), and nothing is told to the sink any more: reload took it out, another may stand under its name.
  void retire(std::function<void()> done);

  const config::Mailbox& config() const { return config_; }

  bool has(const std::string& source) const;
  std::vector<SourceStatus> status() const;
  std::vector<Vitals> vitals() const;

 private:
  config::Mailbox config_;
  Surroundings surroundings_;
  message::MailOptions mail_options_;
  LoginBreaker breaker_;  // one account: what one folder is refused counts for all
  std::vector<std::unique_ptr<Folder>> folders_;
  io::Timer stop_timer_;
  std::function<void()> stopped_;
};

}  // namespace otpctl::source
