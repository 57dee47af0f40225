#include "base/text.hpp"
#include "message/address.hpp"
#include "message/limits.hpp"
#include "message/message.hpp"
#include "message/plain.hpp"

namespace otpctl::message {

Message read_sms(const Sms& sms, std::string_view region) {
  Message out;
  out.channel = Channel::sms;
  out.sent = sms.sent;
  out.text = plain_text(sms.text, kVisibleText);
  if (sms.text.size() > kVisibleText) out.problems.push_back("text over 256 KiB");
  const std::string_view recipient = trim(sms.recipient);
  if (!recipient.empty()) {
    const Result<std::string> normal = normalise_recipient(recipient, region);
    if (normal) {
      out.recipients.stamped.push_back(*normal);
    } else {
      out.problems.push_back(normal.error().message);
    }
  }
  const std::string_view sender = trim(sms.sender);
  if (!sender.empty()) {
    out.sender =
        normalise_phone(sender, region).value_or(to_valid_utf8(sender.substr(0, kSubjectBytes)));
  }
  return out;
}

}  // namespace otpctl::message
