// Message → Verdict: the code that a person would type, none, or ambiguous. Pure, linear in the text looked at.
#pragma once

#include "base/time.hpp"
#include "code/hints.hpp"
#include "message/message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::code {

enum class Kind { digits, alphanumeric, phrase, link };
std::string_view name_of(Kind kind);

struct Span {  // byte offsets into Message::text; of the subject or of html_text when one of these is set
  std::size_t begin = 0;
  std::size_t end = 0;
  bool in_subject = false;
  bool in_html = false;
};

struct Code {
  std::string value;  // canonical: digits lose separators and a letter prefix; one printable line
  std::string raw;    // as it stood there
  Kind kind = Kind::digits;
  double confidence = 0;  // 0..1
  std::string purpose;    // "login", "verify", "payment", "reset", or empty
  std::string domain;     // the domain it is bound to (`@host #code`), or empty
  std::optional<Duration> expires_in;  // as stated by the message
  Span evidence;
};

enum class Outcome { code, none, ambiguous };
std::string_view name_of(Outcome outcome);

struct Verdict {
  Outcome outcome = Outcome::none;
  std::vector<Code> codes;  // exactly one for `code`, two or more different values for `ambiguous`, else empty
  std::string reason;       // one line for people; never holds a code or text of the message
};

/// `hints`: the user's own patterns and rules are tried first, the first that matches decides.
Verdict extract(const message::Message& message, const Hints& hints = {});

/// What every code must be before it may reach a stdout: one line of 1 to 64 printable characters.
bool is_printable_code(std::string_view value);

}  // namespace otpctl::code
