// A text with places in it that are marked and coloured. Pure.
#pragma once

#include "code/code.hpp"
#include "shared/terminal.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::apps::extract {

/// What a terminal takes.
struct Shape {
  int columns = 0;  // 0: lines as long as they are
  bool color = false;
};

struct Mark {
  std::size_t begin = 0;  // byte offsets
  std::size_t end = 0;
  std::string before;  // ">>>"
  std::string after;   // "<<<", "[2]"
  Tone tone = Tone::plain;
};

/// Bytes that each have a tone.
class Painted {
 public:
  void add(std::string_view text, Tone tone = Tone::plain);
  /// No line is broken at a space in it.
  void add_together(std::string_view text, Tone tone);
  bool empty() const { return text_.empty(); }

  /// In lines of at most `shape.columns`, the first behind `first`, the others behind `next`; each with its LF.
  std::string lines(std::string_view first, std::string_view next, Shape shape) const;

 private:
  std::string painted(std::size_t begin, std::size_t end, bool color) const;

  std::string text_;
  std::string shape_;  // as long: text_ with another character for each space that no line is broken at
  std::string tones_;  // of each byte
};

/// `text` line by line, each printable, with the marks (any order; what overlaps an earlier one is left out).
std::vector<Painted> marked(std::string_view text, std::vector<Mark> marks);

}  // namespace otpctl::apps::extract
