// The commands that more than one place sends.
#pragma once

#include <cstdint>
#include <string>

namespace otpctl::imap {

/// What is fetched of a message. PEEK leaves \Seen alone; the partial bounds a mail of 25 MB.
inline std::string message_items(std::uint32_t limit) {
  return "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0." + std::to_string(limit) + ">)";
}

}  // namespace otpctl::imap
