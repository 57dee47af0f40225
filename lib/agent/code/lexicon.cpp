#include "code/lexicon.hpp"

#include "code/automaton.hpp"
#include "code/lexicon_image.hpp"
#include "code/tables.hpp"

#include <algorithm>
#include <span>
#include <utility>

// Made of the tables by the build (cmake/Languages.cmake).
extern "C" const std::byte otpctl_lexicon_image[];
extern "C" const std::byte otpctl_lexicon_image_end[];

namespace otpctl::code {

struct Lexicon::Words {
  std::vector<std::byte> own;  // of parse()
  LexiconImage image;
  Automaton automaton;

  explicit Words(std::span<const std::byte> bytes) : image(read_image(bytes)), automaton(image.nodes, image.edges, image.rows) {}
  explicit Words(std::vector<std::byte> bytes) : Words(std::span<const std::byte>(bytes)) { own = std::move(bytes); }
};

namespace {

constexpr std::size_t kInflection = 10;  // letters that a '*' stands for, at most
constexpr std::size_t kJoinedParticles = 3;
constexpr std::size_t kCompound = 30;  // letters of the first part of a compound

bool is_gap(char c) { return c == ' ' || c == '-' || c == '\n'; }

/// Behind the run of spaces, hyphens and one line end that a space of an entry stands for; `pos` when
/// there is none, or more than that: then nothing goes on there.
std::size_t gap_end(std::string_view text, std::size_t pos) {
  std::size_t end = pos;
  bool line = false;
  while (end < text.size() && is_gap(text[end])) {
    if (end - pos == 4 || (text[end] == '\n' && line)) return pos;
    line = line || text[end] == '\n';
    ++end;
  }
  return end;
}

/// Behind the letters of an inflection that begins at `pos`.
std::size_t letters_end(std::string_view text, std::size_t pos) {
  const std::size_t limit = std::min(text.size(), pos + kInflection);
  while (pos < limit && is_spaced_letter(text[pos])) ++pos;
  return pos;
}

/// One hit of the automaton held against its entry.
class Match {
 public:
  Match(const Folded& folded, const LexiconImage& image, const PackedEntry& entry)
      : text_(folded.text),
        letters_(folded.letters),
        entry_(entry),
        tail_(image.strings.data() + entry.tail, entry.tail_size),
        particles_(image.strings.data() + entry.particles, entry.particles_size) {}

  /// `begin`, `end`: of the head.
  bool holds(std::size_t begin, std::size_t end) {
    begin_ = begin;
    end_ = end;
    return begins_fitly() && has_tail() && ends_word();
  }
  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_; }

 private:
  /// No letter stands in front, but for joined particles or, of a compound, its first part.
  bool begins_fitly() {
    if (!is_spaced_letter(text_[begin_]) && !is_digit(text_[begin_])) return true;
    if (!entry_.compound && begin_ > 0 && is_digit(text_[begin_ - 1])) return is_unit(entry_.role);
    std::size_t word = begin_;
    const std::size_t reach = entry_.compound ? kCompound : kJoinedParticles;
    while (word > 0 && is_spaced_letter(text_[word - 1]) && begin_ - word <= reach) --word;
    if (word == begin_) return true;
    if (begin_ - word > reach || (word > 0 && is_spaced_letter(text_[word - 1]))) return false;
    const auto joined = [&](char32_t c) { return particles_.find(c) != particles_.npos; };
    const bool fits = entry_.compound ||
                      std::all_of(letters_.begin() + static_cast<std::ptrdiff_t>(word),
                                  letters_.begin() + static_cast<std::ptrdiff_t>(begin_), joined);
    if (fits) begin_ = word;
    return fits;
  }

  bool has_tail() {
    for (const char32_t c : tail_) {
      if (c == '*') {
        end_ = letters_end(text_, end_);
      } else if (c == ' ') {
        const std::size_t next = gap_end(text_, end_);
        if (next == end_) return false;
        end_ = next;
      } else {
        if (end_ >= text_.size() || letters_[end_] != c) return false;
        ++end_;
      }
    }
    return true;
  }

  bool ends_word() const {
    return end_ == text_.size() || !is_spaced_letter(text_[end_]) || !is_spaced_letter(text_[end_ - 1]);
  }

  std::string_view text_;
  std::u32string_view letters_;
  const PackedEntry& entry_;
  std::u32string_view tail_;
  std::u32string_view particles_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

struct Found : Hit {
  std::uint32_t literal = 0;  // characters that are not an inflection
};

/// Which hits keep each other out.
std::size_t group_of(Role role) {
  if (is_label(role)) return 0;
  return is_unit(role) ? 1 : static_cast<std::size_t>(role);
}

/// The leftmost, of these the longest, of these the one that is less inflected; of words that several languages
/// have, the most careful meaning.
bool goes_before(const Found& a, const Found& b) {
  if (group_of(a.role) != group_of(b.role)) return group_of(a.role) < group_of(b.role);
  if (a.begin != b.begin) return a.begin < b.begin;
  if (a.end != b.end) return a.end > b.end;
  if (a.literal != b.literal) return a.literal > b.literal;
  return a.role < b.role;
}

std::vector<Hit>& list_of(Hits& hits, Role role) {
  if (is_label(role)) return hits.labels;
  return is_unit(role) ? hits.units : hits.of[static_cast<std::size_t>(role)];
}

Hits resolve(std::vector<Found> all) {
  std::sort(all.begin(), all.end(), goes_before);
  Hits out;
  std::size_t group = kRoles;
  Found last{};
  for (const Found& hit : all) {
    const bool first = group_of(hit.role) != group;
    group = group_of(hit.role);
    if (!first && hit.begin == last.begin && hit.end == last.end && hit.role == last.role) {
      list_of(out, hit.role).back().languages |= hit.languages;
      continue;
    }
    if (!first && hit.begin < last.end) continue;
    list_of(out, hit.role).push_back(hit);
    last = hit;
  }
  return out;
}

/// Languages of the words for a code, also of one that a longer word swallows, or of what is asked for where there is
/// none. English stands in messages of all languages.
Languages spoken_by(const std::vector<Found>& all) {
  Languages labels(1), others(1);
  bool any = false;
  for (const Found& hit : all) {
    if (hit.positive()) labels |= hit.languages;
    if (hit.role == Role::aim || hit.role == Role::context) others |= hit.languages;
    any = any || hit.positive();
  }
  return any ? labels : others;
}

/// Short words mean different things in different languages: one in Latin letters counts only in the languages that the
/// message speaks.
void drop_foreign(std::vector<Found>& all, std::string_view text) {
  constexpr std::size_t kShortLabel = 4;
  const Languages spoken = spoken_by(all);
  std::erase_if(all, [&](const Found& hit) {
    const std::string_view word = text.substr(hit.begin, hit.end - hit.begin);
    const bool latin = word.find_first_of(std::string{kOtherLetter, kJoinedLetter}) == word.npos;
    const bool long_label = is_label(hit.role) && (hit.positive() || word.size() > kShortLabel);
    return latin && !long_label && (hit.languages & spoken).none();
  });
}

/// Runs the automaton over a text and holds what it finds against the entries.
class Finder {
 public:
  Finder(const Folded& text, const LexiconImage& image, const Automaton& automaton)
      : text_(text), image_(image), automaton_(automaton) {
    places_.reserve(text.text.size() + text.text.size() / 4);
  }

  std::vector<Found> run() {
    char before = ' ';
    for (std::size_t i = 0; i < text_.text.size();) {
      const char here = text_.text[i];
      if (is_gap(here)) {
        i = gap(i);
      } else {
        if (begins_word(before, here)) feed(kWordBegin, i);
        feed(text_.letters[i], i);
        found_up_to(++i);
      }
      before = here;
    }
    return std::move(found_);
  }

 private:
  void feed(char32_t symbol, std::size_t place) {
    places_.push_back(static_cast<std::uint32_t>(place));
    state_ = automaton_.step(state_, symbol);
  }

  /// Where to go on.
  std::size_t gap(std::size_t i) {
    const std::size_t end = gap_end(text_.text, i);
    feed(end == i ? U'\n' : U' ', i);  // no entry has a line end
    return end > i ? end : std::min(text_.text.find_first_not_of(" -\n", i), text_.text.size());
  }

  void found_up_to(std::size_t end) {
    const bool inside_word =
        end < text_.text.size() && is_spaced_letter(text_.text[end]) && is_spaced_letter(text_.text[end - 1]);
    bool looked = false;
    char32_t next = 0;
    char32_t next_inflected = 0;
    automaton_.each_end(state_, [&](std::uint32_t head) {
      if (!looked) {  // hundreds of entries begin alike: how the next word begins tells most of them apart
        next = next_word(end);
        next_inflected = next_word(letters_end(text_.text, end));
        looked = true;
      }
      for (std::uint32_t i = image_.first_entry[head]; i < image_.first_entry[head + 1]; ++i) {
        const PackedEntry& entry = image_.entries[i];
        if (entry.tail_size == 0 && inside_word) continue;
        if (entry.next_word != 0 && entry.next_word != (entry.inflected ? next_inflected : next)) continue;
        Match match(text_, image_, entry);
        if (match.holds(places_[places_.size() - entry.head_size], end)) add(entry, match);
      }
    });
  }

  /// The first letter behind the gap that begins at `pos`; 0 when none begins there.
  char32_t next_word(std::size_t pos) const {
    const std::size_t begin = gap_end(text_.text, pos);
    return begin > pos && begin < text_.letters.size() ? text_.letters[begin] : 0;
  }

  void add(const PackedEntry& entry, const Match& match) {
    Found found;
    found.begin = static_cast<std::uint32_t>(match.begin());
    found.end = static_cast<std::uint32_t>(match.end());
    found.role = entry.role;
    found.value = entry.value;
    found.languages = Languages(entry.languages[1]) << 64 | Languages(entry.languages[0]);
    found.literal = entry.literal;
    found_.push_back(found);
  }

  const Folded& text_;
  const LexiconImage& image_;
  const Automaton& automaton_;
  std::vector<std::uint32_t> places_;  // of the symbols that the automaton has seen
  Automaton::State state_ = Automaton::kStart;
  std::vector<Found> found_;
};

}  // namespace

Hits Lexicon::find(const Folded& text) const {
  std::vector<Found> all = Finder(text, words_->image, words_->automaton).run();
  drop_foreign(all, text.text);
  Hits out = resolve(std::move(all));
  std::erase_if(out.labels, [](const Hit& hit) { return hit.role == Role::ordinary; });
  return out;
}

Result<Lexicon> Lexicon::parse(const std::vector<std::string_view>& tables) {
  auto entries = read_tables(tables);
  if (!entries) return fail(entries.error());
  return Lexicon(std::make_unique<Words>(make_image(std::move(*entries))));
}

const Lexicon& Lexicon::built_in() {
  static const Lexicon once(std::make_unique<Words>(
      std::span<const std::byte>(otpctl_lexicon_image, otpctl_lexicon_image_end)));
  return once;
}

std::size_t Lexicon::size() const { return words_->image.entries.size(); }
Lexicon::Lexicon(std::unique_ptr<Words> words) : words_(std::move(words)) {}
Lexicon::Lexicon(Lexicon&&) noexcept = default;
Lexicon& Lexicon::operator=(Lexicon&&) noexcept = default;
Lexicon::~Lexicon() = default;

const Hit* Hits::first_from(const std::vector<Hit>& hits, std::size_t begin) {
  const auto at = std::lower_bound(hits.begin(), hits.end(), begin,
                                   [](const Hit& hit, std::size_t pos) { return hit.begin < pos; });
  return at == hits.end() ? nullptr : &*at;
}

const Hit* Hits::at(const std::vector<Hit>& hits, std::size_t begin) {
  const Hit* hit = first_from(hits, begin);
  return hit && hit->begin == begin ? hit : nullptr;
}

const Hit* Hits::up_to(const std::vector<Hit>& hits, std::size_t end) {
  const auto at =
      std::lower_bound(hits.begin(), hits.end(), end, [](const Hit& hit, std::size_t pos) { return hit.end < pos; });
  return at != hits.end() && at->end == end ? &*at : nullptr;
}

bool Hits::within(Role role, std::size_t begin, std::size_t end) const {
  const Hit* hit = first_from(all(role), begin);
  return hit && hit->end <= end;
}

}  // namespace otpctl::code
