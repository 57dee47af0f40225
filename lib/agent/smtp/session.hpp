// Bytes → envelopes: the server side of LMTP (RFC 2033; SMTP, RFC 5321, is the same machine with
// another greeting). A byte machine: feed, feed_eof, tick; next, take_output, deadline. Pure.
// Smuggling-proof: a line ends with CRLF only (a bare LF or CR in a command ends the session, in
// DATA it is data and never part of the end), the end of DATA is CRLF.CRLF only.
//
// At most one Mail is open: what the client pipelines behind it (RFC 2920) waits until it is
// answered. Closed is the last event, and comes only after every Mail was answered; before the
// driver drops the connection it sends take_output() once more. A client that ends its side early
// (`… | nc -U`) still gets its replies. Timers run on what tick() was told; bytes of feed() count
// as read at the next tick(). Not thread safe; movable.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace otpctl::smtp {

struct Options {
  bool lmtp = true;
  std::string name = "localhost";          // in the greeting
  std::size_t max_message = 52'428'800;    // SIZE; over it 552. Not kept: see below
  std::size_t keep_message = 512 * 1024;   // handed on of a longer one: headers and the first text
  std::size_t max_recipients = 1'000;      // 452 for each one more: a second mail takes those
  std::size_t max_line = 2'048;            // with its CRLF (RFC 5321 4.5.3.1.4 asks 512)
  int max_errors = 20;                     // refused commands, then 421
  int max_idle_commands = 100;             // NOOP, RSET, VRFY, LHLO … since the last mail, then 421
  Duration idle = std::chrono::minutes(5); // RFC 5321 4.5.3.2.7
};

/// Accepted after the final dot; answer it with taken() or refused().
struct Mail {
  std::string sender;                   // MAIL FROM, may be empty
  std::vector<std::string> recipients;  // as in RCPT TO, without <>, perhaps without a domain
  std::string bytes;                    // dots unstuffed, cut to keep_message
  std::size_t size = 0;                 // whole
};

/// QUIT or the end of the connection between two mails; else `why`: deadline, too many errors …
struct Closed {
  std::optional<Error> why;
};
using Event = std::variant<Mail, Closed>;

class Session {
 public:
  Session(Options options, Now now);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  void feed(std::string_view bytes);
  void feed_eof();
  void tick(Now now);
  std::optional<Event> next();
  std::string take_output();
  /// When to call tick() at the latest; nothing while a Mail waits for its answer and when it is
  /// over.
  std::optional<Instant> deadline() const;

  /// Answer of the open Mail: 250 for each recipient (LMTP) or once (SMTP). Only when it is safe.
  void taken();
  /// 4xx/5xx with one line for each recipient: it is not ours now. Another code counts as 451; of
  /// `why` the first 200 bytes are sent, what is not printable ASCII as "?".
  void refused(int code, std::string_view why);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace otpctl::smtp
