#include "code/conventions.hpp"

#include "base/text.hpp"
#include "code/code.hpp"

#include <algorithm>

namespace otpctl::code {

namespace {

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.back() == '.') return false;
  if (host.find("..") != host.npos) return false;
  if (host.find('.') == host.npos && !equals_ignoring_case(host, "localhost")) return false;
  return std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alnum(c) || c == '.' || c == '-'; });
}

/// Eleven base64 characters with at least one that makes it no word: a digit, a sign, or a capital
/// inside.
bool is_app_hash(std::string_view word) {
  constexpr std::size_t kSize = 11;
  if (word.size() != kSize) return false;
  const bool base64 = std::all_of(word.begin(), word.end(), [](char c) {
    return is_alnum(c) || c == '+' || c == '/' || c == '_';
  });
  const bool all_digits = word.find_first_not_of("0123456789") == word.npos;
  const bool mixed =
      std::any_of(word.begin() + 1, word.end(), [](char c) { return c < 'a' || c > 'z'; });
  return base64 && mixed && !all_digits;
}

std::size_t last_line(std::string_view text) {
  const std::size_t feed = text.rfind('\n');
  return feed == text.npos ? 0 : feed + 1;
}

bool is_bare_host(std::string_view word) { return word.starts_with('@') && is_host(word.substr(1)); }

/// Without last lines that hold nothing but "@host": an embedded host that was wrapped.
std::string_view without_wrapped_hosts(std::string_view text) {
  for (std::size_t begin = last_line(text); begin > 0 && is_bare_host(text.substr(begin)); begin = last_line(text))
    text = trim(text.substr(0, begin));
  return text;
}

/// Where "@host #code" begins in the line: behind other hosts, as Chromium takes "@a.example @b.example #123".
std::size_t behind_other_hosts(std::string_view line) {
  std::size_t begin = 0;
  for (std::size_t space = line.find(' '); space != line.npos; space = line.find(' ', begin)) {
    if (!is_bare_host(line.substr(begin, space - begin)) || !line.substr(space + 1).starts_with('@')) break;
    begin = space + 1;
  }
  return begin;
}

}  // namespace

std::optional<DomainBound> find_domain_bound(std::string_view text) {
  const std::string_view bare = without_wrapped_hosts(trim(without_app_hash(text)));
  if (bare.empty()) return std::nullopt;
  const std::size_t offset = static_cast<std::size_t>(bare.data() - text.data());
  std::size_t begin = last_line(bare);
  begin += behind_other_hosts(bare.substr(begin));
  const std::string_view line = bare.substr(begin);
  const std::size_t mark = line.find(" #");
  if (!line.starts_with('@') || mark == line.npos) return std::nullopt;
  const std::string_view host = line.substr(1, mark - 1);
  const std::size_t end = std::min(line.find_first_of("# \t\r", mark + 2), line.size());
  const std::string_view code = line.substr(mark + 2, end - mark - 2);
  std::string_view rest = trim(line.substr(end));
  rest = rest.substr(0, rest.find(' '));  // what stands behind the embedded host is for the future
  if (!is_host(host) || !is_printable_code(code)) return std::nullopt;
  if (rest.starts_with('@') && !is_host(rest.substr(1))) return std::nullopt;
  return DomainBound{to_lower(host), std::string(code), offset + begin + mark + 2,
                     offset + begin + end};
}

std::string_view without_app_hash(std::string_view text) {
  const std::string_view bare = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  const std::size_t white = bare.find_last_of(" \n\t");
  if (white == bare.npos) return text;
  return is_app_hash(bare.substr(white + 1)) ? bare.substr(0, white) : text;
}

}  // namespace otpctl::code
