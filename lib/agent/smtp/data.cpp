#include "smtp/data.hpp"

#include <algorithm>

namespace otpctl::smtp {

void DataReader::append(std::string_view bytes) {
  size_ += bytes.size();
  if (kept_.size() < keep_) kept_.append(bytes.substr(0, keep_ - kept_.size()));
}

void DataReader::drop() {
  keep_ = 0;
  std::string().swap(kept_);
}

/// One move of the machine on a non-empty view; how much it took. 0 only together with another
/// state.
std::size_t DataReader::step(std::string_view bytes) {
  const char c = bytes.front();
  switch (state_) {
    case State::line_start: state_ = c == '.' ? State::dot : State::text; return c == '.' ? 1 : 0;
    case State::text: {
      const std::size_t end = std::min(bytes.find('\r'), bytes.size());
      append(bytes.substr(0, end));
      if (end == bytes.size()) return end;
      state_ = State::cr;
      return end + 1;
    }
    case State::cr:
      append(c == '\n' ? "\r\n" : "\r");
      state_ = c == '\n' ? State::line_start : State::text;
      return c == '\n' ? 1 : 0;
    case State::dot:  // the dot is stuffing unless CRLF follows
      state_ = c == '\r' ? State::dot_cr : State::text;
      return c == '\r' ? 1 : 0;
    case State::dot_cr:
      if (c == '\n') {
        state_ = State::done;
        return 1;
      }
      append("\r");
      state_ = State::text;
      return 0;
    case State::done: return 0;
  }
  return 0;
}

std::size_t DataReader::feed(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && !done()) taken += step(bytes.substr(taken));
  return taken;
}

}  // namespace otpctl::smtp
