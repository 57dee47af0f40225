// The one driver of the byte machines (imap::Session, smtp::Session, rpc::Peer): it moves bytes between a Stream and
// a machine, hands its events on and keeps its deadline. Feed before tick; events before output.
#pragma once

#include "io/loop.hpp"
#include "io/stream.hpp"

#include "base/secret.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace otpctl::io {

/// `Machine` has feed, feed_eof, tick, next, take_output, deadline; optionally output_is_stuck(bytes). One that holds
/// events back until its output is written also has has_more() (next() would go on) and wants_input() (more need not be
/// read before). After feed_eof() one of its events must make `on_event` call close(), now or later.
template <class Machine>
class Pump {
 public:
  using Event = typename decltype(std::declval<Machine&>().next())::value_type;

  /// `on_event` may call wake() and machine(); to end the connection it calls close(), which is carried out when
  /// the cycle is over: then, or when the stream fails, `on_closed` is called once; it may destroy the Pump.
  /// `on_cycle` (optional) comes after the events of one wake-up: all that one read brought has been told.
  struct Calls {
    std::function<void(Event&)> on_event;
    std::function<void(const Error&)> on_closed;
    std::function<void()> on_cycle;
  };

  Pump(Loop& loop, std::unique_ptr<Stream> stream, Machine machine, Calls calls)
      : loop_(loop),
        stream_(std::move(stream)),
        machine_(std::move(machine)),
        calls_(std::move(calls)),
        timer_(loop),
        watch_(loop, stream_->fd(), [this] { cycle(true); }) {
    timer_.set(loop_.now().instant, [this] { cycle(true); });
  }
  Pump(const Pump&) = delete;

  Machine& machine() { return machine_; }
  Stream& stream() { return *stream_; }

  /// After a call into machine() from outside: takes up its events, output and deadline.
  void wake() {
    if (!cycling_) cycle(false);
  }
  /// Sends what is queued as far as the socket takes it, then closes.
  void close(Error why = {}) {
    if (!closing_) closing_ = std::move(why);
    if (!cycling_) cycle(false);
  }

 private:
  static constexpr bool kHoldsBack = requires(Machine& m) { m.has_more(); m.wants_input(); };

  void cycle(bool read) {
    cycling_ = true;
    if (read && !closing_ && !ended_) take_in();
    machine_.tick(loop_.now());
    while (!closing_) {
      auto event = machine_.next();
      if (!event) break;
      calls_.on_event(*event);
    }
    if (calls_.on_cycle) calls_.on_cycle();
    put_out();
    cycling_ = false;
    if (closing_ || failed_) {
      finish();
      return;
    }
    timer_.move_to(machine_.deadline());
    if constexpr (kHoldsBack) {
      watch_.want_read(!ended_ && machine_.wants_input());
      if (machine_.has_more()) come_again();
    }
  }

  /// After everybody else who is ready.
  void come_again() {
    if (std::exchange(comes_again_, true)) return;
    loop_.post([this, alive = std::weak_ptr<int>(alive_)] {
      if (alive.expired()) return;
      comes_again_ = false;
      cycle(true);
    });
  }

  void take_in() {
    static thread_local char buffer[64 * 1024];
    // Bounded, so that a flood on one connection cannot starve the others: the watch calls again.
    for (int round = 0; round < 16; ++round) {
      if constexpr (kHoldsBack) {
        if (!machine_.wants_input()) return;
      }
      auto got = stream_->read(buffer);
      if (!got) {
        failed_ = got.error();
        machine_.feed_eof();
        return;
      }
      if (got->bytes > 0) machine_.feed(std::string_view(buffer, got->bytes));
      if (got->end) {
        // The machine says when it is over: a peer that has only ended its sending side still gets its answers.
        ended_ = true;
        watch_.want_read(false);
        machine_.feed_eof();
        return;
      }
      if (got->again) return;
    }
    come_again();
  }

  void put_out() {
    std::string output = machine_.take_output();
    if (unsent_.empty()) {
      unsent_.swap(output);
    } else {
      unsent_ += output;
    }
    wipe(output);
    std::size_t sent = 0;
    while (sent < unsent_.size()) {
      auto put = stream_->write(std::string_view(unsent_).substr(sent));
      if (!put) {
        failed_ = put.error();
        break;
      }
      if (put->again) break;
      sent += put->bytes;
    }
    if (sent == unsent_.size()) {
      wipe(unsent_);
      std::string().swap(unsent_);  // a quiet connection keeps no memory
    } else {
      unsent_.erase(0, sent);
    }
    if constexpr (requires(Machine& m) { m.output_is_stuck(std::size_t{}); }) {
      machine_.output_is_stuck(unsent_.size());
    }
    watch_.want_write(!unsent_.empty());
  }

  void finish() {
    Error why = closing_ ? *closing_ : *failed_;
    timer_.clear();
    auto call = std::move(calls_.on_closed);
    if (call) call(why);
  }

  Loop& loop_;
  std::unique_ptr<Stream> stream_;
  Machine machine_;
  Calls calls_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::string unsent_;
  std::optional<Error> closing_, failed_;
  bool cycling_ = false;
  bool comes_again_ = false;
  bool ended_ = false;  // end of file was read
  Timer timer_;
  Watch watch_;  // last: ends before the stream's descriptor is closed
};

}  // namespace otpctl::io
