#include "extract/addressees.hpp"

#include "base/text.hpp"

namespace otpctl::apps::extract {

std::vector<Addressee> addressees_of(const message::Message& message) {
  std::vector<Addressee> all;
  for (const std::string& each : message.recipients.stamped) all.push_back({each, "stamped"});
  for (const std::string& each : message.recipients.claimed) all.push_back({each, "claimed"});
  if (message.recipients.to_mailbox_itself) all.push_back({"", "mailbox"});
  return all;
}

std::string in_words(const Addressee& addressee, bool decides_alone) {
  const std::string recipient = printable(addressee.recipient);
  if (addressee.from == "mailbox") return "the mailbox's own address";
  if (addressee.from == "stamped") return recipient + "  (written by the receiving server: it decides)";
  return recipient + (decides_alone ? "  (To, Cc)" : "  (To, Cc: does not count beside the server's)");
}

}  // namespace otpctl::apps::extract
