// One line of a client → what it wants. Pure syntax (RFC 5321 4.1, RFC 2033, RFC 1870, RFC 6152,
// RFC 6531); what is allowed at which moment is the session's business.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace otpctl::smtp {

enum class Verb {
  lhlo,
  ehlo,
  helo,
  mail,
  rcpt,
  data,
  rset,
  noop,
  vrfy,
  help,
  quit,
  not_offered,  // a command that exists and that we do not have: STARTTLS, AUTH, BDAT …
  foreign,      // not SMTP at all: a browser or an HTTP client talks to us
  unknown,
};

struct Command {
  Verb verb = Verb::unknown;
  std::string_view argument;  // what follows the verb and its white space; views into the line
};

/// `line` without its CRLF.
Command parse_command(std::string_view line);

/// The reply to a wrong argument: one line with its code, static text.
using Complaint = std::string_view;

struct MailArguments {
  std::string sender;  // may be empty: a bounce
  std::optional<std::uint64_t> size;
};

/// "FROM:<sender> [SIZE=n] [BODY=7BIT|8BITMIME] [SMTPUTF8]".
tl::expected<MailArguments, Complaint> parse_mail(std::string_view argument);

/// "TO:<recipient>". A name without domain is taken too (LMTP knows local users), a source route is
/// dropped. At most 320 bytes of UTF-8, no control characters.
tl::expected<std::string, Complaint> parse_rcpt(std::string_view argument);

}  // namespace otpctl::smtp
