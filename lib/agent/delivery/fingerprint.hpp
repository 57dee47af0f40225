// 128 bits that stand for a text in a key: keys of records may hold no code, and a Message-ID or an
// SMS may. Not a cryptographic hash; the store hashes keys once more with a key of its own.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace otpctl::delivery {

using Fingerprint = std::array<std::uint64_t, 2>;

/// Of all parts, with their borders: {"ab", "c"} differs from {"a", "bc"}.
Fingerprint fingerprint(std::initializer_list<std::string_view> parts);

std::string to_hex(const Fingerprint& fingerprint);  // 32 lower case digits
bool from_hex(std::string_view text, Fingerprint& out);

}  // namespace otpctl::delivery
