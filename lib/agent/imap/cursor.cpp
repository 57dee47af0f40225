#include "imap/cursor.hpp"

#include "base/text.hpp"
#include "imap/response.hpp"

#include <charconv>
#include <limits>
#include <utility>

namespace otpctl::imap {

void Cursor::skip_spaces() {
  while (next_is(' ')) ++pos_;
}

bool Cursor::take(char c) {
  if (!next_is(c)) return false;
  ++pos_;
  return true;
}

std::optional<std::uint64_t> Cursor::take_number() {
  std::uint64_t number = 0;
  const char* begin = text_.data() + pos_;
  auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), number);
  if (error != std::errc()) return std::nullopt;
  pos_ += static_cast<std::size_t>(end - begin);
  return number;
}

std::optional<std::uint32_t> Cursor::take_number32() {
  std::size_t start = pos_;
  auto number = take_number();
  if (number && *number <= std::numeric_limits<std::uint32_t>::max()) {
    return static_cast<std::uint32_t>(*number);
  }
  pos_ = start;
  return std::nullopt;
}

std::string_view Cursor::take_word() {
  std::size_t end = std::min(text_.find_first_of(" ()[]\"{\r\n", pos_), text_.size());
  return text_.substr(std::exchange(pos_, end), end - pos_);
}

bool Cursor::take_nil() {
  if (!equals_ignoring_case(text_.substr(pos_, 3), "NIL")) return false;
  if (pos_ + 3 < text_.size() && text_[pos_ + 3] != ' ' && text_[pos_ + 3] != ')') return false;
  pos_ += 3;
  return true;
}

std::optional<std::string> Cursor::take_string() {
  if (next_is('"')) return take_quoted();
  return take_literal();
}

std::optional<std::string> Cursor::take_astring() {
  if (next_is('"') || next_is('{') || next_is('~')) return take_string();
  std::string_view word = take_word();
  if (word.empty()) return std::nullopt;
  return std::string(word);
}

std::optional<std::string> Cursor::take_quoted() {
  std::string value;
  for (std::size_t at = pos_ + 1; at < text_.size(); ++at) {
    if (text_[at] == '"') {
      pos_ = at + 1;
      return value;
    }
    if (text_[at] == '\\' && ++at == text_.size()) break;
    value += text_[at];
  }
  return std::nullopt;
}

std::optional<std::string> Cursor::take_literal() {
  std::size_t at = pos_;
  if (at < text_.size() && text_[at] == '~') ++at;
  if (at == text_.size() || text_[at] != '{' || next_literal_ == literals_.size())
    return std::nullopt;
  std::size_t end = text_.find("\r\n", at);  // only the splitter writes it, behind an announcement
  if (end == std::string_view::npos) return std::nullopt;
  pos_ = end + 2;
  return std::move(literals_[next_literal_++]);
}

std::optional<std::string_view> Cursor::take_section() {
  if (!next_is('[')) return std::nullopt;
  bool quoted = false;
  for (std::size_t at = pos_ + 1; at < text_.size(); ++at) {
    if (quoted && text_[at] == '\\') {
      ++at;
    } else if (text_[at] == '"') {
      quoted = !quoted;
    } else if (text_[at] == ']' && !quoted) {
      std::string_view section = text_.substr(pos_ + 1, at - pos_ - 1);
      pos_ = at + 1;
      return section;
    }
  }
  return std::nullopt;
}

bool Cursor::skip_one() {
  if (next_is('"') || next_is('{')) return take_string().has_value();
  ++pos_;
  return true;
}

bool Cursor::skip_value() {
  int depth = 0;
  std::size_t start = pos_;
  while (!at_end()) {
    if (depth == 0 && (next_is(' ') || next_is(')'))) return pos_ > start;
    if (next_is('(') && ++depth > kNestingLimit) return false;
    if (next_is(')')) --depth;
    if (!skip_one()) return false;
  }
  return depth == 0 && pos_ > start;
}

}  // namespace otpctl::imap
