// The program that is run: found, started with everything as its caller had it, and followed to its end.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "shared/context.hpp"

#include <csignal>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace otpctl::apps::run {

/// As env(1), nice(1) and shells say it.
inline constexpr int kCannotRun = 126;
inline constexpr int kNotFound = 127;

struct NotStarted {
  int exit = kCannotRun;
  std::string message;
};
/// The message and exit code for an errno of exec.
NotStarted not_started(const std::string& name, int error);

/// Looks for a program as execvp(3) does, so that a mistyped one is known before anything is registered.
std::optional<NotStarted> look_for(const std::string& name, const char* path);

/// NAME=VALUE lines: how a program sees them.
class Environment {
 public:
  static Environment of_this_process();
  explicit Environment(std::vector<std::string> lines) : lines_(std::move(lines)) {}

  void set(const std::string& name, const std::string& value);
  void remove(const std::string& name);
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

/// Signals and SIGCHLD as they were found; made before anything is changed.
struct Dispositions {
  static Dispositions of_this_process();

  sigset_t mask{};
  bool ignored_sigchld = false;
};

struct Launch {
  std::vector<std::string> words;
  Environment environment{std::vector<std::string>{}};
  Dispositions dispositions;
  Inherited inherited;
  int give = -1;     // the read end of a pipe, and
  int give_at = -1;  // the number that the program finds it at
};

/// Starts it in our process group and returns when it has begun: its pid, or the errno of fork or exec.
tl::expected<pid_t, int> start(const Launch& launch);

}  // namespace otpctl::apps::run
