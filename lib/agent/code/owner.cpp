#include "code/owner.hpp"

#include "code/phrases.hpp"

#include <algorithm>
#include <optional>

namespace otpctl::code {

namespace {

constexpr std::size_t kReach = 400;     // characters between a label and its number
constexpr std::size_t kTiedWords = 14;  // "code for your account at Example Shop: …"
constexpr std::size_t kNearWords = 8;
constexpr std::size_t kRightWords = 5;    // "482913 is your Example Shop login code"
constexpr std::size_t kLinesBetween = 3;  // non-empty lines between label and number

bool is_code(const Number& number) {
  return number.shape == Shape::digits || number.shape == Shape::alphanumeric;
}

class Assigner {
 public:
  Assigner(std::string_view text, const std::vector<Label>& labels,
           const std::vector<Number>& numbers)
      : text_(text), labels_(labels), numbers_(numbers) {}

  Ownership run() {
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      if (numbers_[i].shape == Shape::duration) continue;
      open_labels_before(numbers_[i].begin);
      place(i);
    }
    open_labels_before(text_.size());
    for (const Label& label : open_) {
      out_.open_label = out_.open_label || label.positive();
      out_.open_strong = out_.open_strong || label.sense == Sense::strong;
    }
    return std::move(out_);
  }

 private:
  std::string_view between(std::size_t begin, std::size_t end) const {
    return begin < end ? text_.substr(begin, end - begin) : std::string_view();
  }

  void open_labels_before(std::size_t pos) {
    for (; next_label_ < labels_.size() && labels_[next_label_].begin < pos; ++next_label_) {
      open_.push_back(labels_[next_label_]);
    }
  }

  void place(std::size_t i) {
    const Number& number = numbers_[i];
    if (is_code(number) && is_expired(text_.substr(number.end, kReach))) {
      take_label_of(number);
      return;
    }
    if (list_with_last(number)) return;
    if (own_from_left(i)) return;
    if (is_code(number) && (own_from_right(i) || own_by_request(number))) return;
    if (is_code(number) && number.alone && number.shape == Shape::digits && !number.needs_tie) {
      out_.lone.push_back(number);
    }
  }

  /// "1234 and 567890": the second belongs where the first did.
  bool list_with_last(const Number& number) {
    if (!is_code(number) || out_.owned.empty()) return false;
    const Owned last = out_.owned.back();
    if (last.number.end > number.begin || !is_list_link(between(last.number.end, number.begin)))
      return false;
    out_.owned.push_back({number, last.tie, last.strong});
    return true;
  }

  /// True when the number has found its owner, good or bad.
  bool own_from_left(std::size_t i) {
    const Number& number = numbers_[i];
    for (std::size_t n = open_.size(); n-- > 0;) {
      const Label label = open_[n];
      const std::string_view gap = between(label.end, number.begin);
      if (gap.size() > kReach) return false;
      if (label.sense == Sense::soft || label.sense == Sense::negative) {
        const bool holds =
            label.sense == Sense::soft ? soft_holds(gap, i) : negative_holds(label, gap, number);
        if (!holds) continue;
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(n));
        return true;
      }
      if (!is_code(number)) return false;
      const std::optional<Tie> tie = relation(label, gap, i);
      if (!tie) return false;
      out_.owned.push_back({number, *tie, label.sense == Sense::strong});
      open_.clear();
      return true;
    }
    return false;
  }

  void take_label_of(const Number& number) {
    while (!open_.empty() && number.begin - open_.back().end < kReach && !open_.back().positive())
      open_.pop_back();
    if (!open_.empty()) open_.pop_back();
  }

  /// "account 4829" is the account's; "code for your account: 4829" is not, unless a further number
  /// may be the code.
  bool soft_holds(std::string_view gap, std::size_t i) const {
    if (!is_adjacent(gap)) return false;
    return link_before_number(gap) == Link::none || another_number_in_sentence(i);
  }

  /// A negative label owns what follows it in its sentence, or below it when nothing else was said.
  bool negative_holds(const Label& label, std::string_view gap, const Number& number) const {
    if (gap.starts_with('.') && ends_short(between(label.begin, label.end)))
      gap.remove_prefix(1);  // "no. 4711"
    if (gap.find('\n') == gap.npos) return !has_stop(gap) && count_words(gap) <= kNearWords;
    return number.alone && is_adjacent(gap);
  }

  std::optional<Tie> relation(const Label& label, std::string_view gap, std::size_t i) const {
    const Number& number = numbers_[i];
    const Link link = link_before_number(gap);
    const bool next_line = gap.find('\n') != gap.npos;
    const bool stop = has_stop(gap);
    const bool plain = number.shape == Shape::digits && !number.needs_tie;
    if (!next_line || number.alone || (link == Link::copula && count_lines(gap) == 0)) {
      const bool close = !stop && count_words(gap) <= kTiedWords && count_lines(gap) <= 1;
      if (close && (link == Link::delimiter || link == Link::copula)) return Tie::tied;
      if (close && link == Link::none && is_adjacent(gap) && plain && !next_line) return Tie::tied;
    }
    if (!plain) return std::nullopt;
    const bool strong = label.sense == Sense::strong;
    if (next_line && number.alone && count_lines(gap) <= kLinesBetween) {
      if (strong || link == Link::delimiter || number.value.size() >= 6) return Tie::line;
    }
    const bool last = !another_number_in_sentence(i);
    if (strong && !next_line && !stop && last && number.value.size() == 6 &&
        count_words(gap) <= kNearWords) {
      return Tie::near;
    }
    return std::nullopt;
  }

  bool another_number_in_sentence(std::size_t i) const {
    for (std::size_t j = i + 1; j < numbers_.size(); ++j) {
      const std::string_view gap = between(numbers_[i].end, numbers_[j].begin);
      if (gap.find('\n') != gap.npos || has_stop(gap)) return false;
      if (is_code(numbers_[j])) return true;
    }
    return false;
  }

  /// "482913 is your Example code", "482913 (Example verification code)", "482913 onay kodu".
  bool own_from_right(std::size_t i) {
    const Number& number = numbers_[i];
    const auto label = std::find_if(labels_.begin() + static_cast<std::ptrdiff_t>(next_label_),
                                    labels_.end(), [&](const Label& l) {
                                      return l.begin > number.end + kReach ||
                                             (l.begin >= number.end && l.sense != Sense::soft);
                                    });
    if (label == labels_.end() || !label->positive()) return false;
    const std::string_view gap = between(number.end, label->begin);
    if (gap.size() > kReach || count_words(gap) > kRightWords || has_stop(gap)) return false;
    const bool next_line = gap.find('\n') != gap.npos;
    if (next_line && !(number.alone && count_lines(gap) == 0)) return false;
    if (label_has_own_number(*label, i)) return false;
    const Link link = link_after_number(gap);
    const bool strong = label->sense == Sense::strong;
    const bool enough = strong ? link != Link::none || (is_adjacent(gap) && !number.needs_tie) ||
                                     (begins_line(number) && number.shape == Shape::digits)
                               : link == Link::copula;
    if (!enough || (number.needs_tie && link != Link::copula)) return false;
    if (number.shape == Shape::alphanumeric && link != Link::copula) return false;
    out_.owned.push_back({number, Tie::tied, strong});
    open_.clear();
    next_label_ = static_cast<std::size_t>(label - labels_.begin()) + 1;
    return true;
  }

  bool label_has_own_number(const Label& label, std::size_t i) const {
    if (i + 1 == numbers_.size() || numbers_[i + 1].begin < label.end)
      return i + 1 != numbers_.size();
    const Number& next = numbers_[i + 1];
    const std::string_view gap = between(label.end, next.begin);
    return is_code(next) && !has_stop(gap) && count_words(gap) <= kTiedWords &&
           count_lines(gap) == 0 && (is_adjacent(gap) || link_before_number(gap) != Link::none);
  }

  /// Nothing but a bracketed name stands in front of it on its line.
  bool begins_line(const Number& number) const {
    std::size_t begin = number.begin;
    while (begin > 0 && text_[begin - 1] != '\n' && number.begin - begin < 80) --begin;
    std::string_view front = between(begin, number.begin);
    const std::size_t close = front.find(']');
    if (front.starts_with('[') && close != front.npos) front.remove_prefix(close + 1);
    return count_words(front) == 0;
  }

  /// "Use 482913 to sign in": no label, but a request and what for.
  bool own_by_request(const Number& number) {
    if (number.shape != Shape::digits || number.needs_tie || number.value.size() < 5) return false;
    std::size_t begin = number.begin;
    while (begin > 0 && text_[begin - 1] != '\n' && number.begin - begin < 80) --begin;
    std::size_t end = std::min(text_.find('\n', number.end), text_.size());
    end = std::min(end, number.end + 80);
    if (!is_request(between(begin, number.begin), between(number.end, end))) return false;
    out_.owned.push_back({number, Tie::near, false});
    return true;
  }

  std::string_view text_;
  const std::vector<Label>& labels_;
  const std::vector<Number>& numbers_;
  std::vector<Label> open_;
  std::size_t next_label_ = 0;
  Ownership out_;
};

}  // namespace

Ownership assign(std::string_view folded, const std::vector<Label>& labels,
                 const std::vector<Number>& numbers) {
  return Assigner(folded, labels, numbers).run();
}

}  // namespace otpctl::code
