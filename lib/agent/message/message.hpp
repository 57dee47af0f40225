// Bytes → Message. An Envelope is what a source took in (a mail with what its transport knew of it), an Sms
// what a door or the pipe took in; both become a Message: who it was for, who sent it, what a person would
// see. Pure; never fails: a damaged mail is a Message with less in it (`problems` says what).
// Limits (research figures, reason in limits.hpp): headers 64 KiB and 1,000 fields, 200 addresses, 100 parts,
// depth 20, visible text 256 KiB.
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::message {

enum class Channel { email, sms, person };
std::string_view name_of(Channel channel);

/// What a mail source hands on. `bytes` may be cut off at the end (bounded fetch).
struct Envelope {
  std::vector<std::string> recipients;  // RCPT TO of a door of ours: the surest stamp there is; may be empty
  std::string bytes;                    // RFC 5322, CRLF or LF
};

/// What an SMS source hands on.
struct Sms {
  std::string recipient;  // our number, as the source wrote it; may be empty (one-number set-ups)
  std::string sender;     // number, short code or alphanumeric name; may be empty
  std::string text;       // UTF-8
  std::optional<WallTime> sent;
};

struct MailOptions {
  std::string mailbox_address;                 // the catch-all itself: counts as a recipient only last
  std::vector<std::string> recipient_headers;  // configured names: exclusive when not empty
};

/// The routing keys of a message, normalised (address.hpp), each once, in order of precedence.
struct Recipients {
  std::vector<std::string> stamped;  // written by the receiving server above the topmost Received, or by our
                                     // own door: when there are any they alone decide
  std::vector<std::string> claimed;  // To, Cc: written by the sender
  bool to_mailbox_itself = false;    // the mailbox's own address was among them (kept in neither list)
};

/// Bytes [begin, end) of a text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const Span&) const = default;
};

struct Message {
  Channel channel = Channel::email;
  Recipients recipients;
  std::string sender;         // mail: the From address, normalised, empty unless there is exactly one
                              // SMS: the number in E.164 or the name as it came
  std::string sender_domain;  // mail: the part after @
  std::string subject;        // decoded, UTF-8, one line
  std::string text;           // what a person sees, UTF-8, \n line ends; the subject is not in it.
                              // Mail: its text/plain, or the visible HTML when there is no plain text
  std::string html_text;      // mail: the visible HTML beside a text/plain, which may say more; else empty
  // Of these two texts: sorted, not overlapping, at most 1,000 each, never inside a character.
  std::vector<Span> text_emphasis, html_emphasis;  // what stands out in HTML (html.hpp); none in plain text
  std::vector<Span> text_quotes, html_quotes;      // what is quoted of earlier mails and so no evidence as long as
                                                   // the rest says something; none where all of it is quoted and
                                                   // none in a forwarded mail, whose content is what counts
  std::string message_id;     // without <>; empty if none
  std::optional<WallTime> sent;  // Date header or the SMS's own time: for show, never for freshness
  bool bounce = false;           // a delivery report or an automatic reply: carries no code for anybody
  std::vector<std::string> problems;  // "over 1,000 header fields", "nested deeper than 20", …
};

Message read_mail(const Envelope& envelope, const MailOptions& options);

/// A mail that somebody has taken apart already, as webhooks of mail services give it: decoded, UTF-8, no header
/// beside.
struct Letter {
  std::string subject;
  std::string text;  // "" where it has no text/plain part
  std::string html;  // "" where it has no text/html part
};
Message read_letter(const Letter& letter);

/// `region`: CLDR code such as "TR" for numbers written without country code; may be empty.
Message read_sms(const Sms& sms, std::string_view region);

}  // namespace otpctl::message
