#include "message/message.hpp"

#include "base/text.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::message;

TEST_CASE("an SMS: numbers in E.164, the text as it came") {
  const Message message =
      read_sms({"0555 123 45 67", "+90 850 222 00 00", "Kodunuz 482913\r\niyi günler", {}}, "TR");
  CHECK(message.channel == Channel::sms);
  CHECK(message.recipients.stamped == std::vector<std::string>{"+905551234567"});
  CHECK(message.recipients.claimed.empty());
  CHECK(message.sender == "+908502220000");
  CHECK(message.sender_domain.empty());
  CHECK(message.text == "Kodunuz 482913\niyi günler");
  CHECK(message.subject.empty());
  CHECK(message.problems.empty());
}

TEST_CASE("an SMS from a name or a short code keeps it") {
  CHECK(read_sms({"", "EXAMPLEBNK", "x", {}}, "TR").sender == "EXAMPLEBNK");
  CHECK(read_sms({"", "3340", "x", {}}, "TR").sender == "3340");
  CHECK(read_sms({"", "B001", "x", {}}, "TR").sender == "B001");
}

TEST_CASE("an SMS without recipient is for the only number there is, a wrong one is a problem") {
  CHECK(read_sms({"", "", "x", {}}, "").recipients.stamped.empty());
  const Message wrong = read_sms({"12 x", "", "x", {}}, "TR");
  CHECK(wrong.recipients.stamped.empty());
  CHECK(wrong.problems.size() == 1);
}

TEST_CASE("an SMS's time is handed through, broken bytes and NUL are not") {
  const WallTime sent{std::chrono::seconds(1'795'000'000)};
  const Message message = read_sms({"", "\xff", std::string("a\0b\xff\rc", 6), sent}, "");
  CHECK(message.sent == sent);
  CHECK(message.text == "ab\uFFFD\nc");
  CHECK(is_utf8(message.sender));
}

TEST_CASE("an SMS of more than 256 KiB is cut, not in the middle of a character") {
  std::string text(256 * 1024 - 1, 'x');
  text += "ş";
  const Message message = read_sms({"", "", text, {}}, "");
  CHECK(message.text == std::string(256 * 1024 - 1, 'x'));
  CHECK(message.problems == std::vector<std::string>{"text over 256 KiB"});
}

TEST_CASE("channels have names") {
  CHECK(name_of(Channel::email) == "email");
  CHECK(name_of(Channel::sms) == "sms");
  CHECK(name_of(Channel::person) == "person");
}
