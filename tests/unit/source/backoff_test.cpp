#include "source/backoff.hpp"

#include "source/probe.hpp"

#include <doctest/doctest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <set>

using namespace std::chrono_literals;
using otpctl::Duration;
using otpctl::source::Backoff;
using otpctl::source::LoginBreaker;

TEST_CASE("the pause doubles from 2 s and never passes 300 s") {
  Backoff backoff;
  CHECK(backoff.failed(1.0, false) == 2s);
  CHECK(backoff.failed(1.0, false) == 4s);
  CHECK(backoff.failed(1.0, false) == 8s);
  Duration last{};
  for (int i = 0; i < 20; ++i) last = backoff.failed(0.999, false);
  CHECK(last > 299s);
  CHECK(last <= 300s);
}

TEST_CASE("I07 a hundred agents spread over half the step and none comes back before 2 s") {
  std::set<Duration> pauses;
  for (int agent = 0; agent < 100; ++agent) {
    Backoff backoff;
    const double random = agent / 100.0;
    CHECK(backoff.failed(random, false) >= 2s);
    for (int i = 0; i < 3; ++i) backoff.failed(random, false);
    const auto fifth = backoff.failed(random, false);
    CHECK(fifth >= 16s);
    CHECK(fifth <= 32s);
    pauses.insert(fifth);
  }
  CHECK(pauses.size() == 100);
}

TEST_CASE("somebody who waits shortens the pause to 15 s") {
  Backoff backoff;
  for (int i = 0; i < 10; ++i) backoff.failed(0.5, false);
  CHECK(backoff.failed(0.5, true) == 15s);
}

TEST_CASE("only proof resets the pause") {
  Backoff backoff;
  for (int i = 0; i < 5; ++i) backoff.failed(1.0, false);
  CHECK(backoff.failed(1.0, false) == 64s);
  backoff.proven();
  CHECK(backoff.failed(1.0, false) == 2s);
}

namespace {
const otpctl::Secret kOld("old"), kNew("new");
const otpctl::Instant kStart{};
}  // namespace

TEST_CASE("I08 the third refused sign-in opens the breaker until the secret differs") {
  LoginBreaker breaker;
  CHECK(breaker.allowed(kOld, kStart, false) == kStart);
  breaker.refused(kOld, kStart);
  CHECK(breaker.allowed(kOld, kStart, false) == kStart + 10s);
  breaker.refused(kOld, kStart + 10s);
  CHECK(breaker.allowed(kOld, kStart + 11s, false) == kStart + 130s);
  breaker.refused(kOld, kStart + 130s);
  CHECK(breaker.open());
  CHECK_FALSE(breaker.allowed(kOld, kStart + 24h, false));
  CHECK(breaker.allowed(kNew, kStart + 131s, false) == kStart + 131s);
  CHECK_FALSE(breaker.open());
}

TEST_CASE("a corrected password is tried at once, whatever pause its forerunner had") {
  LoginBreaker breaker;
  breaker.refused(kOld, kStart);
  breaker.refused(kOld, kStart + 10s);
  CHECK(breaker.allowed(kNew, kStart + 11s, false) == kStart + 11s);
}

TEST_CASE("a token that is new at every fetch keeps the pauses, and the refused one itself is never sent again") {
  LoginBreaker breaker;
  for (int i = 0; i < 3; ++i) breaker.refused(kOld, kStart);
  CHECK(breaker.allowed(kNew, kStart + 1s, true) == kStart + 120s);
  CHECK_FALSE(breaker.allowed(kOld, kStart + 1h, true));
}

TEST_CASE("an accepted sign-in forgets earlier refusals") {
  LoginBreaker breaker;
  breaker.refused(kOld, kStart);
  breaker.refused(kOld, kStart);
  breaker.accepted();
  breaker.refused(kOld, kStart);
  CHECK_FALSE(breaker.open());
  CHECK(breaker.allowed(kOld, kStart, false) == kStart + 10s);
}

TEST_CASE("only loopback and private addresses are near enough to be probed") {
  auto near_v4 = [](const char* text) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, text, &address.sin_addr);
    return otpctl::source::is_near(reinterpret_cast<const sockaddr&>(address));
  };
  auto near_v6 = [](const char* text) {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    inet_pton(AF_INET6, text, &address.sin6_addr);
    return otpctl::source::is_near(reinterpret_cast<const sockaddr&>(address));
  };
  for (const char* text : {"127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.7.7", "169.254.0.9"}) {
    CHECK_MESSAGE(near_v4(text), text);
  }
  for (const char* text : {"192.0.2.1", "172.15.0.1", "172.32.0.1", "198.51.100.4", "11.0.0.1", "128.0.0.1"}) {
    CHECK_MESSAGE(!near_v4(text), text);
  }
  for (const char* text : {"::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"}) {
    CHECK_MESSAGE(near_v6(text), text);
  }
  for (const char* text : {"2001:db8::1", "::ffff:192.0.2.1"}) CHECK_MESSAGE(!near_v6(text), text);
}
