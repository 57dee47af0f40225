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
#include "message/quotes.hpp"
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

// ---- what a person sees ------------------------------------------------------------------------

constexpr std::size_t kAttachedMails = 3;  // looked into; a digest has more, and no code for anybody
constexpr std::size_t kAttachedDepth = 2;  // mails in mails

/// The texts of a mail as it renders them, plain and HTML.
struct Texts {
  std::string plain;
  Visible html;
};

void append_line(std::string& out, std::string_view text) {
  if (out.size() >= kVisibleText) return;
  if (!out.empty() && !out.ends_with('\n')) out += '\n';
  out += plain_text(text, kVisibleText - std::min(out.size(), kVisibleText));
}

void append_spans(std::vector<Span>& out, const std::vector<Span>& more, std::size_t offset, std::size_t size) {
  for (const Span& span : more) {
    if (out.size() == kSpans || span.end + offset > size) return;
    out.push_back({span.begin + offset, span.end + offset});
  }
}

void append_visible(Visible& out, Visible more) {
  if (out.text.empty()) {
    out = std::move(more);
    return;
  }
  const std::size_t offset = out.text.size() + (out.text.ends_with('\n') ? 0 : 1);
  append_line(out.text, more.text);
  append_spans(out.emphasis, more.emphasis, offset, out.text.size());
  append_spans(out.quotes, more.quotes, offset, out.text.size());
}

void add_text(const Leaf& leaf, Texts& texts) {
  if (leaf.type == "text/html") {
    append_visible(texts.html, see(decode_text(leaf), kVisibleText));
  } else if (leaf.type == "text/plain") {
    const std::string text = decode_text(leaf);
    const std::string_view bare = without_css(text);
    if (is_html_source(bare)) {
      append_visible(texts.html, see(bare, kVisibleText));
    } else {
      append_line(texts.plain, bare);
    }
  }
}

/// Parts with a file name are somebody's files, unless the mail has nothing else to show.
Texts collect(const PartTree& tree) {
  Texts texts;
  for (const bool named : {false, true}) {
    for (const Leaf& leaf : tree.leaves) {
      if (!leaf.attachment && leaf.named == named) add_text(leaf, texts);
    }
    if (!is_blank(texts.plain) || !is_blank(texts.html.text)) break;
  }
  return texts;
}

void settle_texts(Texts texts, ChainPlace place, Message& out) {
  const bool only_html = is_blank(texts.plain);
  (only_html ? out.text_quotes : out.html_quotes) =
      find_quotes(texts.html.text, std::move(texts.html.quotes), place);
  (only_html ? out.text_emphasis : out.html_emphasis) = std::move(texts.html.emphasis);
  (only_html ? out.text : out.html_text) = std::move(texts.html.text);
  if (only_html) return;
  out.text_quotes = find_quotes(texts.plain, {}, place);
  out.text = std::move(texts.plain);
}

ChainPlace place_of(const std::string& subject, const HeaderBlock& headers) {
  const ChainPlace place = chain_place(subject);
  const bool answers = headers.find("In-Reply-To") < headers.fields.size();
  return place == ChainPlace::unknown && answers ? ChainPlace::reply : place;
}

/// Behind `text` and its spans: a mail that came in it.
void append_attached(const std::string& subject, const std::string& inner, const std::vector<Span>& emphasis,
                     const std::vector<Span>& quotes, std::string& text, std::vector<Span>& text_emphasis,
                     std::vector<Span>& text_quotes) {
  append_line(text, subject);
  const std::size_t offset = text.size() + (text.empty() || text.ends_with('\n') ? 0 : 1);
  append_line(text, inner);
  append_spans(text_emphasis, emphasis, offset, text.size());
  append_spans(text_quotes, quotes, offset, text.size());
}

void read_texts(const PartTree& tree, ChainPlace place, std::size_t depth, Message& out);

/// A mail attached to one that says nothing itself was passed on: its text counts.
void read_attached(const PartTree& tree, std::size_t depth, Message& out) {
  std::size_t count = 0;
  for (const Leaf& leaf : tree.leaves) {
    if (leaf.type != "message/rfc822" || ++count > kAttachedMails) continue;
    const std::string bytes = decode_message(leaf);
    const HeaderBlock headers = read_headers(bytes);
    Message inner;
    inner.subject = decode_subject(headers.value("Subject"));
    std::vector<std::string> unused;
    const PartTree parts = walk_parts(bytes, headers, unused);
    if (is_bounce(headers, parts, {})) continue;
    read_texts(parts, place_of(inner.subject, headers), depth + 1, inner);
    const bool own_html = !out.html_text.empty() || !inner.html_text.empty();
    if (own_html && out.html_text.empty()) out.html_text = out.text;
    if (own_html && inner.html_text.empty()) {
      append_attached(inner.subject, inner.text, inner.text_emphasis, inner.text_quotes, out.html_text,
                      out.html_emphasis, out.html_quotes);
    } else if (own_html) {
      append_attached(inner.subject, inner.html_text, inner.html_emphasis, inner.html_quotes, out.html_text,
                      out.html_emphasis, out.html_quotes);
    }
    append_attached(inner.subject, inner.text, inner.text_emphasis, inner.text_quotes, out.text, out.text_emphasis,
                    out.text_quotes);
  }
}

void read_texts(const PartTree& tree, ChainPlace place, std::size_t depth, Message& out) {
  settle_texts(collect(tree), place, out);
  const std::size_t few = place == ChainPlace::forward ? kFewWords : kOneWord;
  const bool passes_on = !out.bounce && depth < kAttachedDepth && says_little(out.text, out.text_quotes, few) &&
                         says_little(out.html_text, out.html_quotes, few);
  if (passes_on) read_attached(tree, depth, out);
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
  read_texts(tree, place_of(out.subject, headers), 0, out);
  return out;
}

Message read_letter(const Letter& letter) {
  Message out;
  out.subject = one_line(letter.subject, kSubjectBytes);
  Texts texts{plain_text(letter.text, kVisibleText),
              see(std::string_view(letter.html).substr(0, kDecodedPart), kVisibleText)};
  settle_texts(std::move(texts), chain_place(out.subject), out);
  return out;
}

}  // namespace otpctl::message
