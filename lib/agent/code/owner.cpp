#include "code/owner.hpp"

#include "code/gaps.hpp"

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
  Assigner(std::string_view text, const Hits& hits, const std::vector<Number>& numbers)
      : text_(text), gaps_(text, hits), labels_(hits.labels), numbers_(numbers) {}

  Ownership run() {
    out_.fates.resize(numbers_.size());
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      if (numbers_[i].shape == Shape::duration) continue;
      open_labels_before(numbers_[i].begin);
      out_.fates[i] = place(i);
      if (out_.fates[i].is_code()) last_owned_ = i;
    }
    open_labels_before(text_.size());
    for (const std::uint32_t label : open_) {
      out_.open_label = out_.open_label || labels_[label].positive();
      out_.open_strong = out_.open_strong || labels_[label].role == Role::strong;
    }
    return std::move(out_);
  }

 private:
  void open_labels_before(std::size_t pos) {
    for (; next_label_ < labels_.size() && labels_[next_label_].begin < pos; ++next_label_) open_.push_back(next_label_);
  }

  Fate place(std::size_t i) {
    const Number& number = numbers_[i];
    if (is_code(number) && gaps_.is_expired(number.end)) {
      take_label_of(number);
      return {Fate::Owner::expired, Tie::near, false, Fate::kNone};
    }
    if (list_with_last(number)) return out_.fates[last_owned_];
    if (const auto fate = from_left(i)) return *fate;
    if (!is_code(number)) return {};
    if (const auto fate = from_right(i)) return *fate;
    return by_request(number);
  }

  /// "1234 and 567890": the second belongs where the first did.
  bool list_with_last(const Number& number) const {
    if (!is_code(number) || last_owned_ == kNobody) return false;
    const std::size_t end = numbers_[last_owned_].end;
    return end <= number.begin && number.begin - end <= kReach && gaps_.is_list_link(end, number.begin);
  }

  std::optional<Fate> from_left(std::size_t i) {
    const Number& number = numbers_[i];
    for (std::size_t n = open_.size(); n-- > 0;) {
      const std::uint32_t place = open_[n];
      const Hit& label = labels_[place];
      if (number.begin - label.end > kReach) return std::nullopt;
      if (!label.positive()) {
        const bool holds = label.role == Role::soft ? soft_holds(label, i) : negative_holds(label, number);
        if (!holds) continue;
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(n));
        return Fate{Fate::Owner::other, Tie::near, false, place};
      }
      if (!is_code(number)) return std::nullopt;
      const std::optional<Tie> tie = relation(label, i);
      if (!tie) return std::nullopt;
      open_.clear();
      return Fate{Fate::Owner::label, *tie, label.role == Role::strong, place};
    }
    return std::nullopt;
  }

  void take_label_of(const Number& number) {
    while (!open_.empty() && number.begin - labels_[open_.back()].end < kReach && !labels_[open_.back()].positive())
      open_.pop_back();
    if (!open_.empty()) open_.pop_back();
  }

  /// "account 4829" is the account's; "code for your account: 4829" is not, unless a further number
  /// may be the code.
  bool soft_holds(const Hit& label, std::size_t i) const {
    const std::size_t begin = numbers_[i].begin;
    if (!gaps_.is_adjacent(label.end, begin)) return false;
    return gaps_.link_before_number(label.end, begin) == Link::none || another_number_in_sentence(i);
  }

  /// A negative label owns what follows it in its sentence, or below it when nothing else was said.
  bool negative_holds(const Hit& label, const Number& number) const {
    std::size_t begin = label.end;
    if (begin < number.begin && text_[begin] == '.' && ends_short(gaps_.between(label.begin, label.end)))
      ++begin;  // "no. 4711"
    if (gaps_.has_line_end(begin, number.begin)) return number.alone && gaps_.is_adjacent(begin, number.begin);
    return !gaps_.has_stop(begin, number.begin) && gaps_.count_words(begin, number.begin) <= kNearWords;
  }

  std::optional<Tie> relation(const Hit& label, std::size_t i) const {
    const Number& number = numbers_[i];
    const std::size_t begin = label.end;
    const std::size_t end = number.begin;
    const Link link = gaps_.link_before_number(begin, end);
    const bool next_line = gaps_.has_line_end(begin, end);
    const bool stop = gaps_.has_stop(begin, end);
    const std::size_t words = gaps_.count_words(begin, end);
    const std::size_t lines = gaps_.count_lines(begin, end);
    const bool plain = number.shape == Shape::digits && !number.needs_tie;
    if (!next_line || number.alone || (link == Link::copula && lines == 0)) {
      const bool close = !stop && words <= kTiedWords && lines <= 1;
      if (close && (link == Link::delimiter || link == Link::copula)) return Tie::tied;
      if (close && link == Link::none && gaps_.is_adjacent(begin, end) && plain && !next_line) return Tie::tied;
    }
    if (!plain) return std::nullopt;
    const bool strong = label.role == Role::strong;
    if (next_line && number.alone && lines <= kLinesBetween) {
      if (strong || link == Link::delimiter || number.value.size() >= 6) return Tie::line;
    }
    const bool last = !another_number_in_sentence(i);
    if (strong && !next_line && !stop && last && number.value.size() == 6 && words <= kNearWords) return Tie::near;
    return std::nullopt;
  }

  bool another_number_in_sentence(std::size_t i) const {
    for (std::size_t j = i + 1; j < numbers_.size(); ++j) {
      const std::size_t begin = numbers_[i].end;
      const std::size_t end = numbers_[j].begin;
      if (end - begin > kReach || gaps_.has_line_end(begin, end) || gaps_.has_stop(begin, end)) return false;
      if (is_code(numbers_[j])) return true;
    }
    return false;
  }

  /// "482913 is your Example code", "482913 (Example verification code)", "482913 onay kodu".
  std::optional<Fate> from_right(std::size_t i) {
    const Number& number = numbers_[i];
    std::uint32_t place = next_label_;
    while (place < labels_.size() && labels_[place].begin <= number.end + kReach &&
           (labels_[place].begin < number.end || labels_[place].role == Role::soft))
      ++place;
    if (place >= labels_.size() || !labels_[place].positive() || !reaches_back(labels_[place], i)) return std::nullopt;
    const Hit& label = labels_[place];
    const Link link = gaps_.link_after_number(number.end, label.begin);
    const bool strong = label.role == Role::strong;
    const bool beside = gaps_.is_adjacent(number.end, label.begin) && !number.needs_tie;
    const bool first = begins_line(number) && number.shape == Shape::digits;
    const bool enough = strong ? link != Link::none || beside || first : link == Link::copula;
    if (!enough || (number.needs_tie && link != Link::copula)) return std::nullopt;
    if (number.shape == Shape::alphanumeric && link != Link::copula) return std::nullopt;
    open_.clear();
    next_label_ = place + 1;
    return Fate{Fate::Owner::label, Tie::tied, strong, place};
  }

  /// Label and number stand in one sentence, the number first, and the label has no other number.
  bool reaches_back(const Hit& label, std::size_t i) const {
    const std::size_t begin = numbers_[i].end;
    const std::size_t end = label.begin;
    if (end - begin > kReach || gaps_.count_words(begin, end) > kRightWords || gaps_.has_stop(begin, end)) return false;
    if (gaps_.has_line_end(begin, end) && !(numbers_[i].alone && gaps_.count_lines(begin, end) == 0)) return false;
    return !label_has_own_number(label, i);
  }

  bool label_has_own_number(const Hit& label, std::size_t i) const {
    if (i + 1 == numbers_.size() || numbers_[i + 1].begin < label.end) return i + 1 != numbers_.size();
    const Number& next = numbers_[i + 1];
    const std::size_t end = std::min(next.begin, label.end + kReach);
    return is_code(next) && end == next.begin && !gaps_.has_stop(label.end, end) &&
           gaps_.count_words(label.end, end) <= kTiedWords && gaps_.count_lines(label.end, end) == 0 &&
           (gaps_.is_adjacent(label.end, end) || gaps_.link_before_number(label.end, end) != Link::none);
  }

  /// Nothing but a bracketed name stands in front of it on its line.
  bool begins_line(const Number& number) const {
    std::size_t begin = gaps_.line_begin(number.begin);
    const std::string_view front = gaps_.between(begin, number.begin);
    const std::size_t close = front.find(']');
    if (front.starts_with('[') && close != front.npos) begin += close + 1;
    return gaps_.count_words(begin, number.begin) == 0;
  }

  /// "Use 482913 to sign in": no label, but a request and what for.
  Fate by_request(const Number& number) const {
    if (number.shape != Shape::digits || number.needs_tie || number.value.size() < 5) return {};
    if (!gaps_.is_requested(number.begin, number.end)) return {};
    return {Fate::Owner::request, Tie::near, false, Fate::kNone};
  }

  std::string_view text_;
  Gaps gaps_;
  const std::vector<Hit>& labels_;
  const std::vector<Number>& numbers_;
  std::vector<std::uint32_t> open_;  // labels to the left that have no number yet
  std::uint32_t next_label_ = 0;
  static constexpr std::size_t kNobody = ~std::size_t{0};
  std::size_t last_owned_ = kNobody;
  Ownership out_;
};

}  // namespace

Ownership assign(std::string_view text, const Hits& hits, const std::vector<Number>& numbers) {
  return Assigner(text, hits, numbers).run();
}

}  // namespace otpctl::code
