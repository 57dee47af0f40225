#include "base/secret.hpp"

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

using otpctl::Secret;

namespace {
const std::string kLong(100, 'x');  // too long for the string's inner buffer
}

TEST_CASE("wipe overwrites the whole capacity, also what stood behind the end") {
  std::string text = kLong;
  text.resize(3);
  const char* storage = text.data();
  const std::size_t capacity = text.capacity();
  otpctl::wipe(text);
  CHECK(text.empty());
  REQUIRE(text.data() == storage);
  REQUIRE(text.capacity() == capacity);
  // The bytes are still owned by `text`, beyond its size.
  for (std::size_t i = 0; i < capacity; ++i) CHECK(storage[i] == '\0');
}

TEST_CASE("a secret that was moved from is empty, also a short one") {
  for (const std::string& text : {std::string("short"), kLong}) {
    Secret from{text};
    Secret to{std::move(from)};
    CHECK(to.reveal() == text);
    CHECK(from.empty());  // NOLINT(bugprone-use-after-move): the contract under test
    Secret third;
    third = std::move(to);
    CHECK(third.reveal() == text);
    CHECK(to.empty());  // NOLINT(bugprone-use-after-move)
  }
}

TEST_CASE("copies are independent and assigning to itself changes nothing") {
  Secret one{"first"};
  const Secret two = one;
  one = Secret("second");
  CHECK(two.reveal() == "first");
  CHECK(one.reveal() == "second");
  const Secret& same = one;
  one = same;
  CHECK(one.reveal() == "second");
  CHECK(one.size() == 6);
}

TEST_CASE("a secret is not comparable and does not turn into a string by accident") {
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
  static_assert(!std::is_convertible_v<std::string, Secret>);
  CHECK(Secret().empty());
}
