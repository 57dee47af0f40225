// DESIGN 4 "Recipients" and "Duplicates".
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {
const std::string kMailbox = "catchall@example.com";
}

TEST_CASE("F09 a stamp decides alone: what To and Cc claim gets nothing") {
  World w;
  const auto claimed = w.wait(kOther);
  Arrive arrive;
  arrive.source = kMain;
  arrive.message.recipients.stamped = {kBot};
  arrive.message.recipients.claimed = {kOther};
  arrive.message.recipients.to_mailbox_itself = true;
  arrive.mailbox_address = kMailbox;
  arrive.verdict.outcome = code::Outcome::code;
  arrive.verdict.codes.emplace_back();
  arrive.verdict.codes.back().value = "482913";
  w.apply(arrive);
  CHECK(w.blocks(claimed));
  CHECK(w.blocks(w.wait(kMailbox)));
  CHECK(w.code(w.wait(kBot)) == "482913");
}

TEST_CASE("without a stamp the one address of To and Cc that is asked for gets it") {
  World w;
  const auto wait = w.wait(kOther);
  w.mail({.claimed = {kBot, kOther}});
  CHECK(w.code(wait) == "482913");
  CHECK(w.got(wait)->recipient == kOther);
}

TEST_CASE("F10 two addresses of To are asked for: ambiguous recipient, nobody gets it") {
  World w;
  const auto a = w.wait(kBot);
  const auto b = w.wait(kOther);
  w.mail({.claimed = {kBot, kOther}});
  CHECK(w.blocks(a));
  CHECK(w.blocks(b));
  w.pass(120s);
  CHECK(w.exit(a) == ExitCode::unreadable);
  CHECK(w.first_reason(b) == Unmatched::ambiguous_recipient);
}

TEST_CASE("F10 an open session asks too, though it does not wait") {
  World w;
  w.register_for(kOther);
  const auto a = w.wait(kBot);
  w.mail({.claimed = {kBot, kOther}});
  CHECK(w.blocks(a));
}

TEST_CASE("recipients = \"all\": each that is named gets it, each once") {
  Settings all;
  all.recipients_all = true;
  World w(all);
  const auto a = w.wait(kBot);
  const auto a2 = w.wait(kBot);
  const auto b = w.wait(kOther);
  w.mail({.claimed = {kBot, kOther}});
  CHECK(w.code(a) == "482913");
  CHECK(w.code(b) == "482913");
  CHECK(w.blocks(a2));
  CHECK(w.acknowledge(a));
  CHECK(w.acknowledge(b));
}

TEST_CASE(
    "a message with two stamps is for both, and one acknowledgement leaves the other's copy") {
  World w;
  const auto a = w.wait(kBot);
  Arrive arrive;
  arrive.source = "lmtp";
  arrive.message.recipients.stamped = {kBot, kOther, kBot};
  arrive.verdict.outcome = code::Outcome::code;
  arrive.verdict.codes.emplace_back();
  arrive.verdict.codes.back().value = "482913";
  w.apply(arrive);
  CHECK(w.code(a) == "482913");
  w.acknowledge(a);
  w.restart(1s);
  CHECK(w.code(w.wait(kOther)) == "482913");
}

TEST_CASE("kept with its candidates and matched when somebody asks") {
  World w;
  w.mail({.claimed = {kBot, kOther}});
  CHECK(w.code(w.wait(kOther)) == "482913");
  const auto late = w.wait(kBot);
  CHECK(w.blocks(late));  // it went to one of them
}

TEST_CASE("that the others stop asking decides nothing, a new wait does") {
  World w;
  const auto a = w.wait(kBot);
  const auto b = w.wait(kOther);
  w.mail({.claimed = {kBot, kOther}});
  w.gone(b);
  CHECK(w.blocks(a));
  CHECK(w.code(w.wait(kBot)) == "482913");
}

TEST_CASE("the mailbox's own address counts when asked for, last") {
  World w;
  const auto own = w.wait(kMailbox);
  const auto bot = w.wait(kBot);
  w.mail({.claimed = {kBot}, .to_mailbox = true, .code = "111111"});
  CHECK(w.code(bot) == "111111");
  CHECK(w.blocks(own));
  w.mail({.claimed = {kOther}, .to_mailbox = true, .code = "222222"});
  CHECK(w.code(own) == "222222");
  CHECK(w.got(own)->recipient == kMailbox);
}

TEST_CASE("mail to the mailbox's own address alone") {
  World w;
  w.mail({.to = "", .to_mailbox = true});
  CHECK(w.code(w.wait(kMailbox)) == "482913");
}

TEST_CASE("mail that names nobody is for nobody") {
  World w;
  w.mail({.to = ""});
  CHECK(w.records(RecordKind::message) == 0);
  const auto wait = w.wait();
  w.mail({.to = ""});
  w.pass(120s);
  CHECK(w.first_reason(wait) == Unmatched::other_recipient);
}

TEST_CASE("an SMS that names no number goes to the one phone that is asked for") {
  World w;
  const auto wait = w.wait(kPhone);
  w.sms({.to = ""});
  CHECK(w.code(wait) == "482913");
  CHECK(w.got(wait)->recipient == kPhone);
}

TEST_CASE("an SMS that names no number waits for somebody who asks for one") {
  World w;
  w.sms({.to = ""});
  CHECK(w.blocks(w.wait(kBot)));
  CHECK(w.code(w.wait(kPhone)) == "482913");
}

TEST_CASE("an SMS that names no number, two are asked for: ambiguous recipient") {
  World w;
  const auto a = w.wait(kPhone);
  const auto b = w.wait("+905550000002");
  w.sms({.to = ""});
  CHECK(w.blocks(a));
  CHECK(w.blocks(b));
  w.pass(120s);
  CHECK(w.first_reason(a) == Unmatched::ambiguous_recipient);
}

TEST_CASE("a waiter for an address and a number takes what comes first") {
  World w;
  Wait wait;
  wait.spec = {kBot, kPhone, {}, {}, "{}"};
  const auto asked = w.wait(wait);
  w.sms({.code = "111111"});
  CHECK(w.code(asked) == "111111");
  CHECK(w.got(asked)->channel == "sms");
}

TEST_CASE("mail is known by mailbox, UIDVALIDITY and UID") {
  World w;
  CHECK_FALSE(w.mail({.uid = 7}).duplicate);
  CHECK(w.mail({.uid = 7}).duplicate);
  CHECK_FALSE(w.mail({.uid = 7, .uid_validity = 2}).duplicate);
  CHECK_FALSE(w.mail({.source = "second/INBOX", .uid = 7}).duplicate);
  CHECK_FALSE(
      w.mail({.to = kOther, .uid = 7}).duplicate);  // another copy of a message with two stamps
}

TEST_CASE("F14 the same Message-ID for the same recipient is the same mail, over sources too") {
  World w;
  const auto first = w.wait();
  w.mail({.message_id = "one@shop.example", .uid = 7});
  w.acknowledge(first);
  const auto second = w.wait();
  CHECK(w.mail({.message_id = "one@shop.example", .uid = 8}).duplicate);
  CHECK(w.mail({.message_id = "one@shop.example", .source = "lmtp"}).duplicate);
  CHECK(w.blocks(second));
  CHECK_FALSE(w.mail({.to = kOther, .message_id = "one@shop.example"}).duplicate);
}

TEST_CASE("F14 a guard survives a kill and ends after a day") {
  World w;
  const auto first = w.wait();
  w.mail({.message_id = "one@shop.example"});
  w.acknowledge(first);
  w.restart(1h);
  CHECK(w.mail({.message_id = "one@shop.example"}).duplicate);
  w.pass(22h);
  CHECK(w.mail({.message_id = "one@shop.example"}).duplicate);
  w.pass(1h);
  CHECK(w.records(RecordKind::guard) == 0);
  CHECK_FALSE(w.mail({.message_id = "one@shop.example"}).duplicate);
}

TEST_CASE("an SMS is known by its provider's id, else by sender, text and sent time") {
  World w;
  CHECK_FALSE(w.sms({.id = "x1"}).duplicate);
  CHECK(w.sms({.from = "OTHER", .id = "x1"}).duplicate);
  CHECK_FALSE(w.sms({.id = "x2"}).duplicate);
  CHECK_FALSE(w.sms({.sent_ago = 10s}).duplicate);
  CHECK(w.sms({.sent_ago = 10s}).duplicate);
  CHECK_FALSE(w.sms({.sent_ago = 9s}).duplicate);
  CHECK_FALSE(w.sms({}).duplicate);  // nothing to know it by: a sender may say the same again
  CHECK_FALSE(w.sms({}).duplicate);
}

TEST_CASE("a duplicate is not delivered, and says so to whoever brings it") {
  World w;
  w.mail({.uid = 7});
  const auto wait = w.wait();
  CHECK(w.code(wait) == "482913");
  const auto again = w.mail({.uid = 7});
  CHECK(again.duplicate);
  CHECK_FALSE(again.delivered);
}

TEST_CASE("no key of a record holds a code, a sender's text or a Message-ID") {
  World w;
  w.mail({.code = "123456", .message_id = "123456@shop.example"});
  w.sms({.code = "654321", .id = "654321"});
  for (const auto& recipient : {kBot, kPhone}) w.acknowledge(w.wait(recipient));
  for (const auto& [key, value] : w.store) {
    CHECK(key.second.find("123456") == std::string::npos);
    CHECK(key.second.find("654321") == std::string::npos);
  }
}

TEST_CASE("the oldest message goes when more than the cap are held, never one that is claimed") {
  Settings few;
  few.max_messages = 3;
  World w(few);
  const auto wait = w.wait();
  w.mail({.code = "111111"});
  for (int i = 0; i < 6; ++i) w.mail({.to = "n" + std::to_string(i) + "@example.com"});
  CHECK(w.acknowledge(wait));
  CHECK(w.records(RecordKind::message) == 2);
  CHECK(w.blocks(w.wait("n0@example.com")));
  CHECK(w.code(w.wait("n5@example.com")) == "482913");
}
