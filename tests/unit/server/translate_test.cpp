#include "server/translate.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::server;

namespace {
const Caller kCaller{7, 3, 4711, "TR"};
}

TEST_CASE("a wait is told in delivery's words, its address in the one spelling") {
  rpc::Wait wait;
  wait.waiter = "w-1";
  wait.target.email = "Bot5@Example.COM";
  wait.timeout = std::chrono::seconds(5);
  wait.filters.from = "*@shop.example";
  const auto command = command_of(wait, kCaller);
  REQUIRE(command);
  const auto& told = std::get<delivery::Wait>(*command);
  CHECK(told.request == 7);
  CHECK(told.client == 3);
  CHECK(told.pid == 4711);
  CHECK(told.spec.email == "bot5@example.com");
  CHECK(told.spec.filters.from == "*@shop.example");
  CHECK(told.timeout == std::optional<Duration>(std::chrono::seconds(5)));
}

TEST_CASE("a wait for nobody, or for what is no address or number, is a usage error") {
  rpc::Wait wait;
  wait.waiter = "w-1";
  CHECK(command_of(wait, kCaller).error().code == ErrorCode::usage);
  wait.target.email = "not an address";
  CHECK(command_of(wait, kCaller).error().code == ErrorCode::usage);
  wait.target = {"", "twelve"};
  CHECK(command_of(wait, kCaller).error().code == ErrorCode::usage);
}

TEST_CASE("a phone number without country code takes the configured region") {
  rpc::Wait wait;
  wait.waiter = "w-1";
  wait.target.phone = "0555 123 45 67";
  const auto command = command_of(wait, kCaller);
  REQUIRE(command);
  CHECK(std::get<delivery::Wait>(*command).spec.phone == "+905551234567");
}

TEST_CASE("the country of a session comes before the configured region") {
  rpc::SessionRegister request;
  request.target.phone = "0151 23456789";
  request.country = "de";
  const auto command = command_of(request, kCaller);
  REQUIRE(command);
  CHECK(std::get<delivery::Register>(*command).spec.phone == "+4915123456789");
  CHECK(std::get<delivery::Register>(*command).spec.country == "DE");
  for (const char* wrong : {"D", "Germany", "\xC3\xA4", "4 ", "ZZ", "xx", "001"}) {
    CAPTURE(wrong);
    request.country = wrong;
    const auto refused = command_of(request, kCaller);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::usage);
  }
  request.country = "ZZ";
  CHECK(command_of(request, kCaller).error().message == "'ZZ' is no country; write its two letters: TR, DE, GB");
  request.target = {"bot5@example.com", ""};  // said at once, not when a number comes one day
  CHECK_FALSE(command_of(request, kCaller));
}

TEST_CASE("an operator's digits lose blanks and dashes, other codes stay as typed") {
  CHECK(typed_code("482 913 ") == "482913");
  CHECK(typed_code("482-913\n") == "482913");
  CHECK(typed_code("٤٨٢٩١٣") == "482913");
  CHECK(typed_code("AB-12cd") == "AB-12cd");
  CHECK_FALSE(typed_code(" - "));
  CHECK_FALSE(typed_code("  "));
  CHECK_FALSE(typed_code("12\n34"));
  CHECK_FALSE(typed_code(std::string(65, '1')));
}

TEST_CASE("an entry for a whole address carries it normalised, a fragment does not") {
  const auto whole = command_of(rpc::Manual{"Bot5@Example.com", "123456"}, kCaller);
  REQUIRE(whole);
  CHECK(std::get<delivery::PersonEntry>(*whole).recipient == "bot5@example.com");
  CHECK_FALSE(std::get<delivery::PersonEntry>(*whole).waiting_only);
  CHECK(std::get<delivery::PersonEntry>(*command_of(rpc::Manual{"bot5", "123456", true}, kCaller)).waiting_only);
  const auto number = command_of(rpc::Manual{"0555 123 45 67", "123456"}, kCaller);
  REQUIRE(number);
  CHECK(std::get<delivery::PersonEntry>(*number).recipient == "+905551234567");
  for (const char* part : {"bot5", "bot5@ex", "555123", "4567"}) {
    CAPTURE(part);
    const auto fragment = command_of(rpc::Manual{part, "123456"}, kCaller);
    REQUIRE(fragment);
    CHECK(std::get<delivery::PersonEntry>(*fragment).recipient.empty());
  }
}

TEST_CASE("delivery's errors stay errors, an accepted entry names its recipient") {
  CHECK(answer_of(Error{ErrorCode::not_found, "no such session"}).error().code == ErrorCode::not_found);
  const auto manual = answer_of(delivery::Accepted{false, true, "bot5@example.com", 1});
  REQUIRE(manual);
  CHECK(std::get<rpc::ManualResult>(*manual).recipient == "bot5@example.com");
  const auto sms = answer_of(delivery::Accepted{true, false, "", 0});
  REQUIRE(sms);
  CHECK(std::get<rpc::SmsResult>(*sms).duplicate);
}

TEST_CASE("who holds a session is the connection that asks") {
  const auto command = command_of(rpc::SessionHold{"1c2d"}, kCaller);
  const auto& hold = std::get<delivery::HoldSession>(command);
  CHECK(hold.request == 7);
  CHECK(hold.client == 3);
  CHECK(hold.session == "1c2d");
}
