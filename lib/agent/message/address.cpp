#include "message/address.hpp"

#include "base/text.hpp"
#include "message/domain.hpp"

#include <algorithm>

namespace otpctl::message {

namespace {

constexpr std::size_t kAddressBytes = 254;  // RFC 5321 4.5.3.1.3, erratum 1690
constexpr std::size_t kLocalBytes = 64;

tl::unexpected<Error> refuse(std::string_view text, std::string_view why) {
  return fail(ErrorCode::usage,
              "not an e-mail address: '" + printable(text) + "': " + std::string(why));
}

/// RFC 5322 3.2.3 atext, and everything beyond ASCII (RFC 6531).
bool is_atext(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-/=?^_`{|}~";
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || kMarks.find(c) != kMarks.npos;
}

bool is_dot_atom(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != text.npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '.' || is_atext(c); });
}

/// What stands between the quotes, without backslashes; empty when the quoting is broken.
std::string unquote(std::string_view text) {
  if (text.size() < 3 || text.back() != '"') return {};
  std::string out;
  bool escaped = false;
  for (const char c : text.substr(1, text.size() - 2)) {
    if (!escaped && c == '"') return {};
    escaped = !escaped && c == '\\';
    if (!escaped) out += c;
  }
  return escaped ? std::string() : out;  // the closing quote itself was escaped
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// Empty when it is no local part.
std::string normalise_local(std::string_view text) {
  if (text.size() > kLocalBytes) return {};
  if (!text.starts_with('"')) return is_dot_atom(text) ? to_lower(text) : std::string();
  const std::string bare = unquote(text);
  if (bare.empty()) return {};
  return to_lower(is_dot_atom(bare) ? bare : quote(bare));
}

}  // namespace

Result<std::string> normalise_address(std::string_view text) {
  const std::string_view whole = trim(text);
  const std::size_t at = whole.rfind('@');
  if (at == whole.npos) return refuse(whole, "no @");
  if (at == 0) return refuse(whole, "nothing before the @");
  if (!is_utf8(whole)) return refuse(whole, "not UTF-8");
  if (printable(whole, kAddressBytes + 1) != whole)
    return refuse(whole, "too long, or with control characters");
  const std::string local = normalise_local(whole.substr(0, at));
  if (local.empty()) return refuse(whole, "the part before the @ is none");
  const Result<std::string> domain = normalise_domain(whole.substr(at + 1));
  if (!domain) return refuse(whole, domain.error().message);
  std::string out = local + '@' + *domain;
  if (out.size() > kAddressBytes) return refuse(whole, "longer than 254 bytes");
  return out;
}

Result<std::string> normalise_recipient(std::string_view text, std::string_view region) {
  return is_address(text) ? normalise_address(text) : normalise_phone(text, region);
}

}  // namespace otpctl::message
