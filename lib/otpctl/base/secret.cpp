#include "base/secret.hpp"

#include <cstring>

namespace otpctl {

void wipe(std::string& text) {
  text.resize(text.capacity());  // never reallocates: what stood behind the end is wiped too
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace otpctl
