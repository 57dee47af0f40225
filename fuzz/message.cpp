// Whole mails and SMS: nothing crashes, what comes out is UTF-8 within its limits, and an SMS of
// the same bytes is read too. Corpus: tests/mail/*.eml
#include "base/text.hpp"
#include "message/limits.hpp"
#include "message/message.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace otpctl::message;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const Message mail = read_mail({{}, bytes}, {"catchall@example.com", {}});
  const Message sms = read_sms({bytes.substr(0, 40), bytes.substr(size / 2, 40), bytes, {}}, "TR");
  for (const Message* message : {&mail, &sms}) {
    for (const std::string* text :
         {&message->subject, &message->text, &message->html_text, &message->sender}) {
      if (!otpctl::is_utf8(*text) || text->size() > kVisibleText) std::abort();
    }
    if (message->subject.find('\n') != std::string::npos) std::abort();
    if (message->recipients.stamped.size() + message->recipients.claimed.size() > kAddresses)
      std::abort();
  }
  return 0;
}
