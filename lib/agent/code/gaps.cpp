#include "code/gaps.hpp"

#include "code/char_set.hpp"

#include <algorithm>

namespace otpctl::code {

namespace {

constexpr std::size_t kLine = 160;      // characters of a line that are looked at on either side
constexpr std::size_t kSentence = 400;  // … of a sentence
constexpr CharSet kBefore(" \n\"'`([{<*_\x02");
constexpr CharSet kBehind(" \n\"'`)]}>*_\x02");
constexpr CharSet kOpens(":=-([");
constexpr CharSet kJoins(" \n\"'`([{<*_\x02:=.#)]");
constexpr CharSet kQuotes(" \"'*_");
constexpr CharSet kClause(",;:");

bool is_word_character(char c) { return is_letter(c) || is_digit(c); }

/// At most 4: nobody asks for more.
std::size_t last_word_size(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && is_letter(text[begin - 1]) && text.size() - begin < 4) --begin;
  return text.size() - begin;
}

bool has_one(const std::vector<std::uint32_t>& places, std::size_t begin, std::size_t end) {
  const auto at = std::lower_bound(places.begin(), places.end(), begin);
  return at != places.end() && *at < end;
}

}  // namespace

bool ends_short(std::string_view label) { return last_word_size(label) <= 3; }

Link Gaps::link_before_number(std::size_t begin, std::size_t end) const {
  std::size_t bare = end;
  while (bare > begin && kBefore.has(text_[bare - 1])) --bare;
  if (bare == begin) return hits_.ends(Role::copula, begin) ? Link::copula : Link::none;
  const char last = text_[bare - 1];
  if (last == ':' || last == '=' || last == '>') return Link::delimiter;
  if (last == '-' && bare < end) return Link::delimiter;
  return hits_.ends(Role::copula, bare) ? Link::copula : Link::none;
}

Link Gaps::link_after_number(std::size_t begin, std::size_t end) const {
  std::size_t bare = begin;
  while (bare < end && (kBehind.has(text_[bare]) || text_[bare] == ',')) ++bare;
  if (bare == end) return Link::none;
  if (kOpens.has(text_[bare])) return Link::delimiter;
  return hits_.begins(Role::copula, bare) ? Link::copula : Link::none;
}

bool Gaps::is_adjacent(std::size_t begin, std::size_t end) const {
  std::size_t pos = begin;
  while (pos < end) {
    if (kJoins.has(text_[pos])) {
      ++pos;
    } else if (const Hit* word = Hits::at(hits_.all(Role::number), pos); word && word->end <= end) {
      pos = word->end;
    } else {
      return false;
    }
  }
  return true;
}

bool Gaps::is_stop(std::size_t pos, std::size_t end) const {
  const char c = text_[pos];
  if (c == kStop) return true;
  if (c != '.' && c != '!' && c != '?' && c != ';') return false;
  if (pos + 1 != end && text_[pos + 1] != ' ' && text_[pos + 1] != '\n') return false;
  const bool abbreviation = c == '.' && pos > 0 && is_letter(text_[pos - 1]) && last_word_size(text_.substr(0, pos)) <= 2;
  return !abbreviation;
}

Gaps::Gaps(std::string_view text, const Hits& hits) : text_(text), hits_(hits) {
  constexpr CharSet kEnds(".!?;\x05\n");
  for (std::size_t pos = 0; pos < text.size(); ++pos) {
    if (!kEnds.has(text[pos])) continue;
    if (text[pos] == '\n') feeds_.push_back(static_cast<std::uint32_t>(pos));
    else if (is_stop(pos, text.size())) stops_.push_back(static_cast<std::uint32_t>(pos));
  }
}

bool Gaps::has_stop(std::size_t begin, std::size_t end) const {
  return begin < end && (has_one(stops_, begin, end) || is_stop(end - 1, end));
}

bool Gaps::has_line_end(std::size_t begin, std::size_t end) const { return has_one(feeds_, begin, end); }

std::size_t Gaps::count_words(std::size_t begin, std::size_t end) const {
  std::size_t words = 0;
  for (std::size_t i = begin; i < end; ++i) {
    if (is_word_character(text_[i]) && (i == begin || !is_word_character(text_[i - 1]))) ++words;
  }
  return words;
}

std::size_t Gaps::count_lines(std::size_t begin, std::size_t end) const {
  std::size_t lines = 0;
  const std::string_view gap = between(begin, end);
  for (std::size_t feed = gap.find('\n'); feed != gap.npos;) {
    const std::size_t next = gap.find('\n', feed + 1);
    if (next == gap.npos) break;
    if (count_words(begin + feed, begin + next) > 0) ++lines;
    feed = next;
  }
  return lines;
}

bool Gaps::is_list_link(std::size_t begin, std::size_t end) const {
  while (begin < end && kQuotes.has(text_[begin])) ++begin;
  while (end > begin && kQuotes.has(text_[end - 1])) --end;
  if (end - begin == 1 && (text_[begin] == ',' || text_[begin] == '/' || text_[begin] == '&')) return true;
  const Hit* word = Hits::at(hits_.all(Role::both), begin);
  return word && word->end == end;
}

std::size_t Gaps::line_begin(std::size_t pos) const {
  std::size_t begin = pos;
  while (begin > 0 && text_[begin - 1] != '\n' && pos - begin < kLine) --begin;
  return begin;
}

std::size_t Gaps::line_end(std::size_t pos) const {
  const std::size_t most = std::min(text_.size(), pos + kLine);
  std::size_t end = pos;
  while (end < most && text_[end] != '\n') ++end;
  return end;
}

std::size_t Gaps::sentence_end(std::size_t pos, std::size_t most) const {
  while (pos < most && text_[pos] != '\n' && !is_stop(pos, most)) ++pos;
  return pos;
}

bool Gaps::is_expired(std::size_t begin, std::size_t end) const {
  const std::size_t most = std::min({text_.size(), end + kSentence, text_.find(';', end)});
  if (hits_.within(Role::expired, end, sentence_end(end, most))) return true;
  // "Expired is the code 482913", not "has your code expired, use 482913"
  std::size_t from = begin;
  while (from > 0 && begin - from < kLine && text_[from - 1] != '\n' && !kClause.has(text_[from - 1]) &&
         !is_stop(from - 1, begin))
    --from;
  return hits_.within(Role::expired, from, begin);
}

bool Gaps::is_asked_for(std::size_t begin, std::size_t end) const {
  const std::size_t line = line_begin(begin);
  const std::size_t stop = sentence_end(end, line_end(end));
  std::size_t left = begin;
  while (left > line && (kBefore.has(text_[left - 1]) || text_[left - 1] == ':')) --left;
  std::size_t right = end;
  while (right < stop && kBehind.has(text_[right])) ++right;
  return hits_.ends(Role::request, left) || (right < stop && hits_.begins(Role::request, right));
}

bool Gaps::is_label_asked_for(std::size_t begin) const {
  constexpr std::size_t kArticles = 24;  // "enter the following "
  const std::size_t from = begin - std::min(begin, kArticles);
  for (const Hit* hit = Hits::first_from(hits_.all(Role::request), from); hit && hit->end <= begin; ++hit) {
    if (!has_stop(hit->end, begin) && count_words(hit->end, begin) <= 2) return true;
    if (hit == &hits_.all(Role::request).back()) break;
  }
  return false;
}

bool Gaps::has_aim(std::size_t begin, std::size_t end) const {
  const std::size_t stop = sentence_end(end, line_end(end));
  return hits_.within(Role::aim, end, stop) || hits_.within(Role::aim, line_begin(begin), begin);
}

bool Gaps::has_aim_behind(std::size_t end) const {
  const std::size_t right = end < text_.size() && text_[end] == ' ' ? end + 1 : end;
  return hits_.begins(Role::aim, right);
}

bool Gaps::has_life_behind(std::size_t end) const {
  return hits_.within(Role::life, end, sentence_end(end, line_end(end)));
}

}  // namespace otpctl::code
