#include "code/phrases.hpp"

#include <algorithm>
#include <array>

namespace otpctl::code {

namespace {

constexpr std::string_view kDecoration = " \n\"'`([{<*_\x02";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || c == '\x01'; }
bool is_word_byte(char c) { return is_letter(c) || (c >= '0' && c <= '9'); }

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 14> kCopulas = {
    "is",   "are", "was", "ist",     "lautet", "lauten", "heisst",
    "olan", "as",  "als", "becomes", "sind",   "equals", "reads"};
constexpr std::array<std::string_view, 8> kListWords = {"and", "or",   "und", "oder",
                                                        "ve",  "veya", "bzw", "ya da"};

std::string_view last_word(std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && is_letter(text[begin - 1])) --begin;
  return text.substr(begin);
}

std::string_view first_word(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_letter(text[end])) ++end;
  return text.substr(0, end);
}

std::string_view strip_right(std::string_view text, std::string_view set) {
  const std::size_t end = text.find_last_not_of(set);
  return end == text.npos ? std::string_view() : text.substr(0, end + 1);
}

std::string_view strip_left(std::string_view text, std::string_view set) {
  const std::size_t begin = text.find_first_not_of(set);
  return begin == text.npos ? std::string_view() : text.substr(begin);
}

bool has_word(std::string_view text, std::string_view stem) {
  for (std::size_t at = text.find(stem); at != text.npos; at = text.find(stem, at + 1)) {
    if (at == 0 || !is_letter(text[at - 1])) return true;
  }
  return false;
}

template <std::size_t N>
bool has_any(std::string_view text, const std::array<std::string_view, N>& stems) {
  return std::any_of(stems.begin(), stems.end(),
                     [&](std::string_view stem) { return has_word(text, stem); });
}

/// Up to the end of the sentence or line.
std::string_view sentence(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || has_stop(text.substr(i, 2))) return text.substr(0, i);
  }
  return text;
}

}  // namespace

Link link_before_number(std::string_view gap) {
  const std::string_view bare = strip_right(gap, kDecoration);
  if (bare.empty()) return Link::none;
  const char last = bare.back();
  if (last == ':' || last == '=' || last == '>') return Link::delimiter;
  if (last == '-' && gap.size() > bare.size()) return Link::delimiter;
  return contains(kCopulas, last_word(bare)) ? Link::copula : Link::none;
}

Link link_after_number(std::string_view gap) {
  const std::string_view bare = strip_left(gap, " \n\"'`)]}>*_\x02");
  if (bare.empty()) return Link::none;
  const char first = bare.front();
  if (first == ':' || first == '=' || first == '-' || first == '(' || first == '[')
    return Link::delimiter;
  return contains(kCopulas, first_word(bare)) ? Link::copula : Link::none;
}

bool ends_short(std::string_view label) { return last_word(label).size() <= 3; }

bool is_adjacent(std::string_view gap) {
  std::string_view rest = strip_left(gap, kDecoration);
  for (const std::string_view word :
       {"no", "nr", "number", "numarasi", "ending in", "ending", "in"}) {
    if (first_word(rest) == word) rest = strip_left(rest.substr(word.size()), kDecoration);
  }
  return rest.find_first_not_of(" \n\"'`([{<*_:=.#)]\x02") == rest.npos;
}

bool has_stop(std::string_view gap) {
  for (std::size_t i = 0; i < gap.size(); ++i) {
    const char c = gap[i];
    if (c != '.' && c != '!' && c != '?' && c != ';') continue;
    const bool ends = i + 1 == gap.size() || gap[i + 1] == ' ' || gap[i + 1] == '\n';
    const bool abbreviation =
        c == '.' && last_word(gap.substr(0, i)).size() <= 2 && i > 0 && is_letter(gap[i - 1]);
    if (ends && !abbreviation) return true;
  }
  return false;
}

std::size_t count_words(std::string_view gap) {
  std::size_t words = 0;
  for (std::size_t i = 0; i < gap.size(); ++i) {
    if (is_word_byte(gap[i]) && (i == 0 || !is_word_byte(gap[i - 1]))) ++words;
  }
  return words;
}

std::size_t count_lines(std::string_view gap) {
  std::size_t lines = 0;
  std::size_t begin = gap.find('\n');
  while (begin != gap.npos) {
    const std::size_t end = gap.find('\n', begin + 1);
    if (end == gap.npos) break;
    if (count_words(gap.substr(begin, end - begin)) > 0) ++lines;
    begin = end;
  }
  return lines;
}

bool is_list_link(std::string_view gap) {
  const std::string_view bare = strip_left(strip_right(gap, " \"'*_"), " \"'*_");
  return bare == "," || bare == "/" || bare == "&" || contains(kListWords, bare);
}

bool is_expired(std::string_view rest) {
  constexpr std::array<std::string_view, 8> kSigns = {
      "has expired", "is expired",        "have expired",        "no longer",
      "abgelaufen",  "nicht mehr gultig", "artik gecerli degil", "suresi dol"};
  return has_any(sentence(rest), kSigns);
}

bool is_request(std::string_view left, std::string_view right) {
  constexpr std::array<std::string_view, 5> kEnglish = {"use", "enter", "type", "input", "submit"};
  constexpr std::array<std::string_view, 12> kEnglishAims = {"to sign in",
                                                             "to log in",
                                                             "to login",
                                                             "to verify",
                                                             "to confirm",
                                                             "to authenticate",
                                                             "to complete your sign",
                                                             "to complete your login",
                                                             "to activate",
                                                             "as your",
                                                             "to finish signing",
                                                             "to finish logging"};
  constexpr std::array<std::string_view, 4> kTurkish = {"gir", "kullan", "yaz", "ile"};
  constexpr std::array<std::string_view, 6> kTurkishAims = {"giris yap", "dogrula", "onayla",
                                                            "oturum ac", "aktif",   "uyeligi"};
  constexpr std::array<std::string_view, 8> kGermanAims = {"anmeld",     "anzumeld",    "einlogg",
                                                           "einzulogg",  "bestatig",    "bestaetig",
                                                           "verifizier", "freizuschalt"};
  const std::string_view before = last_word(strip_right(left, kDecoration));
  const std::string_view after = sentence(right);
  if (contains(kEnglish, before)) return has_any(after, kEnglishAims);
  if (before == "sie" || before == "gib" || before == "mit") {
    return has_any(after, kGermanAims) && (before == "mit" || has_word(after, "ein"));
  }
  const std::string_view next = first_word(strip_left(after, " \"')]}>*_'"));
  const bool turkish = std::any_of(kTurkish.begin(), kTurkish.end(),
                                   [&](auto stem) { return next.starts_with(stem); });
  return turkish && (has_any(left, kTurkishAims) || has_any(after, kTurkishAims));
}

}  // namespace otpctl::code
