#include "imap/splitter.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace otpctl::imap {

namespace {

// Memory is taken as bytes arrive, whatever size was announced.
constexpr std::size_t kFirstReserve = 64 * 1024;

/// Human text may end in "{5}" without a literal behind it: status responses, continuations and
/// tagged replies never carry one.
bool may_hold_literals(std::string_view text) {
  if (text.substr(0, 2) != "* ") return false;
  std::string_view word = text.substr(2, text.find(' ', 2) - 2);
  for (std::string_view status : {"OK", "NO", "BAD", "BYE", "PREAUTH"}) {
    if (equals_ignoring_case(word, status)) return false;
  }
  return true;
}

/// What stands behind the last '{' of a line, or nothing when that '{' announces no literal:
/// outside of quoted strings '{' has no other use.
std::optional<std::string_view> announcement(std::string_view line) {
  std::size_t brace = line.rfind('{');
  if (brace == std::string_view::npos) return std::nullopt;
  std::string_view tail = line.substr(brace + 1);
  if (tail.find_first_of("\" )") != std::string_view::npos) return std::nullopt;
  return tail;
}

}  // namespace

Result<std::optional<RawResponse>> Splitter::take(std::string_view& input) {
  if (error_) return fail(*error_);
  while (!input.empty()) {
    Result<bool> whole = in_literal_ ? take_literal(input) : take_line(input);
    if (!whole) return fail(whole.error());
    if (*whole) {
      literal_bytes_ = 0;
      line_start_ = 0;
      return std::exchange(raw_, RawResponse{});
    }
  }
  return std::nullopt;
}

Result<bool> Splitter::take_line(std::string_view& input) {
  std::size_t end = input.find('\n');
  std::string_view chunk = input.substr(0, end);
  if (raw_.text.size() + chunk.size() > limits_.line) return broken("a line over the limit");
  raw_.text += chunk;
  if (end == std::string_view::npos) {
    input = {};
    return false;
  }
  input.remove_prefix(end + 1);
  return end_line();
}

Result<bool> Splitter::end_line() {
  if (raw_.text.size() > line_start_ && raw_.text.back() == '\r') raw_.text.pop_back();
  if (!may_hold_literals(raw_.text)) return true;
  auto digits = announcement(std::string_view(raw_.text).substr(line_start_));
  if (!digits) return true;
  return begin_literal(*digits);
}

Result<bool> Splitter::begin_literal(std::string_view digits) {
  if (digits.size() < 2 || digits.back() != '}') return broken("a literal without a size");
  digits.remove_suffix(1);
  std::uint64_t size = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (error == std::errc::result_out_of_range) return broken("a literal over the limit");
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return broken("a literal without a size");
  }
  if (size > limits_.literal - literal_bytes_) return broken("a literal over the limit");
  literal_bytes_ += size;
  raw_.text += "\r\n";
  line_start_ = raw_.text.size();
  raw_.literals.emplace_back().reserve(std::min<std::size_t>(size, kFirstReserve));
  literal_missing_ = size;
  in_literal_ = size > 0;
  return false;
}

Result<bool> Splitter::take_literal(std::string_view& input) {
  std::string_view chunk = input.substr(0, literal_missing_);
  raw_.literals.back() += chunk;
  input.remove_prefix(chunk.size());
  literal_missing_ -= chunk.size();
  in_literal_ = literal_missing_ > 0;
  return false;
}

tl::unexpected<Error> Splitter::broken(std::string message) {
  raw_ = RawResponse{};
  error_ = Error{ErrorCode::protocol, "the server sends " + std::move(message)};
  return fail(*error_);
}

}  // namespace otpctl::imap
