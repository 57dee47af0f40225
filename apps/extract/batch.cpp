#include "extract/batch.hpp"

#include "base/text.hpp"
#include "rpc/json.hpp"
#include "shared/lines.hpp"
#include "shared/output.hpp"

#include <openssl/evp.h>
#include <optional>

namespace otpctl::apps::extract {

namespace {

using rpc::ReadJson;
using rpc::WriteJson;

// A message of kLongest in base64, and what stands around it.
constexpr std::size_t kLongestLine = kLongest / 3 * 4 + 256 * 1024;

/// RFC 4648 section 4, also in lines (RFC 2045 6.8).
std::optional<std::string> from_base64(const std::string& text) {
  const std::unique_ptr<EVP_ENCODE_CTX, decltype(&EVP_ENCODE_CTX_free)> state(EVP_ENCODE_CTX_new(), &EVP_ENCODE_CTX_free);
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(bytes.data());
  int size = 0;
  int rest = 0;
  EVP_DecodeInit(state.get());
  const auto* const in = reinterpret_cast<const unsigned char*>(text.data());
  if (EVP_DecodeUpdate(state.get(), out, &size, in, static_cast<int>(text.size())) < 0) return std::nullopt;
  if (EVP_DecodeFinal(state.get(), out + size, &rest) < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size + rest));
  return bytes;
}

/// A member that is a text or absent.
Result<std::string> text_member(const ReadJson& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return std::string();
  if (!found->is_string()) return fail(ErrorCode::usage, "'" + std::string(name) + "' is no text");
  return found->get<std::string>();
}

Result<message::Message> read_message(const ReadJson& json, const Knowledge& known) {
  const auto channel = text_member(json, "channel");
  if (!channel || (*channel != "sms" && *channel != "email"))
    return fail(ErrorCode::usage, "'channel' is neither \"sms\" nor \"email\"");
  message::Letter letter;
  std::string raw;
  for (const auto& [name, target] : {std::pair<const char*, std::string*>{"subject", &letter.subject},
                                     {"text", &letter.text},
                                     {"html", &letter.html},
                                     {"raw_base64", &raw}}) {
    auto text = text_member(json, name);
    if (!text) return fail(text.error());
    *target = std::move(*text);
  }
  if (*channel == "sms") return message::read_sms({"", "", letter.text, {}}, known.region);
  if (raw.empty()) return message::read_letter(letter);
  auto bytes = from_base64(raw);
  if (!bytes) return fail(ErrorCode::usage, "'raw_base64' is no base64");
  bytes->resize(std::min(bytes->size(), kLookedAt));
  return message::read_mail({{}, std::move(*bytes)}, known.mail);
}

/// The one that the mail was meant for; the mailbox itself only when nobody else is named.
std::string recipient_of(const message::Recipients& recipients, const std::string& mailbox) {
  if (!recipients.stamped.empty()) return recipients.stamped.front();
  if (!recipients.claimed.empty()) return recipients.claimed.front();
  return recipients.to_mailbox_itself ? mailbox : std::string();
}

WriteJson verdict_json(const message::Message& message, const code::Verdict& verdict, const std::string& mailbox) {
  const bool found = verdict.outcome == code::Outcome::code;
  const std::string recipient = recipient_of(message.recipients, mailbox);
  WriteJson json;
  json["code"] = found ? WriteJson(verdict.codes.front().value) : WriteJson();
  json["recipient"] = recipient.empty() ? WriteJson() : WriteJson(recipient);
  json["verdict"] = code::name_of(verdict.outcome);
  json["confidence"] = verdict.codes.empty() ? 0.0 : verdict.codes.front().confidence;
  json["reason"] = verdict.reason;
  return json;
}

Judged refused(const WriteJson& id, const std::string& why) {
  WriteJson json;
  json["id"] = id;
  json["error"] = why;
  return {rpc::dump(json) + "\n", false};
}

}  // namespace

Judged judge(std::string_view line, const Knowledge& known) {
  const auto json = rpc::parse_object(line);
  if (!json) return refused({}, json.error().message);
  const auto id = json->find("id");
  if (id == json->end() || !(id->is_string() || id->is_number_integer()))
    return refused({}, "'id' is neither a text nor a whole number");
  const auto message = read_message(*json, known);
  if (!message) return refused(*id, message.error().message);
  WriteJson answer;
  answer["id"] = *id;
  answer.update(verdict_json(*message, code::extract(*message, known.hints), known.mail.mailbox_address));
  return {rpc::dump(answer) + "\n", true};
}

ExitCode run_batch(const Options& options, const Knowledge& known, Context& context) {
  auto source = open_input(options, context);
  if (!source) return report(context, source.error(), false);
  Lines lines(source->source, kLongestLine);
  bool all_good = true;
  for (;;) {
    auto line = lines.next();
    if (!line) return report(context, {ErrorCode::not_found, "the input cannot be read"}, false);
    if (!*line) break;
    if (trim((*line)->text).empty()) continue;
    const Judged judged = (*line)->too_long ? refused({}, "longer than a message of 50 MB") : judge((*line)->text, known);
    all_good = all_good && judged.good;
    if (const ExitCode written = answer(context, judged.line, false); written != ExitCode::done) return written;
  }
  return all_good ? ExitCode::done : ExitCode::unreadable;
}

}  // namespace otpctl::apps::extract
