#include "imap/refusal.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace otpctl::imap {

namespace {

constexpr Duration kLongestPause = std::chrono::minutes(5);

bool is_any_of(std::string_view code, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), code) != names.end();
}

/// `needle` in lower case.
bool mentions(std::string_view text, std::string_view needle) {
  return to_lower(text).find(needle) != std::string::npos;
}

std::optional<Duration> suggested_pause(std::string_view text) {
  constexpr std::string_view kLabel = "suggested backoff time:";
  std::string lower = to_lower(text);
  std::size_t at = lower.find(kLabel);
  if (at == std::string::npos) return std::nullopt;
  std::string_view rest = trim(std::string_view(lower).substr(at + kLabel.size()));
  std::uint64_t milliseconds = 0;
  auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), milliseconds);
  if (error == std::errc::result_out_of_range) return kLongestPause;
  if (error != std::errc()) return std::nullopt;
  auto cap = std::chrono::duration_cast<std::chrono::milliseconds>(kLongestPause).count();
  return std::chrono::milliseconds(
      std::min<std::uint64_t>(milliseconds, static_cast<std::uint64_t>(cap)));
}

}  // namespace

bool is_temporary(const StatusResponse& status) {
  if (is_any_of(status.code,
                {"UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG", "OVERQUOTA", "THROTTLED"}))
    return true;
  // a code that names a lasting cause; ALERT and the like name none
  if (is_any_of(status.code,
                {"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "PRIVACYREQUIRED",
                 "CONTACTADMIN", "NOPERM", "WEBALERT", "NONEXISTENT"})) {
    return false;
  }
  for (std::string_view words : {"system error", "too many", "temporar", "try again", "unavailable",
                                 "server busy", "internal error", "throttl"}) {
    if (mentions(status.text, words)) return true;
  }
  return false;
}

LoginRefused login_refused(const StatusResponse& status) {
  return {printable(status.text), printable(status.code, 40), !is_temporary(status)};
}

std::optional<Failed> special_failure(const StatusResponse& status) {
  if (mentions(status.text, "request is throttled") ||
      mentions(status.text, "suggested backoff time")) {
    return Failed{{ErrorCode::throttled, "the server asks for a pause: " + printable(status.text)},
                  suggested_pause(status.text)};
  }
  if (mentions(status.text, "user is authenticated but not connected")) {
    return Failed{{ErrorCode::permission,
                   "the server took the sign-in but gives no mailbox (\"User is authenticated but "
                   "not connected\"): check that the token's scope allows IMAP, that IMAP is "
                   "enabled for this mailbox, and that the user name is the mailbox's own address"},
                  kLongestPause};
  }
  return std::nullopt;
}

Error folder_error(const StatusResponse& status, std::string_view folder) {
  ErrorCode code = ErrorCode::not_found;
  if (is_temporary(status)) code = ErrorCode::busy;
  if (is_any_of(status.code, {"NOPERM", "AUTHORIZATIONFAILED"})) code = ErrorCode::permission;
  if (status.kind == StatusResponse::Kind::bad) code = ErrorCode::protocol;
  return {code, "the folder " + printable(folder) + " cannot be opened: " + printable(status.text)};
}

}  // namespace otpctl::imap
