#include "code/numbers.hpp"

#include <algorithm>
#include <cstdlib>

namespace otpctl::code {

namespace {

bool is_latin(char c) { return c >= 'a' && c <= 'z'; }
bool is_alnum(char c) { return is_digit(c) || is_latin(c); }
bool is_one_of(char c, std::string_view set) { return set.find(c) != set.npos; }

struct Run {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
};

class Scanner {
 public:
  Scanner(const Folded& folded, const std::vector<Hit>& units, std::string_view original)
      : folded_(folded), text_(folded.text), units_(units), original_(original) {}

  std::vector<Number> run() {
    for (std::size_t pos = 0; pos < text_.size();) {
      if (!is_alnum(text_[pos])) {
        ++pos;
        continue;
      }
      pos = token({pos, token_end(pos)});
    }
    return std::move(out_);
  }

 private:
  char at(std::size_t i) const { return i < text_.size() ? text_[i] : '\n'; }
  char before(std::size_t i) const { return i > 0 ? text_[i - 1] : '\n'; }
  std::size_t token_end(std::size_t pos) const {
    while (pos < text_.size() && is_alnum(text_[pos])) ++pos;
    return pos;
  }
  bool only_digits(Run run) const {
    return std::all_of(text_.begin() + static_cast<long>(run.begin),
                       text_.begin() + static_cast<long>(run.end), is_digit);
  }
  bool has_digit(Run run) const {
    return std::any_of(text_.begin() + static_cast<long>(run.begin),
                       text_.begin() + static_cast<long>(run.end), is_digit);
  }

  /// Returns where to go on.
  std::size_t token(Run first) {
    if (only_digits(first)) return cluster(first);
    return word(first);
  }

  // ---- units ----

  /// The unit behind a number that ends at `pos`, with or without a space or hyphen between.
  const Hit* unit_behind(std::size_t pos) const {
    if (const Hit* unit = Hits::at(units_, pos)) return unit;
    return at(pos) == ' ' || at(pos) == '-' ? Hits::at(units_, pos + 1) : nullptr;
  }
  static bool is(const Hit* unit, Role role) { return unit && unit->role == role; }

  /// A currency ends at `pos`: "USD", "Rs.".
  bool money_before(std::size_t pos) const {
    return is(Hits::up_to(units_, pos), Role::money) ||
           (before(pos) == '.' && is(Hits::up_to(units_, pos - 1), Role::money));
  }

  // ---- digits ----

  /// What may stand between the groups of one number: one or two of these, no line end.
  std::size_t separator_end(std::size_t pos, std::size_t group_size) const {
    std::size_t end = pos;
    while (end < text_.size() && end - pos < 2 && is_one_of(text_[end], " -.,:/()")) ++end;
    if (end == pos || !is_digit(at(end))) return pos;
    const std::string_view separator = text_.substr(pos, end - pos);
    if (separator.find_first_of("()") != separator.npos)
      return group_size <= 4 ? end : pos;  // (0555) 123…
    const bool sentence = end - pos == 2 && separator[1] == ' ' && is_one_of(separator[0], ".,:");
    return sentence ? pos : end;
  }

  std::size_t cluster(Run first) {
    std::vector<Run> groups = {first};
    std::string separators;  // one character for each gap; '?' when it is more than one
    while (true) {
      const std::size_t gap = groups.back().end;
      const std::size_t next = separator_end(gap, groups.back().size());
      if (next == gap) break;
      const Run group{next, token_end(next)};
      if (!only_digits(group)) break;
      groups.push_back(group);
      separators += next - gap == 1 ? text_[gap] : '?';
      if (groups.size() > 32) break;
    }
    if (groups.size() > 1 && separators.back() == ' ' &&
        is(unit_behind(groups.back().end), Role::time)) {
      groups.pop_back();  // "482913 10 minutes"
      separators.pop_back();
    }
    if (groups.size() > 1 && !is_grouped_code(groups, separators))
      return no_code(groups, separators);
    digits(groups.front().begin, groups.back().end);
    return out_.back().end;
  }

  /// 3-3, 4-4, 2-2-2 or single digits, by spaces or by hyphens.
  static bool is_grouped_code(const std::vector<Run>& groups, const std::string& separators) {
    const char separator = separators.front();
    if (separator != ' ' && separator != '-') return false;
    if (separators.find_first_not_of(separator) != separators.npos) return false;
    const std::size_t size = groups.front().size();
    const bool even =
        std::all_of(groups.begin(), groups.end(), [&](Run run) { return run.size() == size; });
    if (!even) return false;
    return (size == 3 && groups.size() == 2) || (size == 4 && groups.size() == 2) ||
           (size == 2 && groups.size() == 3) ||
           (size == 1 && groups.size() >= 4 && groups.size() <= 8);
  }

  /// Several groups that are no code: a phone number, a date, an amount. Two numbers side by side
  /// stay two.
  std::size_t no_code(const std::vector<Run>& groups, const std::string& separators) {
    std::size_t total = 0;
    for (const Run run : groups) total += run.size();
    const bool phone =
        before(groups.front().begin) == '+' || text_[groups.front().begin] == '0' || total >= 10;
    if (groups.size() == 2 && separators == " " && !phone) {
      digits(groups[0].begin, groups[0].end);
      return out_.back().end;
    }
    add({groups.front().begin, groups.back().end, Shape::other, {}, false, false, 0});
    return groups.back().end;
  }

  void digits(std::size_t begin, std::size_t end) {
    Number number{begin, end, Shape::digits, {}, false, false, 0};
    for (std::size_t i = begin; i < end; ++i) {
      if (is_digit(text_[i])) number.value += text_[i];
    }
    const bool prefixed = take_prefix(number);
    const std::size_t size = number.value.size();
    const Hit* unit = unit_behind(end);
    if (is(unit, Role::time) && size <= 4) {
      number.shape = Shape::duration;
      number.seconds = unit->value * std::stol(number.value);
    } else if (size < 4 || size > 8 || is_guarded(number, prefixed) ||
               is(unit, Role::money) || (is(unit, Role::count) && size <= 4) ||
               looks_like_date(number.value)) {
      number.shape = Shape::other;
    }
    if (size == 4 && (number.value.starts_with("19") || number.value.starts_with("20")))
      number.needs_tie = true;
    add(std::move(number));
  }

  /// "G-482913": one to four capitals and a hyphen belong to the number. True when there was such a
  /// prefix.
  bool take_prefix(Number& number) const {
    if (before(number.begin) != '-') return false;
    std::size_t begin = number.begin - 1;
    while (begin > 0 && is_latin(text_[begin - 1]) && number.begin - begin < 6) --begin;
    const std::size_t letters = number.begin - 1 - begin;
    if (letters == 0 || letters > 4 || is_alnum(before(begin)) || before(begin) == '-')
      return false;
    const std::string_view upper = std::string_view(folded_.upper).substr(begin, letters);
    if (upper.find('0') != upper.npos) return false;
    number.needs_tie = text_.substr(begin, letters) != "g";
    number.begin = begin;
    return true;
  }

  /// Neighbours that make a number part of something else.
  bool is_guarded(Number& number, bool prefixed) const {
    const char left = before(number.begin);
    const char right = at(number.end);
    const char after = at(number.end + 1);
    if (left == kMask && right == kMask) return false;  // *482913* is emphasis
    if (left == '#') number.needs_tie = true;
    if (is_one_of(left, "+*$/@&_~^\\%\x03") || is_one_of(right, "%*$/@_\\\x03")) return true;
    if (!prefixed && left == '-' && (is_alnum(before(number.begin - 1)) || is_digit(right)))
      return true;
    if (right == '-' && is_alnum(after)) return true;
    if (is_one_of(left, ".,:") && is_digit(before(number.begin - 1))) return true;
    if (left == ' ' && (before(number.begin - 1) == '$' || before(number.begin - 1) == kMask))
      return true;
    if (left == ' ' ? money_before(number.begin - 1) : money_before(number.begin)) return true;
    return right == ' ' && after == '$';
  }

  static bool looks_like_date(const std::string& value) {  // YYYYMMDD
    if (value.size() != 8 || !(value.starts_with("19") || value.starts_with("20"))) return false;
    const int month = std::stoi(value.substr(4, 2));
    const int day = std::stoi(value.substr(6, 2));
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
  }

  // ---- letters and digits ----

  std::size_t word(Run first) {
    std::vector<Run> groups = {first};
    while (at(groups.back().end) == '-' && is_alnum(at(groups.back().end + 1)) &&
           groups.size() < 5) {
      groups.push_back({groups.back().end + 1, token_end(groups.back().end + 1)});
    }
    const Run whole{first.begin, groups.back().end};
    if (!has_digit(whole)) return first.end;
    const bool letters_first = groups.size() == 2 && !has_digit(first) && only_digits(groups[1]);
    if (letters_first) return first.end;  // a prefix; the digits come next
    Number number{whole.begin, whole.end, Shape::other, {}, true, false, 0};
    if (is_alphanumeric_code(groups, whole)) {
      number.shape = Shape::alphanumeric;
      number.value = original_.substr(folded_.origin(whole.begin),
                                      folded_.origin(whole.end) - folded_.origin(whole.begin));
      if (number.value.size() != whole.size()) number.shape = Shape::other;  // not plain ASCII
    }
    if (groups.size() == 1) take_glued_unit(number);
    add(std::move(number));
    return whole.end;
  }

  /// "10min", "24h"
  void take_glued_unit(Number& number) const {
    std::size_t digits = number.begin;
    while (digits < number.end && is_digit(text_[digits])) ++digits;
    const Hit* unit = Hits::at(units_, digits);
    if (digits == number.begin || digits - number.begin > 4 || !unit || unit->end != number.end) return;
    number.shape = is(unit, Role::time) ? Shape::duration : Shape::other;
    const std::string amount(text_.substr(number.begin, digits - number.begin));
    number.seconds = unit->value * std::strtol(amount.c_str(), nullptr, 10);
  }

  bool is_alphanumeric_code(const std::vector<Run>& groups, Run whole) const {
    const bool sized = groups.size() == 1 ? whole.size() >= 4 && whole.size() <= 10
                                          : std::all_of(groups.begin(), groups.end(), [](Run run) {
                                              return run.size() >= 3 && run.size() <= 5;
                                            });
    const char left = before(whole.begin);
    const char right = at(whole.end);
    if (!sized || is_one_of(left, "+*$/@&_~^\\%-.#\x03\x01") ||
        is_one_of(right, "%*$/@_\\-\x03\x01"))
      return false;
    return !(is_one_of(right, ".,:") && is_alnum(at(whole.end + 1)));
  }

  void add(Number number) {
    number.alone = is_alone(number);
    out_.push_back(std::move(number));
  }

  bool is_alone(const Number& number) const {
    constexpr std::string_view kDecoration = " \"'*()[]<>{}.!:-#_=|\x02\x05";
    std::size_t left = number.begin;
    while (left > 0 && text_[left - 1] != '\n' && is_one_of(text_[left - 1], kDecoration)) --left;
    if (left > 0 && text_[left - 1] != '\n') return false;
    std::size_t right = number.end;
    while (right < text_.size() && text_[right] != '\n' && is_one_of(text_[right], kDecoration))
      ++right;
    return right == text_.size() || text_[right] == '\n';
  }

  const Folded& folded_;
  std::string_view text_;
  const std::vector<Hit>& units_;
  std::string_view original_;
  std::vector<Number> out_;
};

}  // namespace

std::vector<Number> find_numbers(const Folded& folded, const std::vector<Hit>& units, std::string_view original) {
  return Scanner(folded, units, original).run();
}

}  // namespace otpctl::code
