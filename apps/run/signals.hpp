// What comes to `run` and is meant for the program: handed on, without being heard twice.
#pragma once

#include "base/fd.hpp"

#include <csignal>
#include <sys/types.h>

namespace otpctl::apps::run {

/// Holds back every signal that is handed on or followed, from its construction on. What the caller has ignored stays
/// ignored.
class Relay {
 public:
  Relay();

  /// To poll for reading.
  int fd() const { return fd_.get(); }
  /// The same without SIGCHLD.
  int handed_on_fd() const { return handed_on_fd_.get(); }

  /// Hands on what has come. The terminal's own keys (Ctrl-C, Ctrl-\, Ctrl-Z, a new size) reach the program by
  /// themselves, because it stands in our process group; what somebody sends to us alone does not.
  void hand_on(pid_t program) const;

  /// The program was stopped: so are we, by the same signal, and the shell sees it. Goes on after SIGCONT.
  void stop_as(int number, pid_t program) const;

 private:
  sigset_t set_{};
  Fd fd_;
  Fd handed_on_fd_;
};

/// Ends this process as the program was ended, so that whoever waits for us sees the same (a shell's loop ends at
/// Ctrl-C). Returns where that is impossible (process 1, an ignored signal): then 128 + number is left.
void die_by(int number);

}  // namespace otpctl::apps::run
