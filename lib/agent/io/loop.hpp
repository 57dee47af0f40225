// The agent's one loop and one clock: Asio behind a wall. Everything impure runs on the thread that calls run().
// Timers run on CLOCK_BOOTTIME, so that neither a suspend nor a set clock stretches them.
#pragma once

#include "base/time.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace otpctl::io {

class Loop {
 public:
  Loop();
  /// With a clock that stands still and is moved by pass() alone, for tests of what timers do.
  explicit Loop(Now standing_at);
  ~Loop();
  Loop(const Loop&) = delete;

  /// Returns after stop().
  void run();
  void stop();

  /// Everything that happens in that time by the clock that stands still: what is ready, and each timer at its moment.
  void pass(Duration time);

  /// Both clocks as of the latest wake-up: one reading for everything that one wake-up causes.
  Now now();

  /// Runs after everything that is ready at the moment.
  void post(std::function<void()> task);

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// Calls back once when its time has come. Destroying or clearing it is enough to never be called.
class Timer {
 public:
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(const Timer&) = delete;

  void set(Instant when, std::function<void()> task);
  void on_fire(std::function<void()> task);
  /// Keeps the task.
  void move_to(std::optional<Instant> when);
  void clear();

 private:
  struct Entry;
  Loop* loop_;
  std::unique_ptr<Entry> entry_;
};

/// Watches one descriptor that somebody else owns; must end before that is closed.
class Watch {
 public:
  /// `on_ready` is called while the descriptor is readable (and writable, once asked for), again and again
  /// until it is drained. It may destroy the Watch.
  Watch(Loop& loop, int fd, std::function<void()> on_ready);
  ~Watch();
  Watch(const Watch&) = delete;

  void want_read(bool on);
  void want_write(bool on);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Calls back for each of the signals, which are blocked for the process from now on.
class Signals {
 public:
  Signals(Loop& loop, const std::vector<int>& signals, std::function<void(int)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace otpctl::io
