// A set of bytes that is asked for every character of a message.
#pragma once

#include <array>
#include <string_view>

namespace otpctl::code {

class CharSet {
 public:
  explicit constexpr CharSet(std::string_view characters) {
    for (const char c : characters) in_[static_cast<unsigned char>(c)] = true;
  }
  constexpr bool has(char c) const { return in_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> in_{};
};

}  // namespace otpctl::code
