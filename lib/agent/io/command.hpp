// Runs one program for its output: password-command, token-command. No shell, no input, 30 s, 64 KiB.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "io/loop.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace otpctl::io {

class Running {
 public:
  /// Calls `done` once, from the loop, with the first line of its output. `auth_rejected` when it cannot be started, ends
  /// with another status than 0, prints nothing or is too slow; the message names the program, never its output.
  Running(Loop& loop, const std::vector<std::string>& argv, std::function<void(Result<Secret>)> done,
          Duration within = std::chrono::seconds(30));
  ~Running();  // kills it when it still runs
  Running(const Running&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace otpctl::io
