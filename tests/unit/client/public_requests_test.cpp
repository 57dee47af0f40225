#include "client/public_requests.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;

namespace otpctl::client {
namespace {

WaitOptions wait_for_bot() { return WaitOptions{.target = {"bot5@example.com", {}}}; }
RegisterOptions register_bot() { return RegisterOptions{.target = {"bot5@example.com", {}}}; }

TEST_CASE("a wait is asked for with every option") {
  WaitOptions options = wait_for_bot();
  options.filters = {"*@shop.example", "*code*", "(\\d+)", 4, 8};
  options.timeout = 90s;
  options.since = 0s;
  options.exclusive = true;
  options.queue = 5min;
  options.fail_fast = true;
  const auto request = request_of(options);
  REQUIRE(request);
  CHECK(request->waiter.empty());  // the Waiter's to choose
  CHECK(request->target == options.target);
  CHECK(request->filters == options.filters);
  CHECK(request->timeout == 90s);
  CHECK(request->since == 0s);
  CHECK(request->exclusive);
  CHECK(request->queue == 5min);
  CHECK(request->fail_fast);
  CHECK(!request->no_limit);
  options = {.session = "1c8f", .no_limit = true};
  CHECK(request_of(options)->session == "1c8f");
  CHECK(request_of(options)->no_limit);
}

TEST_CASE("a session is asked for with every option, without metadata with an empty object") {
  RegisterOptions options = register_bot();
  options.target.phone = "+905551112233";
  options.filters = {"*@shop.example", "", "", 6, 6};
  options.ttl = 20min;
  options.country = "TR";
  options.metadata = R"({"run":7})";
  options.exclusive = true;
  options.queue = 0s;
  const auto request = request_of(options);
  REQUIRE(request);
  CHECK(request->target == options.target);
  CHECK(request->filters == options.filters);
  CHECK(request->ttl == 20min);
  CHECK(request->country == "TR");
  CHECK(request->metadata == R"({"run":7})");
  CHECK(request->exclusive);
  CHECK(request->queue == 0s);
  options.metadata.clear();
  CHECK(request_of(options)->metadata == "{}");
}

TEST_CASE("durations that no command would take are refused before anything is done with them") {
  for (const Duration wrong : {Duration(-1), Duration(-5min), Duration(24h * 366 + 1us), Duration::max(), Duration::min()}) {
    CAPTURE(wrong.count());
    const auto refused = [&](auto options, auto member) {
      options.exclusive = true;
      options.*member = wrong;
      const auto request = request_of(options);
      REQUIRE(!request);
      CHECK(request.error().code == ErrorCode::usage);
    };
    refused(wait_for_bot(), &WaitOptions::timeout);
    refused(wait_for_bot(), &WaitOptions::since);
    refused(wait_for_bot(), &WaitOptions::queue);
    refused(register_bot(), &RegisterOptions::ttl);
    refused(register_bot(), &RegisterOptions::queue);
  }
  WaitOptions longest = wait_for_bot();
  longest.timeout = 24h * 366;
  CHECK(request_of(longest).has_value());
}

TEST_CASE("a wait is for a session or a recipient, a session for a recipient") {
  CHECK(request_of(WaitOptions{}).error().code == ErrorCode::usage);
  WaitOptions both = wait_for_bot();
  both.session = "1c8f";
  CHECK(request_of(both).error().code == ErrorCode::usage);
  CHECK(request_of(RegisterOptions{}).error().code == ErrorCode::usage);
  WaitOptions queue = wait_for_bot();
  queue.queue = 1s;
  CHECK(request_of(queue).error().message == "'queue' belongs to 'exclusive'");
}

TEST_CASE("one bound of a code's length is enough") {
  const auto bounds = [](int min, int max) {
    WaitOptions options = wait_for_bot();
    options.filters.length_min = min;
    options.filters.length_max = max;
    const auto request = request_of(options);
    return request ? std::pair(request->filters.length_min, request->filters.length_max) : std::pair(-1, -1);
  };
  CHECK(bounds(0, 0) == std::pair(0, 0));
  CHECK(bounds(4, 0) == std::pair(4, 64));
  CHECK(bounds(0, 8) == std::pair(1, 8));
  CHECK(bounds(4, 8) == std::pair(4, 8));
  for (const auto& [min, max] : {std::pair(8, 4), std::pair(-1, 8), std::pair(4, 65), std::pair(4, -1), std::pair(65, 0)}) {
    CAPTURE(min);
    CAPTURE(max);
    CHECK(bounds(min, max) == std::pair(-1, -1));
  }
}

TEST_CASE("metadata that is no object, too long or too deep is refused, not left out") {
  const std::string deep = "{\"a\":" + std::string(8, '[') + std::string(8, ']') + "}";
  for (const std::string& metadata :
       {std::string("[]"), std::string("7"), std::string("{"), std::string("{}{}"), deep,
        "{\"a\":\"" + std::string(8 * 1024, 'x') + "\"}", std::string("{\"a\":1}\0", 8)}) {
    RegisterOptions options = register_bot();
    options.metadata = metadata;
    CHECK(request_of(options).error().code == ErrorCode::usage);
  }
}

TEST_CASE("what would not fit into a line is refused") {
  WaitOptions options = wait_for_bot();
  options.filters.subject = std::string(rpc::kMaxLine, 'x');
  CHECK(request_of(options).error().code == ErrorCode::usage);
  CHECK(!fits_into_a_line(rpc::Sms{std::string(rpc::kMaxLine, 'x'), "", "", {}, ""}));
  CHECK(!fits_into_a_line(rpc::Sms{std::string(rpc::kMaxLine / 6, '\1'), "", "", {}, ""}));  // escaped it is longer
  CHECK(fits_into_a_line(rpc::Sms{std::string(32 * 1024, 'x'), "", "", {}, ""}).has_value());
}

}  // namespace
}  // namespace otpctl::client
