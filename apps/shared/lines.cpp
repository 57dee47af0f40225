#include "shared/lines.hpp"

#include <algorithm>

namespace otpctl::apps {

Result<std::optional<InputLine>> Lines::next() {
  InputLine line;
  bool begun = false;
  while (!ended_) {
    if (pos_ == chunk_.size()) {
      auto more = source_.read_some();
      if (!more) return fail(more.error());
      ended_ = more->empty();
      chunk_ = std::move(*more);
      pos_ = 0;
      continue;
    }
    begun = true;
    const std::size_t end = std::min(chunk_.find('\n', pos_), chunk_.size());
    const std::size_t room = limit_ - line.text.size();
    line.too_long = line.too_long || end - pos_ > room;
    line.text.append(chunk_, pos_, std::min(end - pos_, room));
    pos_ = std::min(end + 1, chunk_.size());
    if (end < chunk_.size()) return line;
  }
  if (!begun) return std::nullopt;
  return line;
}

}  // namespace otpctl::apps
