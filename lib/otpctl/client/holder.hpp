// Keeps a session alive as long as it lives itself: session.hold on a connection that stays open, and on the next one
// when the agent is restarted or dies. Never blocks but where it says so.
//
//   client::Holder holder(options, std::move(*link), session.id);
//   for (;;) { … poll holder.fd() for reading, until holder.due() …; if (auto trouble = holder.step()) warn(*trouble); }
//   holder.close(std::chrono::seconds(1));
#pragma once

#include "client/find.hpp"
#include "client/link.hpp"
#include "client/search.hpp"
#include "rpc/messages.hpp"

#include <optional>
#include <string>

namespace otpctl::client {

/// Not for several threads. At its end the connection closes, and the session's ttl begins to run.
class Holder {
 public:
  /// `link` is where the session was registered. A lost agent is looked for, and started where Options::start says so
  /// and nobody has ended it by `agent stop`: only that may block.
  Holder(Options options, Link link, std::string session);

  /// Ends what blocks, see Options::cancel.
  void interrupted_by(int fd) { options_.cancel = fd; }

  int fd() const { return link_ ? link_->fd() : -1; }
  /// When step() is to be called at the latest; nothing while all is well.
  std::optional<Instant> due() const;

  /// Reads what has come; looks for the agent when it is lost. What it returns is told once: the session is not held.
  std::optional<Error> step();

  /// session.close, waiting for the answer. Failing changes nothing: the session ends by its ttl.
  void close(Duration within);

  /// The agent's process, 0 when it is lost.
  int agent_pid() const { return link_ ? link_->agent_pid() : 0; }

 private:
  void connect();
  std::optional<Error> read();
  std::optional<Error> lost(const Error& why);
  std::optional<Error> give_up(Error why);

  Options options_;
  std::optional<Link> link_;
  std::string session_;
  rpc::Id id_;
  std::optional<Error> trouble_;  // of the constructor and of connect(), for the next step()
  std::string told_;
  Search search_;
  bool given_up_ = false;
};

}  // namespace otpctl::client
