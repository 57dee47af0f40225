// The agent: wiring only. source → message → code → delivery → (commit) → rpc. Nothing is decided here.
#pragma once

#include "base/paths.hpp"
#include "code/pattern.hpp"
#include "config/config.hpp"
#include "delivery/delivery.hpp"
#include "io/loop.hpp"
#include "server/check.hpp"
#include "server/clients.hpp"
#include "server/commit.hpp"
#include "server/event_log.hpp"
#include "server/health.hpp"
#include "server/lifecycle.hpp"
#include "server/recall.hpp"
#include "server/reload.hpp"
#include "server/systemd.hpp"
#include "source/lmtp_door.hpp"
#include "source/mailbox.hpp"
#include "source/sink.hpp"
#include "store/store.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otpctl::server {

delivery::Settings settings_of(const config::Config& config);

/// What an agent begins with.
struct Beginning {
  Paths paths;
  Origin origin;
  Plan plan;
  Fd lock;
  Fd socket;  // of socket activation; empty: paths.socket is bound
  Duration watchdog{};  // of systemd; 0: none
};

class Agent : private source::Sink {
 public:
  /// Everything that can fail is tried here: store, sockets. The agent is not reachable before run().
  static Result<std::unique_ptr<Agent>> create(io::Loop& loop, Beginning with);
  ~Agent() override;

  /// Returns when the agent was stopped.
  void run();

 private:
  Agent(io::Loop& loop, Beginning with, store::Store store);

  Result<void> open(Fd socket);
  std::unique_ptr<source::Mailbox> make_mailbox(const config::Mailbox& wanted, bool resumes);
  void take(source::TakenMail mail) override;
  void tell(delivery::Command command) override;
  void try_failed(const std::string& source) override;
  void apply(delivery::Command command);
  delivery::Effects withdraw(delivery::Withdraw what);
  void hand_over(delivery::Reply& reply);
  void begin_work(const std::string& source);
  void committed(std::vector<Event> events, Instant written_at);
  void recall(const rpc::Events& asked);
  void store_trouble(const Error* error);

  // requests.cpp
  Result<rpc::HelloResult> hello(const rpc::Hello& hello);
  void asked(const Clients::Asked& asked);
  void answer(const Clients::Asked& asked);
  void carry_out(const Clients::Asked& asked, Result<delivery::Command> command);
  void reply(const Clients::Asked& asked, Result<rpc::Answer> answer);
  Result<void> is_for_somebody(const rpc::Sms& sms) const;
  delivery::Arrive arrival_of(const rpc::Sms& sms, delivery::RequestId request) const;
  void submit(const rpc::Sms& sms, const Clients::Asked& asked);
  rpc::SessionListResult page_of_sessions(const std::string& after);
  rpc::WaitersResult page_of_waiters(int skip);
  void answer_events(const rpc::Events& events, const Clients::Asked& asked);
  AgentStatus status();
  HealthReport health();

  // reload.cpp
  Result<rpc::ReloadResult> reload();
  Result<rpc::ReloadResult> read_again();
  std::vector<std::string> take_up(Plan plan);
  void replace_mailboxes(const std::vector<config::Mailbox>& before, std::vector<std::string>& changes);
  bool wake(source::Mailbox& mailbox);
  void retire(std::unique_ptr<source::Mailbox> mailbox);
  /// An entry of the timeline about the agent itself: "reloaded", "stopping" …
  void note(const std::string& state, const std::string& reason);

  void synchronise(const delivery::Synchronise& wanted);
  void update_demand();
  void look_after_home();

  enum class Stop { not_yet, for_good, for_restart, by_manager };
  void stop(Stop why);
  void mark_as_stopped();
  void finish();

  io::Loop& loop_;
  Paths paths_;
  Origin origin_;
  config::Config config_;
  Fd lock_;
  store::Store store_;
  WallTime started_;
  code::Hints hints_;
  delivery::Delivery delivery_;
  Clients clients_;
  Commit commit_;
  EventLog events_;
  Health health_;
  Recall recall_;
  struct InHand {  // a message whose decision is not on disk yet
    std::string source;
    Instant came{};
  };
  std::vector<InHand> in_hand_;
  std::vector<std::unique_ptr<source::Mailbox>> mailboxes_;  // in the order of config_
  std::vector<std::unique_ptr<source::Mailbox>> retiring_;   // say goodbye to their servers
  std::unique_ptr<source::LmtpDoor> lmtp_;
  delivery::Demand demand_;
  io::Timer deadline_, home_timer_;
  std::unique_ptr<io::Signals> signals_;
  Supervisor supervisor_;
  std::size_t still_stopping_ = 0;
  Stop stopping_ = Stop::not_yet;
  bool ending_ = false;
};

}  // namespace otpctl::server
