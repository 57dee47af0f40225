#include "code/hide.hpp"

#include <doctest/doctest.h>

using otpctl::code::without_code;

TEST_CASE("a code is cut out of an address, however it is written there") {
  CHECK(without_code("739164@shop.example", "739164") == "…@shop.example");
  CHECK(without_code("code-739-164-739164@shop.example", "739164") == "code-…-…@shop.example");
  CHECK(without_code("ab12cd@shop.example", "AB12CD") == "…@shop.example");
  CHECK(without_code("7.3.9_1 64@shop.example", "739164") == "…@shop.example");
  CHECK(without_code("7391739164", "739164") == "7391…");
}

TEST_CASE("what is no code stays, and so does one that would be found everywhere") {
  CHECK(without_code("no-reply@shop.example", "739164") == "no-reply@shop.example");
  CHECK(without_code("73916@shop.example", "739164") == "73916@shop.example");
  CHECK(without_code("7--39164@shop.example", "739164") == "7--39164@shop.example");
  CHECK(without_code("bot123@example.com", "123") == "bot123@example.com");
  CHECK(without_code("", "739164") == "");
  CHECK(without_code("739164", "") == "739164");
}
