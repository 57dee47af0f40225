// "6" and "4-8": how many characters a code may have.
#include "base/text.hpp"
#include "rpc/messages.hpp"

namespace otpctl::rpc {

namespace {

constexpr int kLongestCode = 64;

std::optional<int> small_number(std::string_view text) {
  if (text.empty() || text.size() > 2) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value >= 1 && value <= kLongestCode ? std::optional<int>(value) : std::nullopt;
}

}  // namespace

Result<LengthRange> parse_length(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto min = small_number(text.substr(0, dash));
  const auto max = dash == text.npos ? min : small_number(text.substr(dash + 1));
  if (min && max && *min <= *max) return LengthRange{*min, *max};
  return fail(ErrorCode::usage,
              "'" + printable(text, 40) + "' is no length of a code: write 6 or 4-8 (1 to 64)");
}

std::string format_length(LengthRange range) {
  const std::string min = std::to_string(range.min);
  return range.min == range.max ? min : min + "-" + std::to_string(range.max);
}

}  // namespace otpctl::rpc
