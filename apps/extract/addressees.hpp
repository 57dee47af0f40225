// Whom a message is for, and who says so. Pure.
#pragma once

#include "message/message.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace otpctl::apps::extract {

struct Addressee {
  std::string recipient;  // empty: the mailbox's own address
  std::string_view from;  // "stamped", "claimed", "mailbox"
};

std::vector<Addressee> addressees_of(const message::Message& message);

/// For people; `decides_alone`: no server has written whom it is for.
std::string in_words(const Addressee& addressee, bool decides_alone);

}  // namespace otpctl::apps::extract
