// The LMTP socket: `otpctl deliver`, Postfix and Sieve hand whole messages to it. 250 means: on disk.
#pragma once

#include "io/listen.hpp"
#include "io/loop.hpp"
#include "source/sink.hpp"

#include <memory>
#include <string>

namespace otpctl::source {

class LmtpDoor {
 public:
  static Result<std::unique_ptr<LmtpDoor>> open(io::Loop& loop, Sink& sink, const std::string& path,
                                                std::size_t max_clients);
  ~LmtpDoor();
  LmtpDoor(const LmtpDoor&) = delete;

 private:
  struct State;
  explicit LmtpDoor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Envelope recipient of a mail whose recipient the caller does not know: the headers alone decide.
inline constexpr const char* kUnknownRecipient = "unknown@otpctl.invalid";

}  // namespace otpctl::source
