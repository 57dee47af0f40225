// Built for 10,000 blocked waiters: what a command costs and what a waiter weighs.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

#include <malloc.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

constexpr int kMany = 10'000;

std::string bot(int number) { return "bot" + std::to_string(number) + "@bots.example.com"; }

Wait wait_of(int number, const std::string& recipient) {
  char id[40];
  std::snprintf(id, sizeof id, "%08x-0000-4000-8000-000000000000", static_cast<unsigned>(number));
  Wait wait;
  wait.request = static_cast<RequestId>(number) + 1;
  wait.client = static_cast<ClientId>(number) + 1;
  wait.pid = number;
  wait.waiter = id;
  wait.spec = World::spec(recipient);
  return wait;
}

Arrive arrival_for(const std::string& recipient, int number) {
  Arrive arrive;
  arrive.source = "lmtp";
  arrive.message.recipients.stamped = {recipient};
  arrive.message.sender = "noreply@shop.example";
  arrive.message.sender_domain = "shop.example";
  arrive.verdict.outcome = code::Outcome::code;
  arrive.verdict.codes.emplace_back();
  arrive.verdict.codes.back().value = std::to_string(100'000 + number);
  return arrive;
}

/// 10,000 wait, 10,000 codes come in another order, each goes to its own and touches nothing else.
void many(bool same_recipient) {
  Delivery delivery{Settings{}};
  Now now{Instant(1h), WallTime(1000h)};
  const auto recipient = [&](int number) { return same_recipient ? kBot : bot(number); };
  for (int i = 0; i < kMany; ++i) {
    now.instant += 1us;
    now.wall += 1us;
    CHECK(delivery.apply(wait_of(i, recipient(i)), now).replies.empty());
  }
  CHECK(delivery.waiters(now).size() == kMany);
  int right = 0;
  std::size_t most = 0, events = 0;
  for (int i = 0; i < kMany; ++i) {
    now.instant += 1us;
    now.wall += 1us;
    const int number = i * 7919 % kMany;
    const Effects effects = delivery.apply(arrival_for(recipient(number), i), now);
    most = std::max(most, effects.changes.size() + effects.replies.size() + effects.notices.size());
    events = std::max(events, effects.events.size());
    if (effects.replies.size() != 1) continue;
    const auto* code = std::get_if<Delivered>(&effects.replies[0].answer);
    const auto expected = static_cast<RequestId>(same_recipient ? i : number) + 1;
    right +=
        code && code->code == std::to_string(100'000 + i) && effects.replies[0].request == expected;
    if (code)
      delivery.apply(
          Acknowledge{0, code->delivery, wait_of(static_cast<int>(expected) - 1, kBot).waiter},
          now);
  }
  CHECK(right == kMany);
  CHECK(most == 2);  // the record with its claim, and the reply
  CHECK(events == 2);  // it arrived, it was claimed
  CHECK(delivery.waiters(now).empty());
}

}  // namespace

TEST_CASE(
    "L14 10,000 waiters, 10,000 codes: every waiter its own, each arrival touches one record and "
    "one waiter") {
  many(false);
}

TEST_CASE("L14 10,000 waiters for one recipient get 10,000 codes in the order in which they came") {
  many(true);
}

TEST_CASE("10,000 waits that time out at once are all told why") {
  Delivery delivery{Settings{}};
  Now now{Instant(1h), WallTime(1000h)};
  for (int i = 0; i < kMany; ++i) delivery.apply(wait_of(i, bot(i)), now);
  now.instant += 120s;
  now.wall += 120s;
  const Effects effects = delivery.apply(Tick{}, now);
  CHECK(effects.replies.size() == kMany);
  CHECK(std::get<WaitEnd>(effects.replies.back().answer).exit == ExitCode::timed_out);
  CHECK_FALSE(delivery.demand().email);
}

#ifndef OTPCTL_SANITIZED
TEST_CASE("a blocked waiter weighs at most 1.2 KB") {
  Delivery delivery{Settings{}};
  Now now{Instant(1h), WallTime(1000h)};
  delivery.apply(wait_of(kMany, bot(kMany)), now);
  const std::size_t before = mallinfo2().uordblks;
  for (int i = 0; i < kMany; ++i) delivery.apply(wait_of(i, bot(i)), now);
  const std::size_t each = (mallinfo2().uordblks - before) / kMany;
  MESSAGE("a blocked waiter weighs " << each << " bytes");
  CHECK(each <= 1200);
  for (int i = 0; i < kMany; ++i) delivery.apply(ClientGone{static_cast<ClientId>(i) + 1}, now);
}
#endif
