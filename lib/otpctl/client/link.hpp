// One connection to the agent: the hello goes out together with the first request.
#pragma once

#include "client/find.hpp"
#include "rpc/messages.hpp"

#include <map>
#include <optional>
#include <string>

namespace otpctl::client {

class Link {
 public:
  /// Finds or starts the agent and connects.
  static Result<Link> open(const Options& options);
  Link(Found found, const Options& options);

  /// Sends a request (the first with the hello before it, in one write) and returns its id.
  Result<rpc::Id> send(const rpc::Request& request);

  /// The next message that has arrived whole; the answer to hello is looked at and kept back. An
  /// Error ends the connection: `agent_version`, the hello refused, or the peer broke the protocol.
  Result<std::optional<rpc::Incoming>> next();

  /// Reads what has arrived; `network` at the end of the stream.
  Result<void> fill();

  /// Until when the hello must have been answered; nothing when it has been.
  std::optional<Instant> hello_deadline() const;

  void hang_up() { found_.channel.hang_up(); }

  int fd() const { return found_.channel.fd(); }
  int agent_pid() const { return found_.channel.peer_pid(); }
  const std::string& lmtp_socket() const { return found_.lmtp; }

 private:
  Result<void> take_hello(const rpc::Reply& reply);

  Found found_;
  std::string name_;
  std::map<std::string, std::string> environment_;
  std::map<rpc::Id, std::string> method_of_;
  Instant hello_by_{};
  int last_id_ = 0;
  bool greeted_ = false;
};

/// The line that a user reads when the agent is there but does not answer.
Error hung(int agent_pid);

}  // namespace otpctl::client
