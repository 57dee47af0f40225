// What a program is started with.
#include "base/launch.hpp"

#include <doctest/doctest.h>

namespace otpctl {
namespace {

TEST_CASE("words for execve end with a null pointer and are not copied") {
  const std::vector<std::string> words{"otpctl-agentd", "", "--check"};
  const auto pointers = pointers_to(words);
  REQUIRE(pointers.size() == 4);
  for (std::size_t i = 0; i < words.size(); ++i) CHECK(pointers[i] == words[i].c_str());
  CHECK(pointers.back() == nullptr);
  CHECK(pointers_to({}).size() == 1);
}

TEST_CASE("a variable has a name that a shell could set") {
  for (const char* good : {"OTP", "_", "a1", "OTPCTL_HOME"}) CHECK_MESSAGE(is_variable_name(good), good);
  for (const char* wrong : {"", "1a", "A-B", "A B", "A=B", "\xc3\xbc"}) CHECK_MESSAGE(!is_variable_name(wrong), wrong);
}

}  // namespace
}  // namespace otpctl
