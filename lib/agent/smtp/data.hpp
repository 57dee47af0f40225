// What follows DATA: finds the end, takes the stuffed dots out, keeps the first bytes and counts
// the rest. The end is CRLF.CRLF and nothing else, whatever a bare CR or LF pretends (RFC
// 5321 4.1.1.4, 4.5.2).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace otpctl::smtp {

class DataReader {
 public:
  /// Holds at most `keep` bytes, however long the message is.
  explicit DataReader(std::size_t keep) : keep_(keep) {}

  /// Returns how many of `bytes` belong to the message and its end; the rest is the next command.
  std::size_t feed(std::string_view bytes);

  bool done() const { return state_ == State::done; }
  std::size_t size() const {
    return size_;
  }  // of the whole message, unstuffed, without the final dot
  std::string take() { return std::move(kept_); }
  void drop();  // keeps nothing from here on, only counts

 private:
  enum class State { line_start, text, cr, dot, dot_cr, done };
  std::size_t step(std::string_view bytes);
  void append(std::string_view bytes);

  std::size_t keep_;
  std::size_t size_ = 0;
  State state_ = State::line_start;
  std::string kept_;
};

}  // namespace otpctl::smtp
