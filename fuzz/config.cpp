// Any text as configuration and as variables: no crash, errors of one printable line that name the
// file.
#include "config/config.hpp"

#include <cstdint>
#include <cstdlib>

using namespace otpctl;

static void check(const Error& error, const std::string& begin) {
  const bool good = error.code == ErrorCode::config &&
                    error.message.find_first_of("\r\n\x1b") == std::string::npos &&
                    error.message.rfind(begin, 0) == 0;
  if (!good) std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto config = config::parse(text, "config.toml");
  if (!config) check(config.error(), "config.toml:");
  const auto surroundings = config::from_environment([&](const char*) { return text; });
  if (!surroundings) check(surroundings.error(), "OTP");
  return 0;
}
