#include "code/hide.hpp"

#include <cstddef>

namespace otpctl::code {

namespace {

constexpr std::size_t kShortestSecret = 4;

char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_separator(char c) { return c == '-' || c == '.' || c == '_' || c == ' '; }

/// How many bytes of `text` are the value, 0: it does not begin here.
std::size_t length_of(std::string_view value, std::string_view text) {
  std::size_t at = 0;
  for (const char c : value) {
    if (at > 0 && at + 1 < text.size() && small(text[at]) != small(c) && is_separator(text[at])) ++at;
    if (at >= text.size() || small(text[at]) != small(c)) return 0;
    ++at;
  }
  return at;
}

}  // namespace

std::string without_code(std::string_view text, std::string_view value) {
  if (value.size() < kShortestSecret) return std::string(text);
  std::string left;
  while (!text.empty()) {
    const std::size_t length = length_of(value, text);
    left += length > 0 ? std::string_view("…") : text.substr(0, 1);
    text.remove_prefix(length > 0 ? length : 1);
  }
  return left;
}

}  // namespace otpctl::code
