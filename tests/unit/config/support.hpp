#pragma once

#include "config/config.hpp"

#include <doctest/doctest.h>
#include <string>

namespace otpctl::config {

inline Config must_parse(const std::string& toml) {
  auto config = parse(toml, "config.toml");
  REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().message));
  return std::move(*config);
}

inline std::string problem_of(const std::string& toml) {
  const auto config = parse(toml, "config.toml");
  REQUIRE_MESSAGE(!config.has_value(), toml);
  CHECK(config.error().code == ErrorCode::config);
  CHECK(config.error().message.find('\n') == std::string::npos);
  return config.error().message;
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}
inline bool starts(const std::string& text, const std::string& part) {
  return text.rfind(part, 0) == 0;
}

/// A mailbox that is fine, with `more` keys from its seventh line on.
inline std::string mailbox(const std::string& more = {}) {
  return "[[mailbox]]\n"
         "name = \"main\"\n"
         "address = \"catchall@example.com\"\n"
         "host = \"imap.example.com\"\n"
         "user = \"reader@example.com\"\n"
         "password-file = \"/run/secrets/imap\"\n" +
         more + "\n";
}

}  // namespace otpctl::config
