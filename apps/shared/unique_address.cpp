#include "shared/unique_address.hpp"

#include "base/text.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sys/random.h>

namespace otpctl::apps {

namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t kNonce = 12;
constexpr std::size_t kLongestLocalPart = 64;

}  // namespace

std::string random_nonce() {
  std::array<unsigned char, kNonce> bytes{};
  while (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    if (errno != EINTR) std::abort();  // the kernel has no random numbers: nothing here is safe
  }
  std::string nonce;
  for (const unsigned char byte : bytes) nonce += kLetters[byte % kLetters.size()];
  return nonce;
}

Result<std::string> with_nonce(const std::string& address, std::string_view nonce) {
  const std::string_view text = trim(address);
  const std::size_t at = text.rfind('@');
  const std::string local(text.substr(0, at));
  const bool address_like = at != text.npos && at > 0 && at + 1 < text.size() &&
                            local.find_first_of("@\"<> \t") == local.npos;
  if (!address_like) {
    return fail(ErrorCode::usage,
                "--unique needs an e-mail address such as qa@example.com, not '" + printable(text, 80) + "'");
  }
  const char between = local.find('+') == local.npos ? '+' : '-';
  const std::string unique = local + between + std::string(nonce);
  if (unique.size() > kLongestLocalPart) {
    return fail(ErrorCode::usage, "'" + printable(text, 80) + "' is too long to get " +
                                      std::to_string(nonce.size() + 1) + " characters more: " +
                                      std::to_string(kLongestLocalPart) + " stand in front of an '@' at most");
  }
  return unique + std::string(text.substr(at));
}

bool has_nonce(std::string_view address) {
  const std::string_view local = address.substr(0, address.rfind('@'));
  const std::size_t plus = local.find('+');
  if (plus == local.npos || address.rfind('@') == address.npos) return false;
  const std::size_t last = local.find_last_of("+-");
  const std::string_view nonce = local.substr(last + 1);
  return nonce.size() == kNonce && nonce.find_first_not_of(kLetters) == nonce.npos;
}

}  // namespace otpctl::apps
