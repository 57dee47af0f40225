#include "message/plain.hpp"

#include "base/text.hpp"

namespace otpctl::message {

namespace {

/// At most `limit` bytes, not in the middle of a character.
std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  std::size_t end = limit;
  while (end > 0 && limit - end < 3 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return text.substr(0, end);
}

}  // namespace

std::string plain_text(std::string_view text, std::size_t limit) {
  const std::string valid = to_valid_utf8(cut(text, limit));
  std::string out;
  out.reserve(valid.size());
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    if (c == '\0') continue;
    if (c != '\r') {
      out += c;
    } else if (i + 1 == valid.size() || valid[i + 1] != '\n') {
      out += '\n';
    }
  }
  return std::string(cut(out, limit));  // a replaced byte grows
}

std::string one_line(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : to_valid_utf8(cut(text, limit))) {
    const bool white = (c >= 0 && c <= ' ') || c == 0x7F;
    if (!white) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  return std::string(trim(cut(out, limit)));
}

}  // namespace otpctl::message
