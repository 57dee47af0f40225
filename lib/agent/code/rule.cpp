#include "code/rule.hpp"

#include "base/text.hpp"
#include "code/page.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace otpctl::code {

namespace {

constexpr std::size_t kNumbersBehind = 8;  // of one place of a label are looked at
constexpr int kEmptyLines = 3;
constexpr std::size_t kLongestDigits = 20;

bool is_white(char32_t c) { return c == U' ' || c == U'\n'; }

/// Each run of white space as one ' '; `at` gets where each character stood.
std::u32string squeeze(std::u32string_view letters, std::vector<std::size_t>* at) {
  std::u32string out;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    const bool white = is_white(letters[i]);
    if (white && !out.empty() && out.back() == U' ') continue;
    out += white ? U' ' : letters[i];
    if (at) at->push_back(i);
  }
  if (at) at->push_back(letters.size());
  return out;
}

/// Of a text or of a label; a link stays what it is.
std::u32string fold_label(std::string_view label) {
  std::u32string folded = squeeze(fold(label).letters, nullptr);
  while (!folded.empty() && folded.back() == U' ') folded.pop_back();
  return folded.empty() || folded.front() != U' ' ? folded : folded.substr(1);
}

bool has_letter_or_digit(std::string_view label) {
  const std::string text = fold(label).text;
  return std::any_of(text.begin(), text.end(), [](char c) { return is_letter(c) || is_digit(c); });
}

/// How far to go back in `word` where its first i + 1 characters were found and the next one is another (Knuth, Morris,
/// Pratt): no text makes the search slower than its length.
std::vector<std::size_t> borders(const std::u32string& word) {
  std::vector<std::size_t> out(word.size(), 0);
  for (std::size_t i = 1, k = 0; i < word.size(); ++i) {
    while (k > 0 && word[i] != word[k]) k = out[k - 1];
    if (word[i] == word[k]) ++k;
    out[i] = k;
  }
  return out;
}

bool ends_gap(char c) { return is_letter(c) || is_digit(c) || c == '\n'; }

}  // namespace

Result<Rule> Rule::make(std::string_view from, std::string_view pattern, std::string_view label) {
  const auto refuse = [](const std::string& why) { return fail(ErrorCode::usage, why); };
  if (from.empty()) return refuse("a rule needs the sender it is for");
  if (from.size() > kRuleFromBytes) return refuse("the sender of a rule has more than 320 bytes");
  if (pattern.empty() == label.empty()) return refuse("a rule needs a pattern or a label, not both");
  Rule rule;
  rule.from_ = from;
  if (!pattern.empty()) {
    auto compiled = Pattern::compile(pattern);
    if (!compiled) return fail(compiled.error());
    rule.pattern_ = std::move(*compiled);
    return rule;
  }
  if (label.size() > kRuleLabelBytes) return refuse("the label of a rule has more than 200 bytes");
  if (!has_letter_or_digit(label)) return refuse("the label of a rule has neither letter nor digit");
  rule.label_ = label;
  rule.folded_label_ = fold_label(label);
  return rule;
}

bool Rule::fits(std::string_view sender) const { return glob_match(from_, sender); }

LabelledText::LabelledText(const Page& page) : page_(page), squeezed_(squeeze(page.folded.letters, &at_)) {}

std::optional<LabelledText::Match> LabelledText::behind(const std::u32string& folded_label) const {
  if (folded_label.empty()) return std::nullopt;
  const std::vector<std::size_t> back = borders(folded_label);
  for (std::size_t i = 0, k = 0; i < squeezed_.size(); ++i) {
    while (k > 0 && squeezed_[i] != folded_label[k]) k = back[k - 1];
    if (squeezed_[i] == folded_label[k]) ++k;
    if (k < folded_label.size()) continue;
    k = back[k - 1];
    if (!is_whole(at_[i + 1 - folded_label.size()], at_[i] + 1)) continue;
    if (auto match = number_behind(at_[i] + 1)) return match;
  }
  return std::nullopt;
}

/// No word goes on before or behind it: "PIN" is not found in "shopping".
bool LabelledText::is_whole(std::size_t begin, std::size_t end) const {
  const std::string& text = page_.folded.text;
  const auto goes_on = [](char inside, char outside) {
    return (is_spaced_letter(inside) && is_spaced_letter(outside)) || (is_digit(inside) && is_digit(outside));
  };
  const bool left = begin > 0 && goes_on(text[begin], text[begin - 1]);
  const bool right = end < text.size() && goes_on(text[end - 1], text[end]);
  return !left && !right;
}

std::optional<LabelledText::Match> LabelledText::number_behind(std::size_t place) const {
  const std::string& text = page_.folded.text;
  const auto& numbers = page_.numbers;
  std::size_t next = place;  // the first letter, digit or line end
  while (next < text.size() && !ends_gap(text[next])) ++next;
  bool below = false;
  for (int lines = 0; next < text.size() && text[next] == '\n' && lines <= kEmptyLines; ++lines) {
    below = true;
    while (++next < text.size() && !ends_gap(text[next])) continue;
  }
  const auto first = std::lower_bound(numbers.begin(), numbers.end(), place,
                                      [](const Number& number, std::size_t pos) { return number.begin < pos; });
  const auto begin = static_cast<std::size_t>(first - numbers.begin());
  if (begin == numbers.size()) return std::nullopt;
  const bool tied = numbers[begin].begin <= next;
  if (below) return tied && numbers[begin].alone ? match_of(begin, true) : std::nullopt;
  const std::size_t most = std::min(numbers.size(), begin + kNumbersBehind);
  std::size_t from = place;
  for (std::size_t i = begin; i < most; from = numbers[i++].end) {
    const auto gap = std::string_view(text).substr(from, numbers[i].begin - std::min(from, numbers[i].begin));
    if (gap.find('\n') != gap.npos) return std::nullopt;
    if (auto match = match_of(i, tied && i == begin)) return match;
  }
  return std::nullopt;
}

/// `tied`: nothing but marks between the label and the number, so it may have the look of something else.
std::optional<LabelledText::Match> LabelledText::match_of(std::size_t i, bool tied) const {
  const Number& number = page_.numbers[i];
  const Fate& fate = page_.ownership.fates[i];
  const Span span = page_.span_of(number);
  const std::string_view raw = page_.original.substr(span.begin, span.end - span.begin);
  std::string value = number.value;
  const bool clean = number.guard == Guard::none && number.shape != Shape::duration && number.shape != Shape::other;
  if (!clean) {
    if (!tied) return std::nullopt;
    if (number.guard == Guard::groups && raw.find_first_not_of("0123456789 -") == raw.npos) {
      std::copy_if(raw.begin(), raw.end(), std::back_inserter(value), is_digit);
    } else if (number.guard == Guard::word) {
      value = raw;
    } else if (number.guard != Guard::long_ && number.guard != Guard::date) {
      return std::nullopt;
    }
    if (number.guard != Guard::word && value.size() > kLongestDigits) return std::nullopt;
  } else if (!tied && (number.needs != Number::Needs::nothing || fate.owner == Fate::Owner::other ||
                       fate.owner == Fate::Owner::expired)) {
    return std::nullopt;
  }
  if (!is_printable_code(value)) return std::nullopt;
  return Match{std::move(value), span.begin, span.end};
}

}  // namespace otpctl::code
