#include "code/owner.hpp"

#include "code/gaps.hpp"

#include <algorithm>
#include <optional>

namespace otpctl::code {

namespace {

constexpr std::size_t kReach = 400;     // characters between a label and its number
constexpr std::size_t kTiedWords = 14;  // "code for your account at Example Shop: …"
constexpr std::size_t kStrongTiedWords = 24;  // "OTP to approve the transaction of … to Example Ltd is …"
constexpr std::size_t kNearWords = 8;
constexpr std::size_t kWordsToRandom = 4;  // "code to restore your account F4KX8R"
constexpr std::size_t kDashWords = 2;      // "4410 - your code for Example"
constexpr std::size_t kRightWords = 5;    // "482913 is your Example Shop login code"
constexpr std::size_t kLinesBetween = 3;  // non-empty lines between label and number

bool is_code(const Number& number) {
  return number.shape == Shape::digits || number.shape == Shape::alphanumeric || number.shape == Shape::letters;
}

bool is_plain(const Number& number) {
  return number.shape == Shape::digits && number.needs == Number::Needs::nothing;
}

class Assigner {
 public:
  Assigner(std::string_view text, const Hits& hits, const std::vector<Number>& numbers)
      : text_(text), gaps_(text, hits), labels_(hits.labels), numbers_(numbers) {
    has_negative_ = std::any_of(labels_.begin(), labels_.end(), [](const Hit& l) { return l.role == Role::negative; });
    for (const Role role : {Role::login, Role::verify, Role::reset}) verifies_ = verifies_ || !hits.all(role).empty();
    promotes_ = !hits.all(Role::promotion).empty();
  }

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
    if (is_code(number) && gaps_.is_expired(number.begin, number.end)) {
      take_label_of(number);
      dead_size_ = number.value.size();
      return {Fate::Owner::expired, Tie::near, false, Fate::kNone};
    }
    if (list_with_last(number)) return out_.fates[last_owned_];
    if (const auto fate = from_left(i)) return *fate;
    if (!is_code(number)) return {};
    if (const auto fate = from_right(i)) return *fate;
    if (replaces_dead(i)) return {Fate::Owner::request, Tie::near, false, Fate::kNone};
    return by_request(number);
  }

  /// "Code 111222 has expired. Here is another: 482913", of the same length.
  bool replaces_dead(std::size_t i) const {
    const Number& number = numbers_[i];
    if (!is_plain(number) || number.value.size() != dead_size_) return false;
    const std::size_t begin = gaps_.line_begin(number.begin);
    return gaps_.link_before_number(begin, number.begin) != Link::none || gaps_.is_asked_for(number.begin, number.end);
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
        const bool holds = label.role == Role::soft ? soft_holds(n, i) : negative_holds(n, i);
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
  bool soft_holds(std::size_t n, std::size_t i) const {
    const Hit& label = labels_[open_[n]];
    const std::size_t begin = numbers_[i].begin;
    if (!gaps_.is_adjacent(label.end, begin) || gaps_.has_stop(label.end, begin)) return false;
    if (gaps_.has_line_end(label.end, begin) && follows_positive(n)) return false;  // "the code for your account\n482913"
    const bool further = another_number_in_sentence(i);
    if (!further && follows_directly(n, Role::strong)) return false;  // "verification code order 482913"
    return further || gaps_.link_before_number(label.end, begin) == Link::none;
  }

  bool follows_positive(std::size_t n) const {
    for (std::size_t before = n; before-- > 0 && labels_[open_[n]].begin - labels_[open_[before]].end <= kReach;) {
      if (labels_[open_[before]].positive()) return true;
    }
    return false;
  }
  bool follows_directly(std::size_t n, Role role) const {
    if (n == 0) return false;
    const Hit& outer = labels_[open_[n - 1]];
    return outer.role == role && gaps_.is_adjacent(outer.end, labels_[open_[n]].begin);
  }

  /// A negative label (the n-th open one) owns the first number behind it in its sentence, or below it when nothing else
  /// was said; not in "OTP for your app login is 482913".
  bool negative_holds(std::size_t n, std::size_t i) const {
    const Hit& label = labels_[open_[n]];
    const Number& number = numbers_[i];
    std::size_t begin = label.end;
    if (begin < number.begin && text_[begin] == '.' && ends_short(gaps_.between(label.begin, label.end)))
      ++begin;  // "no. 4711"
    if (i > 0 && numbers_[i - 1].begin >= begin && !is_list(i)) return false;
    if (gaps_.has_stop(begin, number.begin)) return false;
    if (gaps_.has_line_end(begin, number.begin)) return number.alone && gaps_.is_adjacent(begin, number.begin);
    if (gaps_.count_words(begin, number.begin) > kNearWords) return false;
    return !qualifies_strong(n, number);
  }

  bool is_list(std::size_t i) const { return gaps_.is_list_link(numbers_[i - 1].end, numbers_[i].begin); }

  /// It only says what the code of a strong label in front of it is for: nothing but a copula follows.
  bool qualifies_strong(std::size_t n, const Number& number) const {
    const Hit& label = labels_[open_[n]];
    if (gaps_.link_before_number(label.end, number.begin) != Link::copula) return false;
    if (gaps_.count_words(label.end, number.begin) > 1 || n == 0) return false;
    const Hit& outer = labels_[open_[n - 1]];
    return outer.role == Role::strong && label.begin - outer.end <= kReach && !gaps_.has_stop(outer.end, label.begin) &&
           !gaps_.has_line_end(outer.end, label.begin);
  }

  /// What stands between a label and a number to its right.
  struct Between {
    Link link;
    bool next_line, stop, adjacent;
    std::size_t words, lines;
  };
  Between look(std::size_t begin, std::size_t end) const {
    return {gaps_.link_before_number(begin, end), gaps_.has_line_end(begin, end), gaps_.has_stop(begin, end),
            gaps_.is_adjacent(begin, end),        gaps_.count_words(begin, end),  gaps_.count_lines(begin, end)};
  }

  std::optional<Tie> relation(const Hit& label, std::size_t i) const {
    const Number& number = numbers_[i];
    const Between gap = look(label.end, number.begin);
    const bool strong = label.role == Role::strong;
    if (!strong && (promotes_ || looks_promotional(number))) return std::nullopt;
    if (is_tied(label, i, gap)) return Tie::tied;
    if (number.shape != Shape::digits) {
      const std::size_t lines = number.emphasised ? kLinesBetween : 1;
      if (strong && looks_random(number) && !gap.next_line && !gap.stop && gap.words <= kWordsToRandom &&
          !another_number_in_sentence(i))
        return Tie::near;
      const bool below = gap.next_line && number.alone && strong && gap.lines <= lines && is_below(number);
      return below ? std::optional(Tie::line) : std::nullopt;
    }
    if (number.needs != Number::Needs::nothing) return std::nullopt;
    if (gap.next_line && number.alone && gap.lines <= kLinesBetween) {
      if (strong || number.emphasised || gap.link == Link::delimiter || number.value.size() >= 6) return Tie::line;
    }
    const bool last = !another_number_in_sentence(i);
    const bool same_sentence = !gap.next_line && !gap.stop && gap.words <= kNearWords;
    if (same_sentence && last && (number.emphasised || (strong && number.value.size() == 6))) return Tie::near;
    return std::nullopt;
  }

  /// "F4KX8R": capitals and digits in turn, which no product is called.
  static bool looks_random(const Number& number) {
    if (number.shape != Shape::alphanumeric || number.value.size() < 5 || number.value.size() > 8) return false;
    std::size_t digits = 0, turns = 0;
    for (std::size_t i = 0; i < number.value.size(); ++i) {
      const char c = number.value[i];
      if (!is_digit(c) && !(c >= 'A' && c <= 'Z')) return false;
      digits += is_digit(c) ? 1 : 0;
      turns += i > 0 && is_digit(c) != is_digit(number.value[i - 1]) ? 1 : 0;
    }
    return digits >= 2 && turns >= 2;
  }

  /// "SUMMER2026", "SAVE20"
  static bool looks_promotional(const Number& number) {
    if (number.shape != Shape::alphanumeric) return false;
    const std::size_t letters = std::min(number.value.find_first_of("0123456789"), number.value.size());
    const bool digits_follow = number.value.find_first_not_of("0123456789", letters) == std::string::npos;
    return letters >= 4 && digits_follow;
  }

  /// A line of letters alone may be a name: only one with a hyphen in it is not.
  static bool is_below(const Number& number) {
    return number.shape == Shape::alphanumeric || number.value.find('-') != std::string::npos;
  }

  /// "code: 482913", "code is 482913", "code 482913".
  bool is_tied(const Hit& label, std::size_t i, const Between& gap) const {
    const Number& number = numbers_[i];
    if (gap.stop || gap.lines > 1) return false;
    if (gap.next_line && !number.alone && !(gap.link == Link::copula && gap.lines == 0)) return false;
    const bool strong = label.role == Role::strong;
    if (gap.words > (strong && !gap.next_line ? kStrongTiedWords : kTiedWords)) return false;
    if (number.shape == Shape::letters && gap.link != Link::none)
      return strong && gap.link == Link::delimiter && gap.words == 0;
    if (gap.link != Link::none) return true;
    if (strong && !gap.next_line && number.value.size() >= 5 && !another_number_in_sentence(i) &&
        gaps_.link_after_number(number.end, text_.size()) == Link::copula)
      return true;
    if (!gap.adjacent || gap.next_line) return false;
    if (number.shape == Shape::digits && number.needs == Number::Needs::nothing) return true;
    return is_called_for(label, i, strong);
  }

  /// "OTP 4GB7K2", "use code 4GB7K2 to sign in", "your code 4GB7K2." where nothing is ordered or promised: not "use code
  /// SAVE20 at checkout".
  bool is_called_for(const Hit& label, std::size_t i, bool strong) const {
    const Number& number = numbers_[i];
    const bool asked = gaps_.is_label_asked_for(label.begin);
    if (number.shape == Shape::digits) return asked;
    if (asked && gaps_.has_aim(label.begin, number.end)) return true;
    if (strong && gaps_.has_aim_behind(number.end)) return true;
    if (number.shape == Shape::letters) return false;
    if (another_number_in_sentence(i)) return false;  // "OTP EAGLE16 is 482913"
    if (strong) return true;
    if (asked || gaps_.count_words(number.end, text_.size()) > 0) return false;
    const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
    const bool capitals = std::none_of(number.value.begin(), number.value.end(), is_small);
    return (capitals && !has_negative_) || gaps_.count_words(0, label.begin) == 0;
  }

  bool another_number_in_sentence(std::size_t i) const {
    for (std::size_t j = i + 1; j < numbers_.size() && numbers_[j].begin - numbers_[i].end <= kReach; ++j) {
      const std::size_t begin = numbers_[i].end;
      const std::size_t end = numbers_[j].begin;
      if (gaps_.has_line_end(begin, end) || gaps_.has_stop(begin, end)) return false;
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
    const bool beside = gaps_.is_adjacent(number.end, label.begin) && number.needs == Number::Needs::nothing;
    const bool first = begins_line(number) && number.shape == Shape::digits;
    const bool above = number.alone && number.value.size() >= 6 && gaps_.has_line_end(number.end, label.begin);
    if (above && is_plain(number)) return claim(place, Tie::line);
    const bool near = number.value.size() == 6 || gaps_.count_words(number.end, label.begin) <= kDashWords;
    const bool bracketed = first && link == Link::delimiter && near && !promotes_;  // "482913 - my code"
    const bool enough = strong ? link != Link::none || beside || first : link == Link::copula || bracketed;
    if (!enough || (number.needs != Number::Needs::nothing && link != Link::copula)) return std::nullopt;
    if (number.shape != Shape::digits && link != Link::copula) return std::nullopt;
    return claim(place, Tie::tied);
  }

  Fate claim(std::uint32_t label, Tie tie) {
    open_.clear();
    next_label_ = label + 1;
    return {Fate::Owner::label, tie, labels_[label].role == Role::strong, label};
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
    std::size_t j = i + 1;
    while (j < numbers_.size() && numbers_[j].begin < label.begin) {  // "482913 is your 98point6 code"
      if (numbers_[j].shape == Shape::digits) return true;
      ++j;
    }
    if (j == numbers_.size() || numbers_[j].begin < label.end) return j != numbers_.size();
    const Number& next = numbers_[j];
    const std::size_t end = std::min(next.begin, label.end + kReach);
    const Link link = gaps_.link_before_number(label.end, end);
    if (next.needs != Number::Needs::nothing && link == Link::none) return false;  // a year
    return is_code(next) && end == next.begin && !gaps_.has_stop(label.end, end) &&
           gaps_.count_words(label.end, end) <= kTiedWords && gaps_.count_lines(label.end, end) == 0 &&
           (gaps_.is_adjacent(label.end, end) || link != Link::none);
  }

  /// Nothing but a bracketed name stands in front of it on its line.
  bool begins_line(const Number& number) const {
    std::size_t begin = gaps_.line_begin(number.begin);
    const std::string_view front = gaps_.between(begin, number.begin);
    const std::size_t close = front.find(']');
    if (front.starts_with('[') && close != front.npos) begin += close + 1;
    return gaps_.count_words(begin, number.begin) == 0;
  }

  /// "Use 482913 to sign in", "enter 482913 within 10 minutes": no label, but a request and what for.
  Fate by_request(const Number& number) const {
    if (number.shape != Shape::digits || number.needs == Number::Needs::tie || number.value.size() < 4) return {};
    if (!gaps_.is_asked_for(number.begin, number.end)) return {};
    const bool aimed = number.value.size() == 4 ? gaps_.has_aim_behind(number.end) : gaps_.has_aim(number.begin, number.end);
    const bool timed = number.value.size() == 6 && gaps_.has_life_behind(number.end);
    const bool meant = number.value.size() >= 5 && verifies_ && !promotes_;
    if (!aimed && !timed && !meant) return {};
    return {Fate::Owner::request, Tie::near, false, Fate::kNone};
  }

  std::string_view text_;
  Gaps gaps_;
  const std::vector<Hit>& labels_;
  const std::vector<Number>& numbers_;
  std::size_t dead_size_ = 0;  // characters of a code that has expired
  bool has_negative_ = false;
  bool promotes_ = false;
  bool verifies_ = false;  // it is about a login, an address or a password
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
