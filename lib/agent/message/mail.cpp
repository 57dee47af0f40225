#include "base/text.hpp"
#include "message/address.hpp"
#include "message/address_list.hpp"
#include "message/gmime.hpp"
#include "message/headers.hpp"
#include "message/html.hpp"
#include "message/limits.hpp"
#include "message/message.hpp"
#include "message/parts.hpp"
#include "message/plain.hpp"
#include "message/recipients.hpp"

#include <algorithm>

namespace otpctl::message {

namespace {

std::string decode_subject(std::string_view raw) {
  const std::string text = unfold(raw.substr(0, 8 * kSubjectBytes));
  return one_line(take(g_mime_utils_header_decode_text(gmime_options(), text.c_str())),
                  kSubjectBytes);
}

std::string message_id(std::string_view raw) {
  std::string_view text = trim(raw);
  const std::size_t open = text.find('<');
  if (open != text.npos) text.remove_prefix(open + 1);
  text = text.substr(0, text.find('>'));
  return one_line(text, kMessageIdBytes);
}

std::optional<WallTime> date(std::string_view raw) {
  gmime_options();
  const std::string text = unfold(raw.substr(0, 200));
  GDateTime* parsed = text.empty() ? nullptr : g_mime_utils_header_decode_date(text.c_str());
  if (!parsed) return std::nullopt;
  const WallTime out{std::chrono::seconds(g_date_time_to_unix(parsed))};
  g_date_time_unref(parsed);
  return out;
}

/// The one From address; two fields, two mailboxes or a group name nobody (RFC 5322 3.6.2 allows
/// them, a sender that one can rely on does not use them).
std::string sender(const HeaderBlock& headers) {
  const auto is_from = [](const Header& field) { return equals_ignoring_case(field.name, "From"); };
  if (std::count_if(headers.fields.begin(), headers.fields.end(), is_from) != 1) return {};
  const AddressList list = parse_addresses(headers.value("From"), 2);
  return list.only_mailboxes && list.addresses.size() == 1 ? list.addresses.front() : std::string();
}

/// Delivery reports (RFC 3464), read receipts (RFC 8098) and automatic replies (RFC 3834).
/// "auto-generated" is what an honest sender of codes writes, so it is none.
bool is_bounce(const HeaderBlock& headers, const PartTree& tree, const std::string& from) {
  if (tree.type == "multipart/report") return true;
  if (to_lower(unfold(headers.value("Auto-Submitted"))).starts_with("auto-replied")) return true;
  for (const std::string_view name : {"X-Failed-Recipients", "X-Autoreply", "X-Autorespond"}) {
    if (headers.find(name) < headers.fields.size()) return true;
  }
  if (equals_ignoring_case(unfold(headers.value("Precedence")), "auto_reply")) return true;
  const bool from_daemon = from.starts_with("mailer-daemon@") || from.starts_with("postmaster@");
  return from_daemon && unfold(headers.value("Return-Path")) == "<>";
}

void append_line(std::string& out, std::string_view text) {
  if (out.size() >= kVisibleText) return;
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  out += plain_text(text, kVisibleText - std::min(out.size(), kVisibleText));
}

void settle_texts(std::string plain, std::string html, Message& out) {
  if (trim(plain).empty()) {
    out.text = std::move(html);
  } else {
    out.text = std::move(plain);
    out.html_text = std::move(html);
  }
}

void read_texts(const PartTree& tree, Message& out) {
  std::string plain, html;
  for (const Leaf& leaf : tree.leaves) {
    if (leaf.attachment) continue;
    if (leaf.type == "text/plain") append_line(plain, decode_text(leaf));
    if (leaf.type == "text/html") append_line(html, visible_text(decode_text(leaf), kVisibleText));
  }
  settle_texts(std::move(plain), std::move(html), out);
}

}  // namespace

std::string_view name_of(Channel channel) {
  switch (channel) {
    case Channel::email: return "email";
    case Channel::sms: return "sms";
    case Channel::person: return "person";
  }
  return "";
}

Message read_mail(const Envelope& envelope, const MailOptions& options) {
  Message out;
  const HeaderBlock headers = read_headers(envelope.bytes);
  if (headers.too_many) out.problems.push_back("over 1,000 header fields");
  if (headers.too_long) out.problems.push_back("header over 64 KiB");
  out.recipients = find_recipients(envelope.recipients, headers, options, out.problems);
  out.sender = sender(headers);
  if (!out.sender.empty()) out.sender_domain = out.sender.substr(out.sender.rfind('@') + 1);
  out.subject = decode_subject(headers.value("Subject"));
  out.message_id = message_id(headers.value("Message-ID"));
  out.sent = date(headers.value("Date"));
  const PartTree tree = walk_parts(envelope.bytes, headers, out.problems);
  out.bounce = is_bounce(headers, tree, out.sender);
  read_texts(tree, out);
  return out;
}

Message read_letter(const Letter& letter) {
  Message out;
  out.subject = one_line(letter.subject, kSubjectBytes);
  settle_texts(plain_text(letter.text, kVisibleText),
               visible_text(std::string_view(letter.html).substr(0, kDecodedPart), kVisibleText), out);
  return out;
}

}  // namespace otpctl::message
