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
#include "server/lifecycle.hpp"
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

class Agent : private source::Sink {
 public:
  /// Everything that can fail is tried here: store, sockets, patterns. The agent is not reachable before run().
  static Result<std::unique_ptr<Agent>> create(io::Loop& loop, Paths paths, config::Config config, Fd lock);
  ~Agent() override;

  /// Returns when the agent was stopped.
  void run();

 private:
  Agent(io::Loop& loop, Paths paths, config::Config config, Fd lock, store::Store store);

  Result<void> open();
  void take(source::TakenMail mail) override;
  void tell(delivery::Command command) override;
  void apply(delivery::Command command);
  void hand_over(delivery::Reply& reply);

  // requests.cpp
  Result<rpc::HelloResult> hello(const rpc::Hello& hello);
  void asked(const Clients::Asked& asked);
  void answer(const Clients::Asked& asked);
  void carry_out(const Clients::Asked& asked, Result<delivery::Command> command);
  void reply(const Clients::Asked& asked, Result<rpc::Answer> answer);
  void submit(const rpc::Sms& sms, const Clients::Asked& asked);
  rpc::SessionListResult page_of_sessions(const std::string& after);
  rpc::WaitersResult page_of_waiters(int skip);
  AgentStatus status();

  // reload.cpp
  Result<rpc::ReloadResult> reload();
  /// An entry of the timeline about the agent itself: "reloaded", "stopping" …
  void note(const std::string& state, const std::string& reason);

  void synchronise(const delivery::Synchronise& wanted);
  void update_demand();
  void look_after_home();

  void stop(bool restart);
  void finish();

  io::Loop& loop_;
  Paths paths_;
  config::Config config_;
  Fd lock_;
  store::Store store_;
  WallTime started_;
  std::vector<code::Pattern> patterns_;
  delivery::Delivery delivery_;
  Clients clients_;
  Commit commit_;
  std::vector<std::unique_ptr<source::Mailbox>> mailboxes_;
  std::unique_ptr<source::LmtpDoor> lmtp_;
  delivery::Demand demand_;
  io::Timer deadline_, home_timer_;
  std::unique_ptr<io::Signals> signals_;
  std::size_t still_stopping_ = 0;
  bool stopping_ = false, ending_ = false;
};

}  // namespace otpctl::server
