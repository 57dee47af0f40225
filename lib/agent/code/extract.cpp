#include "base/text.hpp"
#include "base/utf8.hpp"
#include "code/code.hpp"
#include "code/conventions.hpp"
#include "code/hinted.hpp"
#include "code/page.hpp"
#include "code/purpose.hpp"
#include "code/score.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::code {

namespace {

struct Finding {
  Code code;
  Tie tie = Tie::tied;
  bool emphasised = false;
  bool requested = false;  // "use 482913 to sign in" says it of this one
};

/// What a page says, each finding a code.
struct Reading {
  std::vector<Finding> findings;
  std::vector<Finding> lone;  // digits on a line of their own that nobody owns
  bool any_number = false;
  bool has_context = false;  // "verify your email"
};

Kind kind_of(std::string_view value) {
  return value.find_first_not_of("0123456789") == value.npos ? Kind::digits : Kind::alphanumeric;
}

Finding finding(const Page& page, const Number& number, Tie tie, bool strong) {
  Finding out;
  out.tie = tie;
  out.emphasised = number.emphasised;
  out.code.value = number.value;
  out.code.kind = kind_of(number.value);
  out.code.confidence = confidence(tie, strong);
  out.code.evidence = page.span_of(number);
  out.code.raw = page.original.substr(out.code.evidence.begin, out.code.evidence.end - out.code.evidence.begin);
  return out;
}

Reading reading_of(const Page& page) {
  Reading out;
  out.has_context = !page.hits.all(Role::context).empty() || !page.hits.all(Role::aim).empty();
  for (std::size_t i = 0; i < page.numbers.size(); ++i) {
    const Number& number = page.numbers[i];
    const Fate& fate = page.ownership.fates[i];
    out.any_number = out.any_number || number.shape == Shape::digits;
    if (fate.is_code()) {
      out.findings.push_back(finding(page, number, fate.tie, fate.strong));
      out.findings.back().requested = fate.owner == Fate::Owner::request;
    } else if (fate.owner == Fate::Owner::nobody && is_plain_line(number)) {
      out.lone.push_back(finding(page, number, Tie::context, false));
    }
  }
  const auto life = find_lifetime(Gaps(page.folded.text, page.hits), page.hits, page.numbers);
  for (Finding& found : out.findings) found.code.expires_in = life;
  for (Finding& found : out.lone) found.code.expires_in = life;
  return out;
}

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
    case Tie::context: return "stands alone on its line in a message about a code";
  }
  return "";
}

/// Of several values the only one that the message asks to use.
void prefer_requested(std::vector<Finding>& values, const std::vector<Finding>& all) {
  const auto is_requested = [&](const Finding& value) {
    return std::any_of(all.begin(), all.end(), [&](const Finding& one) {
      return one.requested && one.code.value == value.code.value;
    });
  };
  if (std::count_if(values.begin(), values.end(), is_requested) != 1) return;
  std::erase_if(values, [&](const Finding& value) { return !is_requested(value); });
}

Verdict decide(const std::vector<Finding>& findings, std::string_view otherwise) {
  std::vector<Finding> values = distinct(findings);
  if (values.size() > 1) prefer_requested(values, findings);
  if (values.empty()) return none(std::string(otherwise));
  if (values.size() == 1) {
    return verdict_of(std::move(values.front().code), std::string(reason_for(values.front().tie)));
  }
  Verdict out;
  out.outcome = Outcome::ambiguous;
  out.reason = std::to_string(values.size()) + " different numbers look like the code";
  for (Finding& found : values) out.codes.push_back(std::move(found.code));
  return out;
}

std::string_view why_none(const Page& subject, const Page& body, bool any_number) {
  if (subject.ownership.open_label || body.ownership.open_label)
    return "it speaks of a code, but no number belongs to it";
  return any_number ? "its numbers are not called a code" : "nothing in it looks like a code";
}

/// What stands on a line of its own below a subject that speaks of a code, or in a mail that wants an address or a
/// login verified.
std::vector<Finding> by_context(const Page& subject, const Reading& about, Reading& body) {
  const bool called = subject.ownership.open_label;
  const bool context = about.has_context || body.has_context;
  std::vector<Finding> out;
  for (Finding& lone : body.lone) {
    const std::size_t size = lone.code.value.size();
    const bool fits = called ? subject.ownership.open_strong || lone.emphasised || size >= 6 : context && size == 6;
    if (fits) out.push_back(std::move(lone));
  }
  return out;
}

bool fits(const std::optional<Lengths>& lengths, const Code& code) { return !lengths || lengths->fit(code.value); }

Verdict read_body(const Page& subject, const Page& body, const std::optional<Lengths>& lengths) {
  const Reading about = reading_of(subject);
  Reading reading = reading_of(body);
  std::vector<Finding> findings = about.findings;
  findings.insert(findings.end(), reading.findings.begin(), reading.findings.end());
  if (findings.empty()) findings = by_context(subject, about, reading);
  const auto other_length = std::erase_if(findings, [&](const Finding& one) { return !fits(lengths, one.code); });
  const std::string_view otherwise = other_length > 0 ? "what looks like the code has not the length asked for"
                                                      : why_none(subject, body, about.any_number || reading.any_number);
  Verdict out = decide(findings, otherwise);
  const std::string_view by_subject = find_purpose(subject.hits);
  for (Code& code : out.codes) code.purpose = by_subject.empty() ? find_purpose(body.hits) : by_subject;
  return out;
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

Verdict extract(const message::Message& message, const Hints& hints) {
  if (message.bounce) return none("a delivery report or an automatic reply");
  Hinted hinted = find_hinted(message, hints);
  if (hinted.code) return verdict_of(std::move(*hinted.code), std::move(hinted.reason));
  auto bound = by_convention(message);
  if (bound && fits(hints.lengths, bound->codes.front())) return *bound;
  const Page subject = read_subject(message);
  Verdict out = read_body(subject, read_text(message), hints.lengths);
  if (!message.html_text.empty()) out = agree(std::move(out), read_body(subject, read_html(message), hints.lengths));
  if (!hinted.slow.empty()) out.reason += "; " + hinted.slow;
  return out;
}

bool is_printable_code(std::string_view value) {
  if (value.empty() || trim(value) != value) return false;
  std::size_t characters = 0;
  for (std::size_t pos = 0; pos < value.size(); ++characters) pos += utf8_at(value, pos).size;
  return characters <= 64 && printable(value, value.size()) == value;
}

}  // namespace otpctl::code
