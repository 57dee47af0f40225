// --ndjson: many messages. One object a line in, its verdict a line out, in order, each as soon as it is decided.
//   in   {"id", "channel": "sms"|"email", "text"?, "subject"?, "html"?, "raw_base64"?}     raw_base64: a whole RFC 5322 message
//   out  {"id", "code": string|null, "recipient": string|null, "verdict": "code"|"none"|"ambiguous", "confidence", "reason"}
//   out  {"id", "error"} for a line that is none; the rest goes on
#pragma once

#include "extract/look.hpp"

#include <string>
#include <string_view>

namespace otpctl::apps::extract {

/// 65 when a line was wrong, 75 when standard output is closed or full, 66 when the input cannot be read.
ExitCode run_batch(const Options& options, const Knowledge& known, Context& context);

struct Judged {
  std::string line;  // with its LF
  bool good = false;
};

/// Pure. What answers one line.
Judged judge(std::string_view line, const Knowledge& known);

}  // namespace otpctl::apps::extract
