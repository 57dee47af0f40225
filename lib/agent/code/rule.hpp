// A user's rule for the messages of one sender: `[[rule]] from = "*@bank.example"` with a pattern, or with a label whose
// number is the code. Pure; linear in the text but for what a pattern may cost (pattern.hpp).
#pragma once

#include "code/pattern.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::code {

inline constexpr std::size_t kRuleFromBytes = 320;
inline constexpr std::size_t kRuleLabelBytes = 200;

struct Page;

class Rule {
 public:
  /// `usage` with what is wrong: no sender, not exactly one of pattern and label, a label without a letter or digit,
  /// something too long, or what Pattern::compile() refuses.
  static Result<Rule> make(std::string_view from, std::string_view pattern, std::string_view label);

  /// Mail: the address, SMS: the name or number, against `*` and `?`.
  bool fits(std::string_view sender) const;

  const std::string& from() const { return from_; }
  const Pattern* pattern() const { return pattern_ ? &*pattern_ : nullptr; }
  const std::string& label() const { return label_; }  // empty: it has a pattern
  const std::u32string& folded_label() const { return folded_label_; }

 private:
  std::string from_;
  std::optional<Pattern> pattern_;
  std::string label_;
  std::u32string folded_label_;
};

/// A text made ready to be searched for labels: many rules may look at it.
class LabelledText {
 public:
  explicit LabelledText(const Page& page);  // which lives longer

  struct Match {
    std::string value;
    std::size_t begin = 0;  // byte offsets in the original
    std::size_t end = 0;
  };
  /// What stands behind the first place of the label that has a number behind it: on the same line, or alone on the
  /// next line that is not empty (up to three may be).
  std::optional<Match> behind(const std::u32string& folded_label) const;

 private:
  std::optional<Match> number_behind(std::size_t place) const;
  std::optional<Match> match_of(std::size_t number, bool tied) const;
  bool is_whole(std::size_t begin, std::size_t end) const;

  const Page& page_;
  std::vector<std::size_t> at_;  // where each of squeezed_ stands in the folded text; one more for the end
  std::u32string squeezed_;      // Folded::letters, any white space as one ' '; fills at_, which stands before it
};

}  // namespace otpctl::code
