#include "code/pattern.hpp"

#include "base/text.hpp"
#include "code/code.hpp"

#include <boost/regex.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace otpctl::code {

namespace {

constexpr std::size_t kPatternBytes = 500;
constexpr std::size_t kLineBytes = 500;
// Steps of the matcher on one line. An honest pattern takes 2 to 5 a character, ".*code.*(\d{6})"
// on a line without any 125,000; 250,000 take 2 ms, with the dearest pattern found 30 ms.
constexpr std::size_t kLineSteps = 250'000;
constexpr int kBoundedLines = 2;  // then the whole text counts as not matching

struct OutOfSteps {};

/// A const char* that counts what the matcher does with it. Boost's own bound grows with the square
/// of the pattern's length and lets one line cost seconds; this one does not.
struct Cursor {
  using iterator_category = std::random_access_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at = nullptr;
  std::size_t* steps = nullptr;

  void count() const {
    if (steps && (*steps)-- == 0) throw OutOfSteps{};
  }
  reference operator*() const { return count(), *at; }
  reference operator[](difference_type n) const { return count(), at[n]; }
  Cursor& operator+=(difference_type n) { return count(), at += n, *this; }
  Cursor& operator-=(difference_type n) { return *this += -n; }
  Cursor& operator++() { return *this += 1; }
  Cursor& operator--() { return *this += -1; }
  Cursor operator++(int) { return std::exchange(*this, *this + 1); }
  Cursor operator--(int) { return std::exchange(*this, *this - 1); }
  friend Cursor operator+(Cursor c, difference_type n) { return c += n; }
  friend Cursor operator+(difference_type n, Cursor c) { return c += n; }
  friend Cursor operator-(Cursor c, difference_type n) { return c -= n; }
  friend difference_type operator-(const Cursor& a, const Cursor& b) { return a.at - b.at; }
  friend bool operator==(const Cursor& a, const Cursor& b) { return a.at == b.at; }
  friend auto operator<=>(const Cursor& a, const Cursor& b) { return a.at <=> b.at; }
};

/// "(?R)", "(?1)", "(?&name)", "(?P>name)": each level copies all groups, so steps would not bound
/// the time.
bool is_recursive(std::string_view regex) {
  for (std::size_t i = regex.find("(?"); i != regex.npos; i = regex.find("(?", i + 1)) {
    const std::string_view rest = regex.substr(i + 2);
    const char next = rest.empty() ? '\0' : rest[0];
    const char second = rest.size() > 1 ? rest[1] : '\0';
    const bool number = (next >= '0' && next <= '9') ||
                        ((next == '+' || next == '-') && second >= '0' && second <= '9');
    if (number || next == 'R' || next == '&' || rest.starts_with("P>")) return true;
  }
  return false;
}

/// At most kLineBytes of the line, whole characters.
std::string_view shown(std::string_view line) {
  if (line.size() <= kLineBytes) return line;
  std::size_t end = kLineBytes;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end);
}

}  // namespace

struct Pattern::Compiled {
  boost::regex regex;
};

Pattern::Pattern(std::string source, std::shared_ptr<const Compiled> compiled)
    : source_(std::move(source)), compiled_(std::move(compiled)) {}
Pattern::Pattern(const Pattern&) = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(const Pattern&) = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Result<Pattern> Pattern::compile(std::string_view regex) {
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorCode::usage, "not a usable pattern: '" + printable(regex, 60) + "': " + why);
  };
  if (regex.size() > kPatternBytes) return refuse("longer than 500 bytes");
  if (is_recursive(regex)) return refuse("a group that calls itself is not supported");
  auto compiled = std::make_shared<Compiled>();
  try {
    compiled->regex.assign(regex.data(), regex.data() + regex.size(), boost::regex::perl);
  } catch (const std::exception& error) {
    return refuse(printable(error.what(), 120));
  }
  if (compiled->regex.mark_count() != 1) {
    return refuse("it needs exactly one group ( ), the code; write others as (?: )");
  }
  return Pattern(std::string(regex), std::move(compiled));
}

std::optional<Pattern::Match> Pattern::find(std::string_view text, bool* bounded, std::size_t* all_steps) const {
  int lost = 0;
  std::size_t unlimited = text.size() * kLineSteps;
  std::size_t& left = all_steps ? *all_steps : unlimited;
  std::optional<Match> match;
  for (std::size_t begin = 0; begin < text.size() && lost < kBoundedLines && !match;) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::size_t allowed = std::min(kLineSteps, left);
    std::size_t steps = allowed;
    try {
      match = find_in_line(shown(text.substr(begin, end - begin)), begin, steps);
    } catch (const OutOfSteps&) {
      steps = 0;
      lost += allowed < kLineSteps ? kBoundedLines : 1;
    } catch (const std::exception&) {  // Boost's own bound
      ++lost;
    }
    left -= allowed - steps;
    begin = end + 1;
  }
  if (bounded && lost > 0 && !match) *bounded = true;
  return match;
}

/// `begin` is where the line begins in its text.
std::optional<Pattern::Match> Pattern::find_in_line(std::string_view line, std::size_t begin, std::size_t& steps) const {
  const Cursor first{line.data(), &steps};
  const Cursor last{line.data() + line.size(), &steps};
  boost::match_results<Cursor> match;
  if (!boost::regex_search(first, last, match, compiled_->regex) || !match[1].matched) return std::nullopt;
  std::string value(match[1].first.at, match[1].second.at);
  if (!is_printable_code(value)) return std::nullopt;
  const std::size_t at = begin + static_cast<std::size_t>(match[1].first.at - line.data());
  return Match{std::move(value), at, at + static_cast<std::size_t>(match[1].second.at - match[1].first.at)};
}

}  // namespace otpctl::code
