// Bytes → envelopes: the server side of LMTP (RFC 2033; SMTP, RFC 5321, is the same machine with another greeting). A
// byte machine: feed, feed_eof, tick; next, take_output, deadline. Pure.
// Smuggling-proof: a line ends with CRLF only (a bare LF or CR in a command is an error, in DATA it is data and never
// part of the end), the end of DATA is CRLF.CRLF only.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace otpctl::smtp {

struct Options {
  bool lmtp = true;
  std::string name = "localhost";             // in the greeting
  std::size_t max_message = 26'214'400;       // SIZE; over it 552
  std::size_t keep_message = 512 * 1024;      // what is handed on of a longer one: headers and the first text
  std::size_t max_recipients = 1'000;
  std::size_t max_line = 2'048;               // of a command (RFC 5321 4.5.3.1.4 asks 512)
  Duration idle = std::chrono::minutes(5);    // RFC 5321 4.5.3.2.7
};

struct Mail {                            // accepted after the final dot; answer it with taken() or refused()
  std::string sender;                    // MAIL FROM, may be empty
  std::vector<std::string> recipients;   // as given in RCPT TO, without <>
  std::string bytes;                     // dots unstuffed, cut to keep_message
  std::size_t size = 0;                  // whole
};
struct Closed { std::optional<Error> why; };  // QUIT, end of file, deadline, too many errors
using Event = std::variant<Mail, Closed>;

class Session {
 public:
  Session(Options options, Now now);
  void feed(std::string_view bytes);
  void feed_eof();
  void tick(Now now);
  std::optional<Event> next();
  std::string take_output();
  std::optional<Instant> deadline() const;

  /// Answer of the oldest Mail: 250 for each recipient (LMTP) or once (SMTP). Only when it is safe.
  void taken();
  /// 4xx/5xx with one line for each recipient: it is not ours now.
  void refused(int code, std::string_view why);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace otpctl::smtp
