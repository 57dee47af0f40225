#include "code/explain.hpp"

#include "base/text.hpp"
#include "code/page.hpp"
#include "code/score.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::code {

namespace {

std::string_view text_of(Guard guard) {
  switch (guard) {
    case Guard::none: return "";
    case Guard::short_: return "fewer than three digits";
    case Guard::long_: return "more than eight digits";
    case Guard::groups: return "several groups of digits: a phone number, a date or an amount";
    case Guard::date: return "a date";
    case Guard::money: return "an amount of money";
    case Guard::count: return "a count or a time of day";
    case Guard::neighbour: return "a sign beside it makes it a part of something else";
    case Guard::word: return "letters and digits, but not the look of a code";
  }
  return "";
}

std::string_view text_of(Tie tie) {
  switch (tie) {
    case Tie::tied: return "directly tied to it";
    case Tie::line: return "on a line of its own below or above it";
    case Tie::near: return "in its sentence";
    case Tie::context: return "on a line of its own in a message about a code";
  }
  return "";
}

std::string_view text_of(Shape shape) {
  switch (shape) {
    case Shape::digits: return "digits";
    case Shape::alphanumeric: return "letters and digits";
    case Shape::letters: return "capital letters";
    case Shape::duration: return "a time";
    case Shape::other: return "";
  }
  return "";
}

class Explainer {
 public:
  explicit Explainer(const Page& page) : page_(page) {}

  Candidate candidate(std::size_t i) const {
    const Number& number = page_.numbers[i];
    const Fate& fate = page_.ownership.fates[i];
    Candidate out;
    out.span = page_.span_of(number);
    out.raw = page_.original.substr(out.span.begin, out.span.end - out.span.begin);
    if (fate.is_code()) {
      out.value = number.value;
      out.score = confidence(fate.tie, fate.strong);
    }
    add_shape(number, out.reasons);
    add_fate(number, fate, out.reasons);
    return out;
  }

 private:
  void add_shape(const Number& number, std::vector<Reason>& out) const {
    if (number.guard != Guard::none) out.push_back({false, std::string(text_of(number.guard))});
    else if (number.shape == Shape::duration) out.push_back({false, "a time"});
    else out.push_back({true, std::to_string(number.value.size()) + " characters, " + std::string(text_of(number.shape))});
    if (number.needs == Number::Needs::tie && number.shape != Shape::other)
      out.push_back({false, "its look asks for a word for a code directly at it"});
    if (number.alone) out.push_back({true, "alone on its line"});
    if (number.emphasised) out.push_back({true, "it stands out"});
  }

  void add_fate(const Number& number, const Fate& fate, std::vector<Reason>& out) const {
    switch (fate.owner) {
      case Fate::Owner::label: {
        const std::string side = page_.hits.labels[fate.label].begin < number.begin ? "left" : "right";
        out.push_back({true, "“" + word(fate.label) + "” to the " + side + (fate.strong ? ", surely" : ", perhaps") +
                                 " a word for a code, " + std::string(text_of(fate.tie))});
        break;
      }
      case Fate::Owner::request: out.push_back({true, "the message asks to use it, and says what for"}); break;
      case Fate::Owner::other: out.push_back({false, "it belongs to “" + word(fate.label) + "”"}); break;
      case Fate::Owner::expired: out.push_back({false, "the message says that it has expired"}); break;
      case Fate::Owner::nobody:
        if (number.guard == Guard::none && number.shape != Shape::duration)
          out.push_back({false, "no word for a code is near enough"});
        break;
    }
  }

  std::string word(std::uint32_t label) const {
    const Hit& hit = page_.hits.labels[label];
    const std::size_t begin = page_.folded.origin(hit.begin);
    const std::size_t end = page_.folded.origin(hit.end);
    return printable(page_.original.substr(begin, end - begin), 60);
  }

  const Page& page_;
};

void add(const Page& page, std::vector<Candidate>& out) {
  const Explainer explainer(page);
  for (std::size_t i = 0; i < page.numbers.size(); ++i) out.push_back(explainer.candidate(i));
}

std::pair<int, std::size_t> place(const Span& span) { return {span.in_subject ? 0 : span.in_html ? 2 : 1, span.begin}; }

/// What a rule, a pattern or a line for machines names need not have the look of a code.
void add_certain(const Code& code, const std::string& why, std::vector<Candidate>& candidates) {
  const auto found = std::lower_bound(candidates.begin(), candidates.end(), code.evidence,
                                      [](const Candidate& one, const Span& span) { return place(one.span) < place(span); });
  const bool known = found != candidates.end() && place(found->span) == place(code.evidence) &&
                     found->span.end == code.evidence.end;
  Candidate& one = known ? *found : *candidates.insert(found, Candidate{code.raw, {}, code.evidence, 0, {}});
  one.value = code.value;
  one.score = 1;
  one.reasons.insert(one.reasons.begin(), Reason{true, why});
}

void leave_out_others(const Lengths& lengths, std::vector<Candidate>& candidates) {
  for (Candidate& one : candidates) {
    if (one.score <= 0 || lengths.fit(one.value)) continue;
    one.score = 0;
    one.reasons.insert(one.reasons.begin(), Reason{false, "it has not the length asked for"});
  }
}

}  // namespace

Explanation explain(const message::Message& message, const Hints& hints) {
  Explanation out;
  out.verdict = extract(message, hints);
  for (const Page& page : {read_subject(message), read_text(message), read_html(message)}) add(page, out.candidates);
  if (out.verdict.outcome == Outcome::code && out.verdict.codes.front().confidence == 1)
    add_certain(out.verdict.codes.front(), out.verdict.reason, out.candidates);
  if (hints.lengths) leave_out_others(*hints.lengths, out.candidates);
  return out;
}

}  // namespace otpctl::code
