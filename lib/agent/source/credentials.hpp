// From a configured mailbox to what its server is told: password or bearer token, fetched anew for each sign-in.
#pragma once

#include "base/result.hpp"
#include "config/config.hpp"
#include "imap/session.hpp"
#include "io/command.hpp"
#include "io/loop.hpp"

#include <functional>
#include <memory>

namespace otpctl::source {

class FetchingCredentials {
 public:
  /// Calls `done` once, from the loop and never from inside the constructor. Destroying it gives up.
  FetchingCredentials(io::Loop& loop, const config::Mailbox& mailbox,
                      std::function<void(Result<imap::Credentials>)> done);

 private:
  void finish(Result<Secret> secret);

  std::function<void(Result<imap::Credentials>)> done_;
  std::string user_;
  bool bearer_;
  std::unique_ptr<io::Running> running_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace otpctl::source
