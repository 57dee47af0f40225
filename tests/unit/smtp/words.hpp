// What the tests of a session say to it again and again, and how they look at its answers.
#pragma once

#include "player.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace otpctl::smtp {

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}
inline bool starts(const std::string& text, const std::string& part) {
  return text.rfind(part, 0) == 0;
}
inline long lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

inline const std::string kHello = "LHLO client.example\r\n";
inline const std::string kEnvelope =
    "MAIL FROM:<shop@example.com>\r\nRCPT TO:<bot5@example.net>\r\n";
inline const std::string kMail = "Subject: hello\r\n\r\ntext\r\n";

/// A session in which one recipient was taken and DATA was said.
inline Player in_data(Options options = {}) {
  Player player(options);
  player.send((options.lmtp ? kHello : "EHLO client.example\r\n") + kEnvelope + "DATA\r\n");
  return player;
}

/// Why it was closed; empty: no fault.
inline std::string why(const Player& player) {
  REQUIRE(player.closed.size() == 1);
  return player.closed[0].why ? player.closed[0].why->message : "";
}

}  // namespace otpctl::smtp
