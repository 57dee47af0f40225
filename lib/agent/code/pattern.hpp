// A user's regular expression with one group: `[[pattern]] regex` and `wait --pattern`.
// Boost.Regex (Perl syntax) line by line on at most 500 characters of each line, because its own bound on
// backtracking alone still lets one line cost seconds. A line that runs into the bound does not match.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace otpctl::code {

class Pattern {
 public:
  /// `usage` when it does not compile, is over 500 bytes, or has not exactly one group.
  static Result<Pattern> compile(std::string_view regex);

  struct Match {
    std::string value;      // the group
    std::size_t begin = 0;  // byte offsets of the group in `text`
    std::size_t end = 0;
  };
  /// First match in `text`, or nothing. `bounded` (if given) becomes true when a line ran into the bound. `steps` (if
  /// given) is what may be spent on all that is tried on one message: less is left, and with nothing left it is the bound.
  std::optional<Match> find(std::string_view text, bool* bounded = nullptr, std::size_t* steps = nullptr) const;

  const std::string& source() const { return source_; }
  Pattern(const Pattern&);
  Pattern(Pattern&&) noexcept;
  Pattern& operator=(const Pattern&);
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

 private:
  struct Compiled;  // keeps Boost behind the .cpp
  Pattern(std::string source, std::shared_ptr<const Compiled> compiled);
  std::optional<Match> find_in_line(std::string_view line, std::size_t begin, std::size_t& steps) const;
  std::string source_;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace otpctl::code
