#include "extract/view.hpp"

#include "base/text.hpp"
#include "extract/addressees.hpp"
#include "extract/explained.hpp"
#include "message/headers.hpp"
#include "rpc/json.hpp"

#include <algorithm>
#include <array>

namespace otpctl::apps::extract {

namespace {

using code::Span;
using code::Verdict;
using rpc::WriteJson;

constexpr std::array<std::string_view, 12> kMailFields{
    "From",         "To",           "Subject",    "Date",         "Received", "Return-Path",
    "Delivered-To", "Message-ID",   "MIME-Version", "Content-Type", "Cc",       "Reply-To"};

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
  return {{"begin", span.begin},
          {"end", span.end},
          {"in", span.in_subject ? "subject" : span.in_html ? "html" : "text"}};
}

void add_what_was_seen(WriteJson& json, const Looked& looked) {
  json["subject"] = looked.message.subject;
  json["text"] = looked.message.text;
  json["html"] = or_null(looked.message.html_text);
  json["evidence"] = WriteJson::array();
  for (const code::Code& code : looked.verdict.codes) json["evidence"].push_back(evidence_json(code.evidence));
}

WriteJson candidate_json(const code::Candidate& candidate) {
  WriteJson json;
  json["raw"] = candidate.raw;
  json["value"] = or_null(candidate.value);
  json["score"] = candidate.score;
  json.update(evidence_json(candidate.span));
  json["reasons"] = WriteJson::array();
  for (const code::Reason& reason : candidate.reasons)
    json["reasons"].push_back({{"for", reason.in_favour}, {"text", reason.text}});
  return json;
}

}  // namespace

bool looks_like_mail(std::string_view bytes) {
  const message::HeaderBlock headers = message::read_headers(bytes);
  return std::any_of(headers.fields.begin(), headers.fields.end(), [](const message::Header& field) {
    return std::any_of(kMailFields.begin(), kMailFields.end(),
                       [&](std::string_view known) { return equals_ignoring_case(field.name, known); });
  });
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
  if (explain) {
    for (const code::Candidate& each : by_score(looked.candidates)) json["candidates"].push_back(candidate_json(each));
  } else if (!found) {
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
