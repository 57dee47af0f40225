#include "code/hinted.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "code/page.hpp"

#include <array>
#include <utility>

namespace otpctl::code {

namespace {

std::string name_of(const Pattern& pattern) { return "your pattern " + printable(pattern.source(), 80); }
std::string name_of(const Rule& rule) { return words_for(rule); }

/// The three texts of a message, each read for labels once at most.
class Texts {
 public:
  explicit Texts(const message::Message& message) : message_(message) {}

  std::optional<Code> find(const Pattern& pattern, bool& too_slow) {
    for (const Where where : kAll) {
      if (const auto match = pattern.find(text(where), &too_slow, &steps_))
        return code_of(where, match->value, match->begin, match->end);
    }
    return std::nullopt;
  }

  std::optional<Code> find(const std::u32string& label) {
    for (const Where where : kAll) {
      if (const auto match = labelled(where).behind(label))
        return code_of(where, match->value, match->begin, match->end);
    }
    return std::nullopt;
  }

  std::string_view sender() const { return message_.sender; }
  bool exhausted() const { return steps_ == 0; }

 private:
  static constexpr std::array kAll{Where::subject, Where::text, Where::html};
  struct Read {
    Read(const message::Message& message, Where where) : page(read(message, where)), labelled(page) {}
    Read(const Read&) = delete;
    Read& operator=(const Read&) = delete;
    Page page;
    LabelledText labelled;

   private:
    static Page read(const message::Message& message, Where where) {
      return where == Where::subject ? read_subject(message) : where == Where::text ? read_text(message) : read_html(message);
    }
  };

  const std::string& text(Where where) const {
    return where == Where::subject ? message_.subject : where == Where::text ? message_.text : message_.html_text;
  }

  const LabelledText& labelled(Where where) {
    std::optional<Read>& read = read_[static_cast<std::size_t>(where)];
    if (!read) read.emplace(message_, where);
    return read->labelled;
  }

  Code code_of(Where where, std::string value, std::size_t begin, std::size_t end) const {
    Code code;
    code.raw = text(where).substr(begin, end - begin);
    code.kind = value.find_first_not_of("0123456789") == value.npos ? Kind::digits : Kind::alphanumeric;
    code.value = std::move(value);
    code.confidence = 1;
    code.evidence = {begin, end, where == Where::subject, where == Where::html};
    return code;
  }

  const message::Message& message_;
  std::array<std::optional<Read>, 3> read_;
  std::size_t steps_ = kSteps;
};

Trial try_on(Texts& texts, const Rule& rule, const std::optional<Lengths>& lengths) {
  Trial trial;
  if (!rule.fits(texts.sender())) return trial;
  trial.fit = Fit::nothing;
  auto code = rule.pattern() ? texts.find(*rule.pattern(), trial.too_slow) : texts.find(rule.folded_label());
  if (!code) return trial;
  trial.fit = lengths && !lengths->fit(code->value) ? Fit::other_length : Fit::found;
  trial.code = std::move(*code);
  return trial;
}

class Search {
 public:
  Search(const message::Message& message, const Hints& hints) : texts_(message), hints_(hints) {}

  Hinted run() {
    if (hints_.asked) try_pattern(*hints_.asked);
    for (const Rule& rule : hints_.rules) {
      if (ended()) break;
      Trial trial = try_on(texts_, rule, hints_.lengths);
      note_slow(trial.too_slow, rule);
      if (trial.fit == Fit::found) found(std::move(trial.code), name_of(rule));
    }
    for (const Pattern& pattern : hints_.patterns) {
      if (ended()) break;
      try_pattern(pattern);
    }
    return std::move(out_);
  }

 private:
  bool ended() const { return out_.code || slow_ >= kSlowMost || texts_.exhausted(); }

  void try_pattern(const Pattern& pattern) {
    bool too_slow = false;
    auto code = texts_.find(pattern, too_slow);
    note_slow(too_slow, pattern);
    if (code && (!hints_.lengths || hints_.lengths->fit(code->value))) found(std::move(*code), name_of(pattern));
  }

  void found(Code code, std::string reason) {
    out_.code = std::move(code);
    out_.reason = std::move(reason);
  }

  template <class Hint>
  void note_slow(bool too_slow, const Hint& hint) {
    if (!too_slow) return;
    ++slow_;
    if (slow_ == 1) out_.slow = name_of(hint) + " was too slow for it";
    if (slow_ == kSlowMost || texts_.exhausted()) out_.slow += "; those behind it were not tried";
  }

  Texts texts_;
  const Hints& hints_;
  Hinted out_;
  int slow_ = 0;
};

}  // namespace

bool Lengths::fit(std::string_view value) const {
  int characters = 0;
  for (std::size_t pos = 0; pos < value.size(); pos += utf8_at(value, pos).size) ++characters;
  return characters >= shortest && characters <= longest;
}

std::string words_for(const Rule& rule) { return "your rule for " + printable(rule.from(), 80); }

Trial try_rule(const Rule& rule, const message::Message& message, const std::optional<Lengths>& lengths) {
  Texts texts(message);
  return try_on(texts, rule, lengths);
}

Hinted find_hinted(const message::Message& message, const Hints& hints) {
  if (!hints.asked && hints.rules.empty() && hints.patterns.empty()) return {};
  return Search(message, hints).run();
}

}  // namespace otpctl::code
