// What makes a stolen database worthless: values are AES-256-GCM, keys of rows HMAC-SHA-256, both
// under keys derived from 32 bytes that are not in the database.
//
//   sealed value   1 byte format | 12 bytes random nonce | ciphertext | 16 bytes tag
//   inside         4 bytes length of the plain key, little endian | plain key | value
//   authenticated  format, kind and stored key of the row: a value moved to another row does not
//   open
#pragma once

#include "base/secret.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_cipher_ctx_st;

namespace otpctl::store {

struct Opened {
  std::string key;
  std::string value;
};

class Sealer {
 public:
  static constexpr std::size_t kKeySize = 32;

  /// `master` has kKeySize bytes.
  explicit Sealer(const Secret& master);

  /// The 32 bytes under which a row stands.
  std::string row_key(int kind, std::string_view key) const;

  /// Nothing when there is no randomness or no memory.
  std::optional<std::string> seal(int kind, std::string_view row_key, std::string_view key,
                                  std::string_view value) const;

  /// Nothing when it was sealed under another key or for another row, or was changed since.
  std::optional<Opened> open(int kind, std::string_view row_key, std::string_view sealed) const;

 private:
  struct ContextCloser {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  Secret cipher_key_;
  Secret row_key_key_;
  std::unique_ptr<evp_cipher_ctx_st, ContextCloser> context_;
};

/// `size` bytes from getrandom(2); nothing when the kernel gives none.
std::optional<std::string> random_bytes(std::size_t size);

}  // namespace otpctl::store
