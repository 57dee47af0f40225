// Asking the agent something that it answers at once. For `wait` see waiter.hpp.
//
//   auto options = client::options_from(real_surroundings(), "status", client::Start::never);
//   client::Client agent(*options);
//   auto answer = agent.call(rpc::Status{});
#pragma once

#include "client/find.hpp"
#include "client/link.hpp"
#include "rpc/messages.hpp"

#include <optional>
#include <utility>

namespace otpctl::client {

/// One connection, opened by the first call. Not for several threads. Blocks within its deadlines.
class Client {
 public:
  explicit Client(Options options) : options_(std::move(options)) {}

  /// The answer, or the agent's error, or why there is none: `agent_unreachable` (exit 69) also for
  /// an agent that hangs or ends meanwhile. Nothing is sent twice.
  Result<rpc::Answer> call(const rpc::Request& request, Duration within = std::chrono::seconds(10));

  /// call() for requests with one kind of answer.
  template <class T>
  Result<T> ask(const rpc::Request& request, Duration within = std::chrono::seconds(10)) {
    auto answer = call(request, within);
    if (!answer) return fail(answer.error());
    if (auto* value = std::get_if<T>(&*answer)) return std::move(*value);
    return fail(ErrorCode::protocol, "the agent answered something else");
  }

  /// Connects when that has not happened yet; the agent's LMTP socket.
  Result<std::string> lmtp_socket();

  /// The last call failed because the agent ended while it was asked: it may have done it or not.
  bool lost() const { return lost_; }

  /// The connection, to go on with; nothing when there is none. The next call opens another one.
  std::optional<Link> release() { return std::exchange(link_, std::nullopt); }

  /// Returns when the agent has closed the connection. `timeout` when it does not.
  Result<void> await_end(Instant until);

 private:
  Result<void> connect();

  Options options_;
  std::optional<Link> link_;
  bool lost_ = false;
};

}  // namespace otpctl::client
