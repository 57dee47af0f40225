#include "smtp/command.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace otpctl::smtp {

namespace {

constexpr std::size_t kLongestAddress = 64 + 1 + 255;  // RFC 5321 4.5.3.1

constexpr Complaint kMailSyntax = "501 5.5.4 write MAIL FROM:<address>";
constexpr Complaint kRcptSyntax = "501 5.5.4 write RCPT TO:<address>";
constexpr Complaint kBadSender = "501 5.1.7 that is no address";
constexpr Complaint kBadRecipient = "501 5.1.3 that is no address";
constexpr Complaint kBadParameter = "501 5.5.4 the value of a parameter is wrong";
constexpr Complaint kNoSuchParameter = "555 5.5.4 a parameter that is not offered here";

struct Name {
  std::string_view text;
  Verb verb;
};
constexpr std::array<Name, 29> kVerbs{{
    {"LHLO", Verb::lhlo},           {"EHLO", Verb::ehlo},        {"HELO", Verb::helo},
    {"MAIL", Verb::mail},           {"RCPT", Verb::rcpt},        {"DATA", Verb::data},
    {"RSET", Verb::rset},           {"NOOP", Verb::noop},        {"VRFY", Verb::vrfy},
    {"HELP", Verb::help},           {"QUIT", Verb::quit},        {"STARTTLS", Verb::not_offered},
    {"AUTH", Verb::not_offered},    {"BDAT", Verb::not_offered}, {"EXPN", Verb::not_offered},
    {"ETRN", Verb::not_offered},    {"TURN", Verb::not_offered}, {"SEND", Verb::not_offered},
    {"XCLIENT", Verb::not_offered}, {"GET", Verb::foreign},      {"POST", Verb::foreign},
    {"HEAD", Verb::foreign},        {"PUT", Verb::foreign},      {"DELETE", Verb::foreign},
    {"OPTIONS", Verb::foreign},     {"PATCH", Verb::foreign},    {"TRACE", Verb::foreign},
    {"CONNECT", Verb::foreign},     {"PRI", Verb::foreign},
}};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

/// A header field where a command is due: an HTTP client that did not wait for our greeting.
bool is_header_field(std::string_view word) { return word.size() > 1 && word.back() == ':'; }

/// "FROM:" or "TO:" in front, with white space around the colon's right side as some clients write
/// it.
bool take_keyword(std::string_view& text, std::string_view keyword) {
  if (!equals_ignoring_case(text.substr(0, keyword.size()), keyword)) return false;
  text = trim(text.substr(keyword.size()));
  return true;
}

/// Takes "<path>" from the front and gives what is inside; a ">" in a quoted local part does not
/// end it.
std::optional<std::string_view> take_path(std::string_view& text) {
  if (text.empty() || text.front() != '<') return std::nullopt;
  bool quoted = false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == '>') {
      const std::string_view path = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      return path;
    }
  }
  return std::nullopt;
}

std::string_view without_route(std::string_view path) {  // RFC 5321 appendix C: accept and ignore
  if (path.empty() || path.front() != '@') return path;
  const std::size_t colon = path.find(':');
  return colon == path.npos ? path : path.substr(colon + 1);
}

bool is_atom_byte(char c) {
  const unsigned char byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7F &&
         std::string_view("()<>[]:;@\\,\"").find(c) == std::string_view::npos;
}

bool is_local_part(std::string_view local) {
  if (local.empty()) return false;
  if (local.front() != '"') return std::all_of(local.begin(), local.end(), is_atom_byte);
  std::size_t i = 1;
  for (; i < local.size() && local[i] != '"'; ++i) {
    if (local[i] == '\\') ++i;
  }
  return i + 1 == local.size();
}

bool is_domain(std::string_view domain) {
  if (domain.size() > 2 && domain.front() == '[' && domain.back() == ']') {
    const std::string_view literal = domain.substr(1, domain.size() - 2);
    return std::all_of(literal.begin(), literal.end(),
                       [](char c) { return is_atom_byte(c) || c == ':'; });
  }
  return !domain.empty() && std::all_of(domain.begin(), domain.end(), is_atom_byte);
}

bool is_address(std::string_view address) {
  if (address.size() > kLongestAddress || !is_utf8(address)) return false;
  if (std::any_of(address.begin(), address.end(), is_control)) return false;
  const std::size_t at = address.rfind('@');
  const std::size_t quote = address.rfind('"');
  const bool no_domain = at == address.npos || (quote != address.npos && at < quote);
  if (no_domain) return is_local_part(address);
  return is_local_part(address.substr(0, at)) && is_domain(address.substr(at + 1));
}

std::optional<std::uint64_t> parse_size(std::string_view digits) {
  if (digits.empty() || digits.size() > 18)
    return std::nullopt;  // RFC 1870 allows 20; 18 never overflow
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

/// One "NAME[=VALUE]" of MAIL; the complaint, or "" when it is fine.
Complaint apply_parameter(std::string_view parameter, MailArguments& mail) {
  const std::size_t equals = std::min(parameter.find('='), parameter.size());
  const std::string_view name = parameter.substr(0, equals);
  const std::string_view value = parameter.substr(std::min(equals + 1, parameter.size()));
  if (equals_ignoring_case(name, "SIZE")) {
    mail.size = parse_size(value);
    return mail.size ? Complaint() : kBadParameter;
  }
  if (equals_ignoring_case(name, "BODY")) {
    const bool known =
        equals_ignoring_case(value, "7BIT") || equals_ignoring_case(value, "8BITMIME");
    return known ? Complaint() : kBadParameter;
  }
  if (equals_ignoring_case(parameter, "SMTPUTF8")) return {};
  return kNoSuchParameter;
}

}  // namespace

Command parse_command(std::string_view line) {
  const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string_view word = line.substr(0, end);
  const auto* name = std::find_if(kVerbs.begin(), kVerbs.end(), [&](const Name& known) {
    return equals_ignoring_case(known.text, word);
  });
  Command command;
  command.argument = trim(line.substr(end));
  if (name != kVerbs.end()) {
    command.verb = name->verb;
  } else if (is_header_field(word)) {
    command.verb = Verb::foreign;
  }
  return command;
}

tl::expected<MailArguments, Complaint> parse_mail(std::string_view argument) {
  if (!take_keyword(argument, "FROM:")) return tl::unexpected(kMailSyntax);
  const auto path = take_path(argument);
  if (!path || (!argument.empty() && argument.front() != ' ')) return tl::unexpected(kMailSyntax);
  MailArguments mail;
  mail.sender = std::string(without_route(*path));
  if (!mail.sender.empty() && !is_address(mail.sender)) return tl::unexpected(kBadSender);
  for (argument = trim(argument); !argument.empty(); argument = trim(argument)) {
    const std::size_t end = std::min(argument.find(' '), argument.size());
    const Complaint complaint = apply_parameter(argument.substr(0, end), mail);
    if (!complaint.empty()) return tl::unexpected(complaint);
    argument.remove_prefix(end);
  }
  return mail;
}

tl::expected<std::string, Complaint> parse_rcpt(std::string_view argument) {
  if (!take_keyword(argument, "TO:")) return tl::unexpected(kRcptSyntax);
  const auto path = take_path(argument);
  if (!path) return tl::unexpected(kRcptSyntax);
  if (!trim(argument).empty())
    return tl::unexpected(argument.front() == ' ' ? kNoSuchParameter : kRcptSyntax);
  const std::string_view recipient = without_route(*path);
  if (!is_address(recipient)) return tl::unexpected(kBadRecipient);
  return std::string(recipient);
}

}  // namespace otpctl::smtp
