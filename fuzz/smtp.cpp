// Any bytes of an LMTP client: no crash, bounded memory, and the same events whether they come
// whole or byte by byte.
#include "smtp/session.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace otpctl;

static std::string play(std::string_view bytes, std::size_t step) {
  smtp::Session session(
      {.max_message = 400, .keep_message = 100, .max_recipients = 4, .max_line = 100}, Now{});
  std::string account;
  for (bool ended = false; !ended; bytes.remove_prefix(std::min(step, bytes.size()))) {
    ended = bytes.empty();
    ended ? session.feed_eof() : session.feed(bytes.substr(0, step));
    while (const auto event = session.next()) {
      const auto* mail = std::get_if<smtp::Mail>(&*event);
      account += mail ? mail->sender + mail->bytes : "closed";
      if (mail) session.taken();
    }
  }
  return account + session.take_output();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (play(bytes, 1) != play(bytes, size + 1)) std::abort();
  return 0;
}
