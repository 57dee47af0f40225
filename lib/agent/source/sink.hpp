// What a source hands on, and to whom. A source turns the outside into an Envelope or tells delivery where it
// stands; it knows nothing of what happens then.
#pragma once

#include "base/result.hpp"
#include "delivery/delivery.hpp"
#include "message/message.hpp"

#include <functional>
#include <optional>
#include <string>

namespace otpctl::source {

struct TakenMail {
  std::string source;  // "main/INBOX", "lmtp"
  message::Envelope envelope;
  const message::MailOptions* options = nullptr;             // lives as long as its source
  std::optional<delivery::Arrive::Place> place;
  bool more_to_come = false;                                 // delivery::Settled follows
  std::function<void(const Result<void>&)> on_safe;          // set: commit durably, then call
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void take(TakenMail mail) = 0;
  virtual void tell(delivery::Command command) = 0;
  /// A try to reach the server, to sign in or to open the folder came to nothing. The end of a connection that worked is
  /// none: servers end them as they like.
  virtual void try_failed(const std::string& source) { (void)source; }
};

}  // namespace otpctl::source
