// --fd: while the program runs, each code of its session through a pipe, a line each.
#pragma once

#include "base/fd.hpp"
#include "client/waiter.hpp"
#include "shared/context.hpp"

#include <optional>
#include <poll.h>
#include <span>
#include <string>

namespace otpctl::apps::run {

class Giver {
 public:
  /// `first` is the wait for the first code; those for the next ones have no limit but the session's end.
  static Result<Giver> open(client::Options agent, rpc::Wait first, bool quiet);

  /// What the program gets.
  int read_end() const { return read_end_.get(); }
  /// The program has it: ours is closed, so that we see when nobody reads any more.
  void handed_over() { read_end_.reset(); }

  bool is_done() const { return !write_end_; }

  /// Blocks until something happens: to the wait, to the pipe, to `watch`, or `until`.
  void next(std::span<pollfd> watch, std::optional<Instant> until, Context& context);

 private:
  Giver(client::Options agent, rpc::Wait first, bool quiet);

  void give(const Delivered& code, Context& context);
  void end();
  bool nobody_reads() const;

  client::Options agent_;
  rpc::Wait wait_;
  bool quiet_;
  Fd read_end_;
  Fd write_end_;
  std::optional<client::Waiter> waiter_;
};

}  // namespace otpctl::apps::run
