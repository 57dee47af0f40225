#include "code/numbers.hpp"

#include "code/char_set.hpp"

#include <algorithm>
#include <cstdlib>

namespace otpctl::code {

namespace {

bool is_latin(char c) { return c >= 'a' && c <= 'z'; }
bool is_alnum(char c) { return is_digit(c) || is_latin(c); }
constexpr CharSet kSeparators(" -.,:/()");
constexpr CharSet kPoints(".,:");
constexpr CharSet kDecoration(" \"'*()[]<>{}.!:-#_=|\x02\x05");
constexpr CharSet kQuotes(" \"'*");
// Beside digits, and beside letters and digits, that are a part of something else.
constexpr CharSet kCutLeft("+*$/@&_~^\\%\x03");
constexpr CharSet kCutRight("%*$/@_\\\x03");
constexpr CharSet kWordLeft("+*$/@&_~^\\%-.#\x03\x01");
constexpr CharSet kWordRight("%*$/@_\\-\x03\x01");

struct Run {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
};

class Scanner {
 public:
  Scanner(const Folded& folded, const Hits& hits, std::string_view original)
      : folded_(folded), text_(folded.text), hits_(hits), original_(original) {}

  std::vector<Number> run() {
    for (std::size_t pos = 0; pos < text_.size();) {
      if (!is_alnum(text_[pos])) {
        ++pos;
        continue;
      }
      const std::size_t line = spaced_line(pos);
      pos = line > pos ? line : token({pos, token_end(pos)});
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
    if (const Hit* unit = Hits::at(hits_.units, pos)) return unit;
    return at(pos) == ' ' || at(pos) == '-' ? Hits::at(hits_.units, pos + 1) : nullptr;
  }
  static bool is(const Hit* unit, Role role) { return unit && unit->role == role; }

  /// A currency ends at `pos`: "USD", "Rs.".
  bool money_before(std::size_t pos) const {
    const Hit* unit = Hits::up_to(hits_.units, before(pos) == '.' ? pos - 1 : pos);
    return is(unit, Role::money) && unit->end - unit->begin > 1;  // "e" stands behind: "12 e"
  }

  // ---- digits ----

  /// What may stand between the groups of one number: one or two of these, no line end.
  std::size_t separator_end(std::size_t pos, std::size_t group_size) const {
    std::size_t end = pos;
    while (end < text_.size() && end - pos < 2 && kSeparators.has(text_[end])) ++end;
    if (end == pos || !is_digit(at(end))) return pos;
    const std::string_view separator = text_.substr(pos, end - pos);
    if (separator.find_first_of("()") != separator.npos)
      return group_size <= 4 ? end : pos;  // (0555) 123…
    const bool sentence = end - pos == 2 && separator[1] == ' ' && kPoints.has(separator[0]);
    return sentence ? pos : end;
  }

  std::size_t cluster(Run first) {
    std::vector<Run> groups = {first};
    std::string separators;  // one character for each gap; '?' when it is more than one
    while (true) {
      const std::size_t gap = groups.back().end;
      const std::size_t next = separator_end(gap, groups.back().size());
      if (next == gap) break;
      const bool dated = separators.find_first_of("/:") != separators.npos;  // "20/11/2026 14:30 482913"
      if (dated && text_[gap] == ' ' && token_end(next) - next >= 4) break;
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
    const bool regular = groups.size() == 1 || is_grouped_code(groups, separators);
    if (!regular && !is_uneven_code(groups, separators)) return no_code(groups, separators);
    digits(groups.front().begin, groups.back().end, regular ? Number::Needs::nothing : Number::Needs::tie);
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

  /// "888-8888", "1234-56": perhaps a local phone number, or a code that was cut anywhere; not "2026-11".
  bool is_uneven_code(const std::vector<Run>& groups, const std::string& separators) const {
    if (groups.size() != 2 || separators != "-") return false;
    const std::size_t size = groups[0].size() + groups[1].size();
    const std::string_view first = text_.substr(groups[0].begin, groups[0].size());
    const bool year = first.size() == 4 && (first.starts_with("19") || first.starts_with("20"));
    return size >= 6 && size <= 8 && groups[0].size() >= 2 && groups[1].size() >= 2 && !year;
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
    Number number;
    number.begin = groups.front().begin;
    number.end = groups.back().end;
    number.guard = Guard::groups;
    add(std::move(number));
    return groups.back().end;
  }

  void digits(std::size_t begin, std::size_t end, Number::Needs needs = Number::Needs::nothing) {
    Number number;
    number.begin = begin;
    number.end = end;
    number.shape = Shape::digits;
    number.needs = needs;
    for (std::size_t i = begin; i < end; ++i) {
      if (is_digit(text_[i])) number.value += text_[i];
    }
    const bool prefixed = take_prefix(number);
    const std::size_t size = number.value.size();
    const Hit* unit = unit_behind(end);
    if (is(unit, Role::time) && size <= 4) {
      number.shape = Shape::duration;
      number.seconds = unit->value * std::stol(number.value);
    } else {
      number.guard = guard_of(number, prefixed, unit);
      if (number.guard != Guard::none) number.shape = Shape::other;
    }
    const bool year = size == 4 && (number.value.starts_with("19") || number.value.starts_with("20"));
    if (year || size == 3) number.needs = Number::Needs::tie;
    add(std::move(number));
  }

  Guard guard_of(Number& number, bool prefixed, const Hit* unit) const {
    const std::size_t size = number.value.size();
    if (size < 3) return Guard::short_;
    if (size > 8) return Guard::long_;
    if (is(unit, Role::money) || follows_money(number)) return Guard::money;
    if (is(unit, Role::count) && size <= 4) return Guard::count;
    if (is_cut_out(number, prefixed)) return Guard::neighbour;
    return looks_like_date(number.value) ? Guard::date : Guard::none;
  }

  bool follows_money(const Number& number) const {
    const std::size_t end = before(number.begin) == ' ' ? number.begin - 1 : number.begin;
    const bool sign = before(end) == '$' || (at(number.end) == ' ' && at(number.end + 1) == '$') || at(number.end) == '$';
    return sign || money_before(end);
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
    if (text_.substr(begin, letters) != "g") number.needs = std::max(number.needs, Number::Needs::request);
    number.begin = begin;
    return true;
  }

  /// Neighbours that make a number part of something else.
  bool is_cut_out(Number& number, bool prefixed) const {
    const char left = before(number.begin);
    const char right = at(number.end);
    const char after = at(number.end + 1);
    if (left == kMask && right == kMask) return false;  // *482913* is emphasis
    if (left == '#') number.needs = Number::Needs::tie;
    if (kCutLeft.has(left) || kCutRight.has(right)) return true;
    if (!prefixed && left == '-' && (is_alnum(before(number.begin - 1)) || is_digit(right)))
      return true;
    if (right == '-' && is_alnum(after)) return true;
    if (kPoints.has(left) && is_digit(before(number.begin - 1))) return true;
    if (right == '-' && after == kMask) return true;  // 010-****-5678
    if (is_cut_by_tag(number)) return true;
    return (left == ' ' || left == '-') && before(number.begin - 1) == kMask;
  }

  /// "482</b>913" in a text that is no HTML.
  bool is_cut_by_tag(const Number& number) const {
    constexpr std::size_t kTag = 12;
    const std::size_t close = text_.substr(0, number.end + kTag).find('>', number.end);
    if (at(number.end) == '<' && close != text_.npos && is_digit(at(close + 1))) return true;
    if (before(number.begin) != '>') return false;
    const std::size_t open = text_.substr(0, number.begin).rfind('<');
    return open != text_.npos && number.begin - open <= kTag && is_digit(before(open));
  }

  static bool looks_like_date(const std::string& value) {  // YYYYMMDD
    if (value.size() != 8 || !(value.starts_with("19") || value.starts_with("20"))) return false;
    const int month = std::stoi(value.substr(4, 2));
    const int day = std::stoi(value.substr(6, 2));
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
  }

  // ---- letters and digits ----

  /// "a u 8 k 2 f" and nothing else on the line: one code of 5 to 8 characters. Where it ends, or `pos`.
  std::size_t spaced_line(std::size_t pos) {
    std::size_t begin = pos;
    while (begin > 0 && text_[begin - 1] == ' ') --begin;
    if (before(begin) != '\n' || is_alnum(at(pos + 1))) return pos;
    Number number;
    std::size_t digits = 0;
    for (std::size_t i = pos; is_alnum(at(i)) && number.value.size() <= 8; i += at(i + 1) == ' ' ? 2 : 1) {
      const char c = original_[folded_.origin(i)];
      if (static_cast<unsigned char>(c) >= 0x80) return pos;
      number.value += c;
      digits += is_digit(text_[i]) ? 1 : 0;
      number.end = i + 1;
    }
    const std::size_t size = number.value.size();
    if (size < 5 || size > 8 || digits == 0 || digits == size || !ends_line(number.end)) return pos;
    if (number.end - pos != 2 * size - 1) return pos;
    number.begin = pos;
    number.shape = Shape::alphanumeric;
    number.needs = Number::Needs::tie;
    add(std::move(number));
    return out_.back().end;
  }

  std::size_t word(Run first) {
    std::vector<Run> groups = {first};
    while (at(groups.back().end) == '-' && is_alnum(at(groups.back().end + 1)) &&
           groups.size() < 5) {
      groups.push_back({groups.back().end + 1, token_end(groups.back().end + 1)});
    }
    const Run whole{first.begin, groups.back().end};
    if (!has_digit(whole)) return letters(groups, whole);
    if (const std::size_t label = label_in(first); label > 0) return cluster({label, first.end});
    const bool letters_first = groups.size() == 2 && !has_digit(first) && only_digits(groups[1]);
    if (letters_first) return first.end;  // a prefix; the digits come next
    Number number;
    number.begin = whole.begin;
    number.end = whole.end;
    number.needs = Number::Needs::tie;
    if (is_alphanumeric_code(groups, whole)) {
      number.shape = Shape::alphanumeric;
      number.value = plain_value(whole);
      if (number.value.empty()) number.shape = Shape::other;
    }
    if (number.shape == Shape::other) number.guard = Guard::word;
    if (groups.size() == 1) take_glued_unit(number);
    add(std::move(number));
    return whole.end;
  }

  /// "OTP482913": where the digits begin behind a label that is glued to them, or 0.
  std::size_t label_in(Run run) const {
    std::size_t digits = run.begin;
    while (digits < run.end && is_latin(text_[digits])) ++digits;
    const bool glued = digits > run.begin && only_digits({digits, run.end}) && Hits::up_to(hits_.labels, digits);
    return glued ? digits : 0;
  }

  /// "QGFDAE", "DJZ-TLX": capitals that a ':' announces, to the end of the line, that stand right behind a label in small
  /// letters, or that have the line for themselves.
  std::size_t letters(const std::vector<Run>& groups, Run whole) {
    const bool sized = groups.size() == 1 ? whole.size() >= 4 && whole.size() <= 8 : is_hyphenated_code(groups);
    if (!sized) return groups.front().end;
    for (std::size_t i = whole.begin; i < whole.end; ++i) {
      if (text_[i] != '-' && folded_.upper[i] == '0') return groups.front().end;
    }
    Number number;
    number.begin = whole.begin;
    number.end = whole.end;
    number.shape = Shape::letters;
    number.needs = Number::Needs::tie;
    number.alone = is_alone(number);
    const bool announced = (follows_delimiter(whole.begin) && ends_line(whole.end)) || follows_label(whole.begin);
    if (!number.alone && !announced) return groups.front().end;
    number.value = plain_value(whole);
    if (!number.value.empty()) out_.push_back(std::move(number));
    return whole.end;
  }

  bool follows_label(std::size_t pos) const {
    const Hit* label = before(pos) == ' ' ? Hits::up_to(hits_.labels, pos - 1) : nullptr;
    return label && label->positive() && folded_.upper[label->end - 1] == '0';
  }
  bool follows_delimiter(std::size_t pos) const {
    while (pos > 0 && kQuotes.has(text_[pos - 1])) --pos;
    return pos > 0 && (text_[pos - 1] == ':' || text_[pos - 1] == '=');
  }
  bool ends_line(std::size_t pos) const {
    while (pos < text_.size() && (kQuotes.has(text_[pos]) || text_[pos] == '.')) ++pos;
    return at(pos) == '\n';
  }

  /// As it stood there; empty when it is not plain ASCII.
  std::string plain_value(Run whole) const {
    std::string value;
    for (std::size_t i = whole.begin; i < whole.end; ++i) {
      const char c = original_[folded_.origin(i)];
      if (static_cast<unsigned char>(c) >= 0x80 || folded_.origin(i) != folded_.origin(whole.begin) + value.size()) return {};
      value += c;
    }
    return value;
  }

  static bool is_hyphenated_code(const std::vector<Run>& groups) {
    return groups.size() > 1 && groups.size() <= 5 && std::all_of(groups.begin(), groups.end(), [](Run run) {
             return run.size() >= 3 && run.size() <= 5;
           });
  }

  /// "10min", "24h"
  void take_glued_unit(Number& number) const {
    std::size_t digits = number.begin;
    while (digits < number.end && is_digit(text_[digits])) ++digits;
    const Hit* unit = Hits::at(hits_.units, digits);
    if (digits == number.begin || digits - number.begin > 4 || !unit || unit->end != number.end) return;
    number.shape = is(unit, Role::time) ? Shape::duration : Shape::other;
    const std::string amount(text_.substr(number.begin, digits - number.begin));
    number.seconds = unit->value * std::strtol(amount.c_str(), nullptr, 10);
  }

  bool is_alphanumeric_code(const std::vector<Run>& groups, Run whole) const {
    const bool sized = groups.size() == 1 ? whole.size() >= 4 && whole.size() <= 10 : is_hyphenated_code(groups);
    const char left = before(whole.begin);
    const char right = at(whole.end);
    if (!sized || kWordLeft.has(left) ||
        kWordRight.has(right))
      return false;
    return !(kPoints.has(right) && is_alnum(at(whole.end + 1)));
  }

  void add(Number number) {
    number.alone = is_alone(number);
    out_.push_back(std::move(number));
  }

  bool is_alone(const Number& number) const {
    std::size_t left = number.begin;
    while (left > 0 && text_[left - 1] != '\n' && kDecoration.has(text_[left - 1])) --left;
    if (left > 0 && text_[left - 1] != '\n') return false;
    std::size_t right = number.end;
    while (right < text_.size() && text_[right] != '\n' && kDecoration.has(text_[right]))
      ++right;
    return right == text_.size() || text_[right] == '\n';
  }

  const Folded& folded_;
  std::string_view text_;
  const Hits& hits_;
  std::string_view original_;
  std::vector<Number> out_;
};

}  // namespace

std::vector<Number> find_numbers(const Folded& folded, const Hits& hits, std::string_view original) {
  return Scanner(folded, hits, original).run();
}

}  // namespace otpctl::code
