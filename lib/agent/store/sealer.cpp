#include "store/sealer.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

namespace otpctl::store {

namespace {

constexpr char kFormat = 1;
constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;
constexpr std::size_t kLength = 4;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string hmac(std::string_view key, std::string_view text) {
  std::string out(32, '\0');
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(text), text.size(),
       bytes_of(out), &size);
  return out;
}

void append_number(std::string& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>((value >> shift) & 0xFF);
}

std::uint32_t read_number(std::string_view text) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < kLength; ++i)
    value |= static_cast<std::uint32_t>(bytes_of(text)[i]) << (8 * i);
  return value;
}

std::string bound_to(int kind, std::string_view row_key) {
  std::string text = "otpctl store";
  text += kFormat;
  append_number(text, static_cast<std::uint32_t>(kind));
  return text.append(row_key);
}

}  // namespace

std::optional<std::string> random_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = getrandom(bytes.data() + have, size - have, 0);
    if (got < 0 && errno != EINTR) return std::nullopt;
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return bytes;
}

void Sealer::ContextCloser::operator()(evp_cipher_ctx_st* context) const {
  EVP_CIPHER_CTX_free(context);
}

Sealer::Sealer(const Secret& master)
    : cipher_key_(hmac(master.reveal(), "otpctl store values")),
      row_key_key_(hmac(master.reveal(), "otpctl store keys")),
      context_(EVP_CIPHER_CTX_new()) {}

std::string Sealer::row_key(int kind, std::string_view key) const {
  std::string text;
  append_number(text, static_cast<std::uint32_t>(kind));
  return hmac(row_key_key_.reveal(), text.append(key));
}

std::optional<std::string> Sealer::seal(int kind, std::string_view row_key, std::string_view key,
                                        std::string_view value) const {
  const auto nonce = random_bytes(kNonce);
  if (!nonce || !context_ || key.size() > UINT32_MAX) return std::nullopt;
  std::string plain;
  plain.reserve(kLength + key.size() + value.size());
  append_number(plain, static_cast<std::uint32_t>(key.size()));
  plain.append(key).append(value);
  const std::string bound = bound_to(kind, row_key);
  std::string out = kFormat + *nonce;
  const std::size_t begin = out.size();
  out.resize(begin + plain.size() + kTag);
  int size = 0;
  const bool sealed =
      EVP_EncryptInit_ex(context_.get(), EVP_aes_256_gcm(), nullptr, bytes_of(cipher_key_.reveal()),
                         bytes_of(*nonce)) &&
      EVP_EncryptUpdate(context_.get(), nullptr, &size, bytes_of(bound),
                        static_cast<int>(bound.size())) &&
      EVP_EncryptUpdate(context_.get(), bytes_of(out) + begin, &size, bytes_of(plain),
                        static_cast<int>(plain.size())) &&
      EVP_EncryptFinal_ex(context_.get(), bytes_of(out) + begin + plain.size(), &size) &&
      EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_GET_TAG, kTag,
                          bytes_of(out) + begin + plain.size());
  wipe(plain);
  EVP_CIPHER_CTX_reset(context_.get());
  if (!sealed) return std::nullopt;
  return out;
}

std::optional<Opened> Sealer::open(int kind, std::string_view row_key,
                                   std::string_view sealed) const {
  constexpr std::size_t kBegin = 1 + kNonce;
  if (!context_ || sealed.size() < kBegin + kLength + kTag || sealed.size() > INT32_MAX ||
      sealed[0] != kFormat)
    return std::nullopt;
  const std::string_view nonce = sealed.substr(1, kNonce);
  const std::string_view cipher = sealed.substr(kBegin, sealed.size() - kBegin - kTag);
  std::string tag(sealed.substr(sealed.size() - kTag));
  const std::string bound = bound_to(kind, row_key);
  std::string plain(cipher.size(), '\0');
  int size = 0;
  const bool good = EVP_DecryptInit_ex(context_.get(), EVP_aes_256_gcm(), nullptr,
                                       bytes_of(cipher_key_.reveal()), bytes_of(nonce)) &&
                    EVP_DecryptUpdate(context_.get(), nullptr, &size, bytes_of(bound),
                                      static_cast<int>(bound.size())) &&
                    EVP_DecryptUpdate(context_.get(), bytes_of(plain), &size, bytes_of(cipher),
                                      static_cast<int>(cipher.size())) &&
                    EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) &&
                    EVP_DecryptFinal_ex(context_.get(), bytes_of(plain) + plain.size(), &size) > 0;
  EVP_CIPHER_CTX_reset(context_.get());
  const std::size_t key_size = good ? read_number(plain) : 0;
  std::optional<Opened> opened;
  if (good && key_size <= plain.size() - kLength)
    opened = Opened{plain.substr(kLength, key_size), plain.substr(kLength + key_size)};
  wipe(plain);
  return opened;
}

}  // namespace otpctl::store
