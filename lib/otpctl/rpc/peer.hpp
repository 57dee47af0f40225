// One connection as the agent sees it: bytes → calls. A byte machine (feed, feed_eof, tick; next, take_output,
// deadline) with the limits of docs/agent-protocol.md: 64 KiB a line, hello within 5 s, bounded output for
// whoever does not read.
#pragma once

#include "rpc/messages.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace otpctl::rpc {

class Peer {
 public:
  struct Options {
    std::size_t max_line = kMaxLine;
    std::size_t max_output = 128 * 1024;       // that the socket did not take: then the client is dropped
    std::size_t answered_at_once = 32 * 1024;  // then the calls wait until it is written; one more answer fits
    Duration taken_within = std::chrono::seconds(10);  // by the socket, something of what was not taken
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
  /// While output is not written no further call is handed out: a client that does not read is not answered, and
  /// one that asks for much at once is answered as fast as it reads.
  std::optional<Event> next();
  bool has_more() const;     // next() would go on: ask again, after others had their turn
  bool wants_input() const;  // all that was fed is taken, but for a line that is not whole: no need to read on before

  /// Queue one encoded line. Calls that came before an end of file are still answered: what is sent after an Ended
  /// that lingers is kept.
  void send(std::string line);
  std::string take_output();  // everything queued; the driver hands it to the socket
  /// The driver reports what the socket did not take of it. Over max_output, or when it takes nothing for
  /// `taken_within`, all of it is dropped and Ended comes next.
  void output_is_stuck(std::size_t unsent);

  /// The server calls it when it has answered the Hello well: ends the hello deadline.
  void greeted();

  std::optional<Instant> deadline() const;

 private:
  std::optional<Call> read_line();
  std::optional<Call> take_line(std::string_view line);
  std::optional<Event> take_end();
  bool has_room() const { return stuck_ == 0 && output_.size() < options_.answered_at_once; }
  bool has_input() const;  // a whole line, or what is too long for one
  void end(ErrorCode code, std::string message, bool linger);
  void break_off(const Error& why);
  void drop();

  Options options_;
  std::optional<Instant> hello_deadline_;
  std::optional<Instant> taken_deadline_;
  Instant now_{};
  std::string input_;
  std::size_t taken_ = 0;    // of the input
  std::size_t scanned_ = 0;  // no line ends between there and here
  std::string output_;
  std::unique_ptr<Ended> end_;  // comes when the lines before it are taken
  std::size_t stuck_ = 0;
  std::size_t given_ = 0;  // to the socket, which has not taken it before
  bool ended_ = false;   // takes no more input
  bool closed_ = false;  // takes no more output
  bool first_ = true;
};

}  // namespace otpctl::rpc
