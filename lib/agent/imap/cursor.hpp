// Cursor: reads the tokens of one response from left to right (RFC 3501 section 9). Every take_
// function moves on when it finds what it is named for and leaves the cursor where it was when not.
#pragma once

#include "imap/splitter.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otpctl::imap {

class Cursor {
 public:
  explicit Cursor(RawResponse& raw) : text_(raw.text), literals_(raw.literals) {}

  bool at_end() const { return pos_ == text_.size(); }
  bool next_is(char c) const { return pos_ < text_.size() && text_[pos_] == c; }
  std::string_view rest() const { return text_.substr(pos_); }
  void skip_spaces();

  bool take(char c);
  std::optional<std::uint64_t> take_number();    // digits only, at most 2^64 - 1
  std::optional<std::uint32_t> take_number32();
  std::string_view take_word();  // up to a space, parenthesis, bracket, brace, quote or the end
  bool take_nil();
  std::optional<std::string> take_string();      // quoted or literal (also literal8)
  std::optional<std::string> take_astring();     // or an atom
  /// The section behind BODY, "[…]"; what stood between the brackets. Quoted strings may hold
  /// brackets.
  std::optional<std::string_view> take_section();
  /// Any value, lists to kNestingLimit. False: it has no end, or is too deep.
  bool skip_value();

 private:
  std::optional<std::string> take_quoted();
  std::optional<std::string> take_literal();
  bool skip_one();  // a parenthesis, a string, or one other character

  std::string_view text_;
  std::vector<std::string>& literals_;
  std::size_t pos_ = 0;
  std::size_t next_literal_ = 0;
};

}  // namespace otpctl::imap
