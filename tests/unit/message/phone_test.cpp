#include "message/address.hpp"

#include <doctest/doctest.h>
#include <string>

using namespace otpctl;
using message::normalise_phone;

namespace {

std::string spelt(std::string_view text, std::string_view region = "TR") {
  return normalise_phone(text, region).value_or("-");
}

}  // namespace

TEST_CASE("every way to write a Turkish mobile number is one number") {
  for (const char* text :
       {"+905551234567", "905551234567", "05551234567", "5551234567", "00905551234567",
        "0090 555 123 45 67", "0 (555) 123 45 67", "+90 (0) 555 123 45 67", "+9005551234567",
        "90 0555 123 4567", "+90-555-123-45-67", "tel:+90-555-123-45-67", "whatsapp:+905551234567",
        "TEL:+905551234567;ext=3", "+905551234567;ext=3", " +905551234567 ", "٠٥٥٥١٢٣٤٥٦٧",
        "＋９０５５５１２３４５６７"}) {
    CAPTURE(text);
    CHECK(spelt(text) == "+905551234567");
  }
}

TEST_CASE("without a region only an international number says where it is") {
  CHECK(spelt("+905551234567", "") == "+905551234567");
  CHECK(spelt("+14155550123", "") != "-");
  CHECK(spelt("905551234567", "") == "-");
  CHECK(spelt("0555 123 45 67", "") == "-");
  CHECK(normalise_phone("0555 123 45 67", "").error().message.find("default-region") !=
        std::string::npos);
}

TEST_CASE("a number of another country is not bent into the home country") {
  CHECK(spelt("905551234567", "DE") == "-");
  CHECK(spelt("4917012345678", "TR") == "-");
  CHECK(spelt("+4917012345678", "TR") == "+4917012345678");
  CHECK(spelt("0170 12345678", "DE") == "+4917012345678");
  CHECK(spelt("0905551234567", "TR") == "-");
}

TEST_CASE("service numbers are numbers, short codes stay as they are") {
  CHECK(spelt("4441444") == "+904441444");
  CHECK(spelt("08501234567") == "+908501234567");
  CHECK(spelt("3340") == "3340");
  CHECK(spelt("25161", "") == "25161");
  CHECK(spelt("123456", "") == "123456");
  CHECK(spelt("1234567", "") == "-");
}

TEST_CASE("a mobile range that the tables do not know yet is taken") {
  CHECK(spelt("+905921234567") == "+905921234567");
  CHECK(spelt("0592 123 45 67") == "+905921234567");
  CHECK(spelt("+9055512345678") == "-");  // a digit too many
}

TEST_CASE("a name is no number, and letters are never dialled") {
  for (const char* text :
       {"DENIZBANK", "B001", "1-800-FLOWERS", "", " ", "+", "abc", "tel:", "\xff\xff", "--"}) {
    CAPTURE(text);
    const auto result = normalise_phone(text, "TR");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::usage);
  }
  CHECK(spelt("+1 415 555 CALL") == "-");
  CHECK(spelt("1-800-FLOWERS", "US") == "-");
  CHECK(spelt(std::string(1'000'000, '5')) == "-");
}
