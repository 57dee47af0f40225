// Splitter: stream → logical responses. The first of two stages: it knows lines and literals (RFC
// 3501 4.3, 7.5), nothing else, and it is where every size limit stands, checked before memory is
// taken.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::imap {

/// One response without its last CRLF. A literal is taken out of the text: where it stood there is
/// its announcement with the line end, "{12}\r\n", which no line can hold otherwise.
struct RawResponse {
  std::string text;
  std::vector<std::string> literals;
};

struct SplitterLimits {
  // The text of one response, literals apart. No server needs a tenth of it for what we ask (a
  // SEARCH is kept to 2,000 numbers); curl has the same cap.
  std::size_t line = 64 * 1024;
  // All literals of one response. We ask for 256 KiB of a message; four times that is a server's
  // mistake.
  std::size_t literal = 1024 * 1024;
};

class Splitter {
 public:
  explicit Splitter(SplitterLimits limits = {}) : limits_(limits) {}

  /// Takes bytes from the front of `input` until one response is whole or `input` is empty.
  /// Nothing: more bytes are needed. Error (`protocol`): a limit or a literal announcement that is
  /// none; from then on nobody can say where a response begins, so every later call fails too.
  Result<std::optional<RawResponse>> take(std::string_view& input);

  /// True in the middle of a response.
  bool inside() const { return in_literal_ || !raw_.text.empty() || !raw_.literals.empty(); }

 private:
  Result<bool> take_line(std::string_view& input);   // true: the response is whole
  Result<bool> take_literal(std::string_view& input);
  Result<bool> end_line();
  Result<bool> begin_literal(std::string_view digits);
  tl::unexpected<Error> broken(std::string message);

  SplitterLimits limits_;
  RawResponse raw_;
  std::size_t line_start_ = 0;      // of the current line in raw_.text
  std::size_t literal_bytes_ = 0;   // announced so far in this response
  std::size_t literal_missing_ = 0;
  bool in_literal_ = false;
  std::optional<Error> error_;
};

}  // namespace otpctl::imap
