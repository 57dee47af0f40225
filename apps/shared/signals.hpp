// Signals as something to poll.
#pragma once

#include "base/fd.hpp"
#include "shared/exit_codes.hpp"

#include <csignal>
#include <initializer_list>
#include <optional>

namespace otpctl::apps {

/// Holds the given signals back while it lives, so that they are read instead. One that the caller has ignored
/// (nohup, a shell's background job) stays ignored.
class Signals {
 public:
  explicit Signals(std::initializer_list<int> numbers);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int fd() const { return fd_.get(); }
  /// The next one that has come.
  std::optional<int> take() const;

  /// Around something that may block for ever: between the two they do what they do by themselves.
  void release() const;
  void hold() const;

  /// What SIGTSTP, SIGHUP or SIGQUIT does to a process that does not know it. Returns only when it goes on after a
  /// stop.
  void let_happen(int number) const;

 private:
  sigset_t set_{};
  sigset_t before_{};
  Fd fd_;
};

/// 130 or 143; nothing for a signal that does not end a command with a code of its own.
std::optional<ExitCode> exit_for_signal(int number);

}  // namespace otpctl::apps
