#include "delivery/fingerprint.hpp"

namespace otpctl::delivery {

namespace {

constexpr std::uint64_t kFnvPrime = 0x100000001b3;
constexpr std::array<std::uint64_t, 2> kStart{0xcbf29ce484222325, 0x9ae16a3b2f90404f};

void add(Fingerprint& state, unsigned char byte) {
  state[0] = (state[0] ^ byte) * kFnvPrime;
  state[1] = (state[1] + byte + 1) * 0xff51afd7ed558ccd;
  state[1] ^= state[1] >> 32;
}

std::uint64_t finish(std::uint64_t value) {  // the last step of MurmurHash3, public domain
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
  return value ^ (value >> 33);
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Fingerprint fingerprint(std::initializer_list<std::string_view> parts) {
  Fingerprint state = kStart;
  for (const std::string_view part : parts) {
    for (std::uint64_t size = part.size(), i = 0; i < 8; ++i)
      add(state, static_cast<unsigned char>(size >> (8 * i)));
    for (const char c : part) add(state, static_cast<unsigned char>(c));
  }
  return {finish(state[0]), finish(state[1] ^ state[0])};
}

std::string to_hex(const Fingerprint& fingerprint) {
  std::string out;
  for (const std::uint64_t half : fingerprint) {
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(half >> shift) & 15];
  }
  return out;
}

bool from_hex(std::string_view text, Fingerprint& out) {
  if (text.size() != 32) return false;
  out = {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int value = digit(text[i]);
    if (value < 0) return false;
    out[i / 16] = out[i / 16] << 4 | static_cast<std::uint64_t>(value);
  }
  return true;
}

}  // namespace otpctl::delivery
