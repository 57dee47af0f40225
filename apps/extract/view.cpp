#include "extract/view.hpp"

#include "base/text.hpp"
#include "message/headers.hpp"
#include "rpc/json.hpp"

#include <algorithm>
#include <array>

namespace otpctl::apps::extract {

namespace {

using code::Span;
using code::Verdict;
using message::Message;
using rpc::WriteJson;

constexpr std::array<std::string_view, 12> kMailFields{
    "From",         "To",           "Subject",    "Date",         "Received", "Return-Path",
    "Delivered-To", "Message-ID",   "MIME-Version", "Content-Type", "Cc",       "Reply-To"};

std::string row(std::string name, const std::string& value) {
  name.resize(std::max<std::size_t>(name.size() + 1, 12), ' ');
  return name + value + "\n";
}

std::vector<Span> spans_in(const Verdict& verdict, bool subject, bool html) {
  std::vector<Span> spans;
  for (const code::Code& each : verdict.codes) {
    if (each.evidence.in_subject == subject && each.evidence.in_html == html) spans.push_back(each.evidence);
  }
  return spans;
}

/// Without the line end of the last line.
std::string marked_line(std::string_view text, std::vector<Span> spans) {
  std::string line = marked(text, std::move(spans), "");
  if (!line.empty()) line.pop_back();
  return line;
}

struct Addressee {
  std::string recipient;
  std::string_view from;  // "stamped", "claimed", "mailbox"
};

std::vector<Addressee> addressees_of(const Message& message) {
  std::vector<Addressee> all;
  for (const std::string& each : message.recipients.stamped) all.push_back({each, "stamped"});
  for (const std::string& each : message.recipients.claimed) all.push_back({each, "claimed"});
  if (message.recipients.to_mailbox_itself) all.push_back({"", "mailbox"});
  return all;
}

std::string words_for(const Addressee& candidate, bool decides_alone) {
  const std::string recipient = printable(candidate.recipient);
  if (candidate.from == "mailbox") return "the mailbox's own address";
  if (candidate.from == "stamped") return recipient + "  (written by the receiving server: it decides)";
  return recipient + (decides_alone ? "  (To, Cc)" : "  (To, Cc: does not count beside the server's)");
}

std::string recipients_in_words(const Message& message) {
  const auto all = addressees_of(message);
  if (all.empty()) return row("recipients", "none");
  std::string text;
  for (const Addressee& each : all) {
    text += row(text.empty() ? "recipients" : "", words_for(each, message.recipients.stamped.empty()));
  }
  return text;
}

std::string code_in_words(const code::Code& code) {
  std::string text = printable(code.value) + "  (" + std::string(code::name_of(code.kind)) + ", confidence " +
                     std::to_string(static_cast<int>(code.confidence * 100 + 0.5)) + " %";
  if (code.raw != code.value) text += ", written " + printable(code.raw);
  if (!code.purpose.empty()) text += ", to " + code.purpose;
  if (!code.domain.empty()) text += ", for " + printable(code.domain);
  if (code.expires_in) text += ", valid for " + format_duration(*code.expires_in);
  return text + ")";
}

std::string verdict_in_words(const Verdict& verdict) {
  std::string text = row("verdict", std::string(code::name_of(verdict.outcome)));
  for (const code::Code& code : verdict.codes) {
    text += row(verdict.outcome == code::Outcome::code ? "code" : "candidate", code_in_words(code));
  }
  return text + row("reason", printable(verdict.reason));
}

WriteJson or_null(const std::string& text) { return text.empty() ? WriteJson() : WriteJson(text); }

WriteJson code_json(const code::Code& code) {
  WriteJson json;
  json["code"] = code.value;
  json["kind"] = code::name_of(code.kind);
  json["confidence"] = code.confidence;
  json["purpose"] = or_null(code.purpose);
  json["domain"] = or_null(code.domain);
  json["expires_in"] = code.expires_in ? WriteJson(format_duration(*code.expires_in)) : WriteJson();
  return json;
}

WriteJson evidence_json(const Span& span) {
  return {{"in", span.in_subject ? "subject" : span.in_html ? "html" : "text"},
          {"begin", span.begin},
          {"end", span.end}};
}

void add_what_was_seen(WriteJson& json, const Looked& looked) {
  json["subject"] = looked.message.subject;
  json["text"] = looked.message.text;
  json["html"] = or_null(looked.message.html_text);
  json["evidence"] = WriteJson::array();
  for (const code::Code& code : looked.verdict.codes) json["evidence"].push_back(evidence_json(code.evidence));
}

std::string scored(const code::Candidate& candidate) {
  std::string score = std::to_string(static_cast<int>(candidate.score * 100 + 0.5)) + " %";
  std::string text = row(candidate.score > 0 ? score : "no", printable(candidate.raw, 80));
  for (const code::Reason& reason : candidate.reasons)
    text += row("", (reason.in_favour ? "+ " : "- ") + printable(reason.text));
  return text;
}

}  // namespace

bool looks_like_mail(std::string_view bytes) {
  const message::HeaderBlock headers = message::read_headers(bytes);
  return std::any_of(headers.fields.begin(), headers.fields.end(), [](const message::Header& field) {
    return std::any_of(kMailFields.begin(), kMailFields.end(),
                       [&](std::string_view known) { return equals_ignoring_case(field.name, known); });
  });
}

std::string marked(std::string_view text, std::vector<Span> spans, std::string_view prefix) {
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::string out;
  std::size_t pos = 0;
  const auto show_until = [&](std::size_t end) {
    while (pos < end) {
      const std::size_t stop = std::min(text.find('\n', pos), end);
      out += printable(text.substr(pos, stop - pos), stop - pos);
      pos = stop;
      if (pos == end) return;
      out += '\n';
      out += prefix;
      ++pos;
    }
  };
  out += prefix;
  for (const Span& span : spans) {
    if (span.begin < pos || span.end > text.size() || span.begin >= span.end) continue;
    show_until(span.begin);
    out += ">>>";
    show_until(span.end);
    out += "<<<";
  }
  show_until(text.size());
  return out + "\n";
}

std::string explained(const Looked& looked) {
  const Message& message = looked.message;
  const bool mail = message.channel == message::Channel::email;
  std::string read = std::string(mail ? "an e-mail of " : "a text of ") + std::to_string(looked.size) + " bytes";
  if (looked.truncated) read += ", its first 256 KiB";
  std::string text = row("read as", read);
  if (mail) text += row("from", message.sender.empty() ? "nobody, or several" : printable(message.sender));
  if (message.sent) text += row("sent", format_time(*message.sent));
  if (mail) text += recipients_in_words(message);
  for (const std::string& problem : message.problems) text += row("problem", printable(problem));
  if (message.bounce) text += row("problem", "a delivery report or an automatic reply");
  if (mail) text += row("subject", marked_line(message.subject, spans_in(looked.verdict, true, false)));
  text += "\nvisible text\n" + marked(trim(message.text).empty() ? "" : std::string_view(message.text),
                                      spans_in(looked.verdict, false, false), "  | ");
  if (!message.html_text.empty()) {
    text += "\nvisible HTML\n" + marked(message.html_text, spans_in(looked.verdict, false, true), "  | ");
  }
  text += "\n";
  for (const code::Candidate& candidate : looked.candidates) text += scored(candidate);
  return text + (looked.candidates.empty() ? "" : "\n") + verdict_in_words(looked.verdict);
}

std::string as_json(const Looked& looked, bool explain) {
  const Verdict& verdict = looked.verdict;
  const bool found = verdict.outcome == code::Outcome::code;
  WriteJson json;
  json["v"] = 1;
  json["verdict"] = code::name_of(verdict.outcome);
  json.update(code_json(found ? verdict.codes.front() : code::Code{}));
  if (!found) json["code"] = json["kind"] = json["confidence"] = nullptr;
  json["reason"] = verdict.reason;
  json["candidates"] = WriteJson::array();
  if (!found) {
    for (const code::Code& code : verdict.codes) json["candidates"].push_back(code_json(code));
  }
  json["channel"] = message::name_of(looked.message.channel);
  json["sender"] = or_null(looked.message.sender);
  json["recipients"] = WriteJson::array();
  for (const Addressee& each : addressees_of(looked.message)) {
    json["recipients"].push_back({{"recipient", or_null(each.recipient)}, {"from", each.from}});
  }
  json["message_id"] = or_null(looked.message.message_id);
  json["sent"] = looked.message.sent ? WriteJson(format_time(*looked.message.sent)) : WriteJson();
  json["size"] = looked.size;
  json["truncated"] = looked.truncated;
  json["problems"] = looked.message.problems;
  if (explain) add_what_was_seen(json, looked);
  return rpc::dump(json) + "\n";
}

std::string why_not(const Verdict& verdict) {
  if (verdict.outcome == code::Outcome::none) return "no code: " + verdict.reason;
  return "ambiguous, " + std::to_string(verdict.codes.size()) + " candidates: " + verdict.reason +
         " (otpctl extract --explain shows them)";
}

}  // namespace otpctl::apps::extract
