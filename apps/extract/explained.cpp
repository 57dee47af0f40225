#include "extract/explained.hpp"

#include "base/text.hpp"
#include "extract/addressees.hpp"

#include <algorithm>

namespace otpctl::apps::extract {

namespace {

using code::Candidate;
using code::Span;
using code::Verdict;
using message::Message;

constexpr std::size_t kListed = 60;  // of the candidates; a bill has hundreds of numbers
constexpr int kNarrow = 60;          // columns; below it names stand on lines of their own

enum class Place { subject, text, html };

Place place_of(const Span& span) { return span.in_subject ? Place::subject : span.in_html ? Place::html : Place::text; }

std::string_view words_for(Place place) {
  switch (place) {
    case Place::subject: return "in the subject";
    case Place::text: return "in the text";
    case Place::html: return "in the HTML";
  }
  return "";
}

std::string percent(double share) { return std::to_string(static_cast<int>(share * 100 + 0.5)) + " %"; }

class View {
 public:
  View(const Looked& looked, Shape shape)
      : looked_(looked), shape_(shape), candidates_(by_score(looked.candidates)) {
    listed_ = std::min(candidates_.size(), kListed);
  }

  std::string whole() {
    add_head();
    add_text("visible text", trim(message().text).empty() ? "" : std::string_view(message().text), Place::text);
    if (!message().html_text.empty()) add_text("visible HTML", message().html_text, Place::html);
    add_candidates();
    out_ += "\n";
    add_verdict();
    return std::move(out_);
  }

 private:
  const Message& message() const { return looked_.message; }
  bool is_the_code(const Candidate& one) const {
    return looked_.verdict.outcome == code::Outcome::code && one.score > 0 &&
           one.value == looked_.verdict.codes.front().value;
  }
  Tone tone_of(const Candidate& one) const {
    if (is_the_code(one)) return Tone::good;
    return one.score > 0 ? Tone::warn : Tone::dim;
  }

  // ---- lines ----

  void row(std::string name, const std::string& value, Tone tone = Tone::plain) {
    Painted line;
    line.add(value, tone);
    row(std::move(name), line);
  }
  void row(std::string name, const Painted& value) {
    const bool narrow = shape_.columns != 0 && shape_.columns < kNarrow;
    const std::string indent(narrow ? 2 : 12, ' ');
    Painted head;
    if (narrow && !name.empty()) {
      head.add(name, Tone::dim);
      out_ += head.lines("", "", shape_);
    }
    name.resize(std::max<std::size_t>(name.size() + 1, 12), ' ');
    out_ += value.lines(narrow ? indent : name, indent, shape_);
  }
  void heading(const std::string& text) {
    Painted line;
    line.add(text, Tone::head);
    out_ += "\n" + line.lines("", "", shape_);
  }

  // ---- what was seen ----

  void add_head() {
    const bool mail = message().channel == message::Channel::email;
    std::string read = std::string(mail ? "an e-mail of " : "a text of ") + std::to_string(looked_.size) + " bytes";
    if (looked_.truncated) read += ", its first 256 KiB";
    row("read as", read);
    if (mail) row("from", message().sender.empty() ? "nobody, or several" : printable(message().sender));
    if (message().sent) row("sent", format_time(*message().sent));
    if (mail) add_recipients();
    for (const std::string& problem : message().problems) row("problem", printable(problem), Tone::warn);
    if (message().bounce) row("problem", "a delivery report or an automatic reply", Tone::warn);
    if (!mail) return;
    const auto lines = marked(message().subject, marks_in(Place::subject));
    for (std::size_t i = 0; i < lines.size(); ++i) row(i == 0 ? "subject" : "", lines[i]);
  }

  void add_recipients() {
    const auto all = addressees_of(message());
    if (all.empty()) row("recipients", "none");
    for (const Addressee& each : all) {
      row(&each == &all.front() ? "recipients" : "", in_words(each, message().recipients.stamped.empty()));
    }
  }

  std::vector<Mark> marks_in(Place place) const {
    std::vector<Mark> marks;
    for (std::size_t i = 0; i < listed_; ++i) {
      const Candidate& one = candidates_[i];
      if (place_of(one.span) != place) continue;
      const std::string number = "[" + std::to_string(i + 1) + "]";
      const bool code = is_the_code(one);
      marks.push_back({one.span.begin, one.span.end, code ? ">>>" : "", (code ? "<<<" : "") + number, tone_of(one)});
    }
    return marks;
  }

  void add_text(const std::string& title, std::string_view text, Place place) {
    heading(title);
    while (text.ends_with('\n')) text.remove_suffix(1);
    for (const Painted& line : marked(text, marks_in(place))) out_ += line.lines("  | ", "  | ", shape_);
  }

  // ---- what was taken for a code ----

  void add_candidates() {
    if (candidates_.empty()) return;
    heading("candidates");
    for (std::size_t i = 0; i < listed_; ++i) add_candidate(candidates_[i], i + 1);
    if (candidates_.size() == listed_) return;
    Painted more;
    more.add("and " + std::to_string(candidates_.size() - listed_) + " more, none of them better");
    out_ += more.lines("  ", "  ", shape_);
  }

  void add_candidate(const Candidate& one, std::size_t number) {
    const std::string head = "[" + std::to_string(number) + "]";
    Painted line;
    line.add(printable(one.raw, 80), tone_of(one));
    if (!one.value.empty() && one.value != one.raw) line.add(" = " + printable(one.value, 80));
    line.add("  " + (one.score > 0 ? percent(one.score) : "none") + ", " + std::string(words_for(place_of(one.span))));
    if (is_the_code(one)) line.add(", the code");
    out_ += line.lines("  " + head + std::string(5 - std::min<std::size_t>(head.size(), 4), ' '), kIndent, shape_);
    for (const code::Reason& reason : one.reasons) {
      Painted why;
      why.add(reason.in_favour ? "+ " : "- ", reason.in_favour ? Tone::good : Tone::bad);
      why.add(printable(reason.text));
      out_ += why.lines(kIndent, std::string(kIndent) + "  ", shape_);
    }
  }

  // ---- the end ----

  static std::string code_in_words(const code::Code& code) {
    std::string text = "  (" + std::string(code::name_of(code.kind)) + ", confidence " + percent(code.confidence);
    if (code.raw != code.value) text += ", written " + printable(code.raw);
    if (!code.purpose.empty()) text += ", to " + code.purpose;
    if (!code.domain.empty()) text += ", for " + printable(code.domain);
    if (code.expires_in) text += ", valid for " + format_duration(*code.expires_in);
    return text + ")";
  }

  void add_verdict() {
    const Verdict& verdict = looked_.verdict;
    const bool found = verdict.outcome == code::Outcome::code;
    row("verdict", std::string(code::name_of(verdict.outcome)), found ? Tone::good : Tone::bad);
    for (const code::Code& code : verdict.codes) {
      Painted line;
      line.add(printable(code.value), found ? Tone::good : Tone::warn);
      line.add(code_in_words(code));
      row(found ? "code" : "candidate", line);
    }
    row("reason", printable(verdict.reason));
  }

  static constexpr const char* kIndent = "       ";

  const Looked& looked_;
  Shape shape_;
  std::vector<Candidate> candidates_;
  std::size_t listed_ = 0;
  std::string out_;
};

}  // namespace

std::vector<Candidate> by_score(std::vector<Candidate> candidates) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.score > b.score; });
  return candidates;
}

std::string explained(const Looked& looked, Shape shape) { return View(looked, shape).whole(); }

}  // namespace otpctl::apps::extract
