// Where the tags and comments of an HTML document end (HTML 13.2.5), and the attributes that matter.
#pragma once

#include <cstddef>
#include <string_view>

namespace otpctl::message {

/// As written; empty where not given. The first of a name counts.
struct Attributes {
  std::string_view style, id, classes, background, type, size, face, colour;
  bool hidden = false;
  bool open = false;
  bool self_closed = false;  // "/>": counts outside of HTML only
};

class Scanner {
 public:
  explicit Scanner(std::string_view html) : html_(html) {}

  bool at_end() const { return pos_ >= html_.size(); }
  std::size_t pos() const { return pos_; }
  void move_to(std::size_t pos) { pos_ = pos < html_.size() ? pos : html_.size(); }
  std::string_view rest() const { return html_.substr(pos_); }
  char peek(std::size_t ahead) const { return pos_ + ahead < html_.size() ? html_[pos_ + ahead] : '\0'; }

  /// Behind the next `mark`, or to the end.
  void skip_behind(std::string_view mark);

  /// At "<!--": behind the comment.
  void skip_comment();

  /// At a tag's name: returns it, behind it.
  std::string_view tag_name();

  /// Behind a tag's name: moves behind its '>'. Where there is none to the end, and false: no tag then.
  bool attributes(Attributes& out);

  /// The text up to the end tag `name`; moves behind that.
  std::string_view raw_text(std::string_view name);

 private:
  std::string_view attribute_value();

  std::string_view html_;
  std::size_t pos_ = 0;
};

inline bool is_html_white(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }
inline bool is_html_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

}  // namespace otpctl::message
