#include "message/plain.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "message/html_elements.hpp"

#include <algorithm>

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

bool is_unseen(char32_t c) {
  return c <= ' ' || c == 0x7F || c == 0xA0 || c == 0xAD || c == 0x34F || (c >= 0x2000 && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202F) || (c >= 0x205F && c <= 0x206F) || c == 0x3000 || c == 0xFEFF;
}

/// Behind the block of CSS that opens at `open`, or npos.
std::size_t behind_block(std::string_view css, std::size_t open) {
  std::size_t depth = 0;
  for (std::size_t at = open; at != css.npos; at = css.find_first_of("{}", at + 1)) {
    if (css[at] == '{') {
      ++depth;
    } else if (--depth == 0) {
      return at + 1;
    }
  }
  return css.npos;
}

/// How long the rule or comment of CSS at the begin of `text` is; 0 when there is none.
std::size_t css_rule(std::string_view text) {
  constexpr std::size_t kSelector = 300;  // bytes
  for (const auto& [begin, end] : {std::pair("/*", "*/"), std::pair("<!--", "-->")}) {
    if (!text.starts_with(begin)) continue;
    const std::size_t at = text.find(end);
    return at == text.npos ? 0 : at + std::string_view(end).size();
  }
  if (text.starts_with("@import") || text.starts_with("@charset")) return text.find(';') + 1;
  const std::size_t open = text.substr(0, kSelector).find('{');
  if (open == text.npos || open == 0) return 0;
  const bool selects = text.front() == '@' || text.front() == '.' || text.front() == '#' || text.front() == '*' ||
                       element_of(text.substr(0, text.find_first_of(" .#:,>[{\t\r\n"))).tag != Tag::other;
  const std::size_t end = selects ? behind_block(text, open) : text.npos;
  if (end == text.npos) return 0;
  return text.substr(open, end - open).find(':') != text.npos ? end : 0;
}

}  // namespace

bool is_blank(std::string_view text) {
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_at(text, pos);
    if (!is_unseen(c.point)) return false;
    pos += c.size;
  }
  return true;
}

std::string_view without_css(std::string_view text) {
  std::string_view rest = trim(text);
  bool any = false;
  for (std::size_t size = css_rule(rest); size > 0; size = css_rule(rest)) {
    any = any || rest.front() != '<';
    rest = trim(rest.substr(size));
  }
  return any ? rest : text;
}

bool is_html_source(std::string_view text) {
  const std::string_view begin = trim(text);
  if (!begin.starts_with('<') || text.find("</") == text.npos) return false;
  const std::string_view name = begin.substr(1, begin.find_first_of(" \t\r\n>/", 1) - 1);
  return equals_ignoring_case(name, "!doctype") || element_of(name).tag != Tag::other;
}

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
