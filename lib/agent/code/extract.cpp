#include "base/text.hpp"
#include "base/utf8.hpp"
#include "code/code.hpp"
#include "code/conventions.hpp"
#include "code/gaps.hpp"
#include "code/lexicon.hpp"
#include "code/owner.hpp"
#include "code/purpose.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::code {

namespace {

enum class Where { subject, text, html };

struct Finding {
  Code code;
  Tie tie = Tie::tied;
};

struct Reading {
  std::vector<Finding> findings;
  bool open_label = false;
  bool open_strong = false;
  bool any_number = false;
  std::vector<Finding> lone;
};

double confidence(Tie tie, bool strong) {
  switch (tie) {
    case Tie::tied: return strong ? 0.98 : 0.93;
    case Tie::line: return strong ? 0.95 : 0.88;
    case Tie::near: return 0.85;
    case Tie::context: return 0.75;
  }
  return 0;
}

Kind kind_of(std::string_view value) {
  return value.find_first_not_of("0123456789") == value.npos ? Kind::digits : Kind::alphanumeric;
}

/// One text (the subject, the body) on its own.
class Reader {
 public:
  Reader(std::string_view original, Where where) : original_(original), where_(where) {
    const std::string unquoted =
        where == Where::subject ? std::string(original) : without_quotes(original);
    folded_ = fold(without_app_hash(unquoted));
    blank_links(folded_);
    hits_ = Lexicon::built_in().find(folded_);
  }

  Reading read() {
    const std::vector<Number> numbers = find_numbers(folded_, hits_.units, original_);
    const Ownership ownership = assign(folded_.text, hits_, numbers);
    Reading out;
    out.open_label = ownership.open_label;
    out.open_strong = ownership.open_strong;
    out.any_number = std::any_of(numbers.begin(), numbers.end(),
                                 [](const Number& n) { return n.shape == Shape::digits; });
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const Fate& fate = ownership.fates[i];
      if (fate.is_code()) {
        out.findings.push_back(finding(numbers[i], fate.tie, fate.strong));
      } else if (fate.owner == Fate::Owner::nobody && is_plain_line(numbers[i])) {
        out.lone.push_back(finding(numbers[i], Tie::context, false));
      }
    }
    const auto life = find_lifetime(Gaps(folded_.text, hits_), hits_, numbers);
    for (Finding& found : out.findings) found.code.expires_in = life;
    for (Finding& found : out.lone) found.code.expires_in = life;
    return out;
  }

  std::string_view purpose() const { return find_purpose(hits_); }

 private:
  static bool is_plain_line(const Number& number) {
    return number.alone && number.shape == Shape::digits && !number.needs_tie;
  }

  Finding finding(const Number& number, Tie tie, bool strong) const {
    Finding out;
    out.tie = tie;
    out.code.value = number.value;
    out.code.kind = kind_of(number.value);
    out.code.confidence = confidence(tie, strong);
    out.code.evidence.begin = folded_.origin(number.begin);
    out.code.evidence.end = end_of(number);
    out.code.evidence.in_subject = where_ == Where::subject;
    out.code.evidence.in_html = where_ == Where::html;
    out.code.raw =
        original_.substr(out.code.evidence.begin, out.code.evidence.end - out.code.evidence.begin);
    return out;
  }

  /// Behind the last character itself, not behind what was folded away after it.
  std::size_t end_of(const Number& number) const {
    const std::size_t last = folded_.origin(number.end - 1);
    return last + utf8_at(original_, last).size;
  }

  std::string_view original_;
  Where where_;
  Folded folded_;
  Hits hits_;
};

Verdict verdict_of(Code code, std::string reason) {
  Verdict out;
  out.outcome = Outcome::code;
  out.codes.push_back(std::move(code));
  out.reason = std::move(reason);
  return out;
}

Verdict none(std::string reason) { return {Outcome::none, {}, std::move(reason)}; }

/// Different values, the surest finding of each. What only the context speaks for gives way to
/// anything else.
std::vector<Finding> distinct(std::vector<Finding> findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return a.code.confidence > b.code.confidence;
  });
  std::vector<Finding> out;
  for (Finding& found : findings) {
    const auto same = [&](const Finding& other) { return other.code.value == found.code.value; };
    if (std::any_of(out.begin(), out.end(), same)) continue;
    if (found.tie == Tie::context && !out.empty() && out.front().tie != Tie::context) continue;
    out.push_back(std::move(found));
  }
  return out;
}

std::string_view reason_for(Tie tie) {
  switch (tie) {
    case Tie::tied: return "stands directly at a word for a code";
    case Tie::line: return "stands alone on the line below a word for a code";
    case Tie::near: return "stands in the sentence of a word for a code";
    case Tie::context: return "stands alone on its line and the subject has a word for a code";
  }
  return "";
}

Verdict decide(std::vector<Finding> findings, const Reading& subject, const Reading& body) {
  findings = distinct(std::move(findings));
  if (findings.size() == 1) {
    return verdict_of(std::move(findings.front().code),
                      std::string(reason_for(findings.front().tie)));
  }
  if (findings.size() > 1) {
    Verdict out;
    out.outcome = Outcome::ambiguous;
    out.reason = std::to_string(findings.size()) + " different numbers look like the code";
    for (Finding& found : findings) out.codes.push_back(std::move(found.code));
    return out;
  }
  if (subject.open_label || body.open_label)
    return none("it speaks of a code, but no number belongs to it");
  if (subject.any_number || body.any_number) return none("its numbers are not called a code");
  return none("nothing in it looks like a code");
}

Verdict read_body(const std::string& subject_text, const std::string& body_text, Where where) {
  Reader subject_reader(subject_text, Where::subject);
  Reader body_reader(body_text, where);
  const Reading subject = subject_reader.read();
  Reading body = body_reader.read();
  std::vector<Finding> findings = subject.findings;
  findings.insert(findings.end(), body.findings.begin(), body.findings.end());
  if (subject.open_label && findings.empty()) {
    for (Finding& lone : body.lone) {
      if (subject.open_strong || lone.code.value.size() >= 6) findings.push_back(std::move(lone));
    }
  }
  Verdict out = decide(std::move(findings), subject, body);
  const std::string_view by_subject = subject_reader.purpose();
  for (Code& code : out.codes) code.purpose = by_subject.empty() ? body_reader.purpose() : by_subject;
  return out;
}

std::optional<Verdict> by_pattern(const message::Message& message,
                                  const std::vector<Pattern>& patterns, bool& bounded) {
  const std::pair<const std::string*, Where> texts[] = {{&message.subject, Where::subject},
                                                        {&message.text, Where::text},
                                                        {&message.html_text, Where::html}};
  for (const Pattern& pattern : patterns) {
    for (const auto& [text, where] : texts) {
      const auto match = pattern.find(*text, &bounded);
      if (!match) continue;
      Code code;
      code.value = code.raw = match->value;
      code.kind = kind_of(match->value);
      code.confidence = 1;
      code.evidence = {match->begin, match->end, where == Where::subject, where == Where::html};
      return verdict_of(std::move(code), "a pattern of yours matches");
    }
  }
  return std::nullopt;
}

std::optional<Verdict> by_convention(const message::Message& message) {
  const auto bound = find_domain_bound(message.text);
  if (!bound) return std::nullopt;
  Code code;
  code.value = code.raw = bound->code;
  code.kind = kind_of(bound->code);
  code.confidence = 1;
  code.domain = bound->host;
  code.evidence = {bound->begin, bound->end, false, false};
  return verdict_of(std::move(code), "a line for machines names it");
}

/// Two renderings of one mail: they must not name different codes.
Verdict agree(Verdict plain, Verdict html) {
  if (plain.outcome == Outcome::none) return html.outcome == Outcome::none ? plain : html;
  if (html.outcome == Outcome::none) return plain;
  for (Code& code : html.codes) {
    const auto same = [&](const Code& other) { return other.value == code.value; };
    if (std::any_of(plain.codes.begin(), plain.codes.end(), same)) continue;
    plain.codes.push_back(std::move(code));
    plain.outcome = Outcome::ambiguous;
    plain.reason = "its plain text and its HTML name different codes";
  }
  return plain;
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::digits: return "digits";
    case Kind::alphanumeric: return "alphanumeric";
    case Kind::phrase: return "phrase";
    case Kind::link: return "link";
  }
  return "";
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::code: return "code";
    case Outcome::none: return "none";
    case Outcome::ambiguous: return "ambiguous";
  }
  return "";
}

Verdict extract(const message::Message& message, const std::vector<Pattern>& patterns) {
  if (message.bounce) return none("a delivery report or an automatic reply");
  bool bounded = false;
  if (auto verdict = by_pattern(message, patterns, bounded)) return *verdict;
  if (auto verdict = by_convention(message)) return *verdict;
  Verdict out = read_body(message.subject, message.text, Where::text);
  if (!message.html_text.empty()) {
    out = agree(std::move(out), read_body(message.subject, message.html_text, Where::html));
  }
  if (bounded && out.outcome == Outcome::none)
    out.reason += "; a pattern of yours was too slow for it";
  return out;
}

bool is_printable_code(std::string_view value) {
  if (value.empty() || trim(value) != value) return false;
  std::size_t characters = 0;
  for (std::size_t pos = 0; pos < value.size(); ++characters) pos += utf8_at(value, pos).size;
  return characters <= 64 && printable(value, value.size()) == value;
}

}  // namespace otpctl::code
