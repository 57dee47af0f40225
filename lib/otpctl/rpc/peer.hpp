// One connection as the agent sees it: bytes → calls. A byte machine (feed, feed_eof, tick; next, take_output,
// deadline) with the limits of docs/agent-protocol.md: 64 KiB a line, hello within 5 s, 64 KiB of unread output.
#pragma once

#include "rpc/messages.hpp"

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace otpctl::rpc {

class Peer {
 public:
  struct Options {
    std::size_t max_line = kMaxLine;
    std::size_t max_output = 64 * 1024;
    Duration hello_within = std::chrono::seconds(5);
  };
  /// The connection is over (end of file, a frame that broke the rules, no hello, output nobody reads): send
  /// what take_output() still holds and is sent meanwhile if `linger`, then close.
  struct Ended {
    Error why;
    bool linger = false;
  };
  using Event = std::variant<Call, Ended>;

  Peer(Options options, Now now);

  void feed(std::string_view bytes);
  void feed_eof();
  void tick(Now now);

  /// Calls in order. The first is a Hello or the peer is Ended; nothing comes after Ended. A call that cannot be
  /// read is answered here and is no event. Drain it after each feed: what was fed is held until it is taken.
  std::optional<Event> next();

  /// Queue one encoded line. Over max_output: everything queued is dropped and Ended comes next. Calls that came
  /// before an end of file are still answered: what is sent after an Ended that lingers is kept.
  void send(std::string line);
  std::string take_output();  // everything queued; the driver hands it to the socket
  void output_is_stuck(std::size_t unsent);  // the driver reports what the socket did not take

  /// The server calls it when it has answered the Hello well: ends the hello deadline.
  void greeted();

  std::optional<Instant> deadline() const;

 private:
  void take_line(std::string_view line);
  void end(ErrorCode code, std::string message, bool linger);
  void drop();

  Options options_;
  std::optional<Instant> hello_deadline_;
  std::string partial_;
  std::string output_;
  std::list<Event> events_;  // an empty deque would keep 600 bytes, 10,000 quiet connections pay for it
  std::size_t stuck_ = 0;
  bool ended_ = false;   // takes no more input
  bool closed_ = false;  // takes no more output
  bool first_ = true;
};

}  // namespace otpctl::rpc
