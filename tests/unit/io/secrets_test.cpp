#include "io/secrets.hpp"

#include "io/command.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <sys/stat.h>

using namespace otpctl;
using namespace otpctl::io;

namespace {

std::string write_file(const test::TempDir& dir, const std::string& text, unsigned mode) {
  const auto path = dir.path() + "/secret";
  std::ofstream(path) << text;
  ::chmod(path.c_str(), mode);
  return path;
}

Result<Secret> run(const std::vector<std::string>& argv, Duration within = std::chrono::seconds(20)) {
  Loop loop;
  Result<Secret> result = fail(ErrorCode::internal, "never answered");
  Running running(
      loop, argv,
      [&](Result<Secret> secret) {
        result = std::move(secret);
        loop.stop();
      },
      within);
  loop.run();
  return result;
}

}  // namespace

TEST_CASE("a secret file gives its first line, with the blanks that belong to it") {
  test::TempDir dir;
  const auto secret = read_secret_file(write_file(dir, " pass word \nsecond line\n", 0600));
  REQUIRE(secret);
  CHECK(secret->reveal() == " pass word ");
}

TEST_CASE("a secret file that group or others can read is refused, with the fix and without its text") {
  test::TempDir dir;
  for (unsigned mode : {0640u, 0604u, 0660u, 0644u, 0620u}) {
    const auto secret = read_secret_file(write_file(dir, "hunter\n", mode));
    REQUIRE_FALSE(secret);
    CHECK(secret.error().code == ErrorCode::permission);
    CHECK(secret.error().message.find("chmod 600") != std::string::npos);
    CHECK(secret.error().message.find("hunter") == std::string::npos);
  }
}

TEST_CASE("a missing, empty or odd secret file is a clear error") {
  test::TempDir dir;
  CHECK(read_secret_file(dir.path() + "/none").error().code == ErrorCode::config);
  CHECK(read_secret_file(write_file(dir, "", 0600)).error().code == ErrorCode::config);
  CHECK(read_secret_file(dir.path()).error().code == ErrorCode::permission);
}

TEST_CASE("a variable that is not set says what to do") {
  ::unsetenv("OTPCTL_TEST_UNSET");
  CHECK(read_secret_variable("OTPCTL_TEST_UNSET").error().message.find("agent restart") != std::string::npos);
  ::setenv("OTPCTL_TEST_SET", "value", 1);
  CHECK(read_secret_variable("OTPCTL_TEST_SET")->reveal() == "value");
}

TEST_CASE("a program gives its first line of output") {
  CHECK(run({"printf", "to ken\\nmore\\n"})->reveal() == "to ken");
}

TEST_CASE("a program that fails, prints nothing or does not exist is refused without its output") {
  CHECK(run({"sh", "-c", "echo leaked; exit 3"}).error().message.find("status 3") != std::string::npos);
  CHECK(run({"sh", "-c", "echo leaked; exit 3"}).error().message.find("leaked") == std::string::npos);
  CHECK(run({"true"}).error().code == ErrorCode::auth_rejected);
  CHECK(run({"otpctl-no-such-program"}).error().code == ErrorCode::auth_rejected);
}

TEST_CASE("a program that gives no answer in time is ended with its children") {
  const auto result = run({"sh", "-c", "sleep 600 & wait"}, std::chrono::milliseconds(50));
  REQUIRE_FALSE(result);
  CHECK(result.error().message.find("no answer") != std::string::npos);
}
