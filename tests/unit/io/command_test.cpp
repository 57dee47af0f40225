#include "io/command.hpp"

#include "base/fd.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>

using namespace otpctl;
using namespace otpctl::io;

namespace {

constexpr Duration kLong = std::chrono::seconds(20);

std::string run(const std::vector<std::string>& argv) {
  Loop loop;
  std::string said;
  Running running(
      loop, argv,
      [&](Result<Secret> secret) {
        said = secret ? std::string(secret->reveal()) : "error " + secret.error().message;
        loop.stop();
      },
      kLong);
  loop.run();
  return said;
}

}  // namespace

TEST_CASE("the first line that a program prints is the secret") {
  CHECK(run({"/bin/sh", "-c", "echo one; echo two"}) == "one");
}

TEST_CASE("a program inherits no descriptor, not even one that a library forgot to mark") {
  const Fd forgotten(::open("/dev/null", O_RDONLY));
  const Fd far(::fcntl(forgotten.get(), F_DUPFD, 200));
  REQUIRE(far);
  CHECK(run({"/bin/sh", "-c", "test -e /proc/$$/fd/200 && echo leaked || echo none"}) == "none");
}

TEST_CASE("a program that cannot be started is an error, told from the loop") {
  CHECK(run({"/nonexistent/program"}).find("cannot be started") != std::string::npos);
}

TEST_CASE("giving up on a program that could not be started is enough to hear no more of it") {
  Loop loop;
  bool called = false;
  {
    Running running(loop, {"/nonexistent/program"}, [&](Result<Secret>) { called = true; }, kLong);
  }
  loop.post([&] { loop.stop(); });
  loop.run();
  CHECK_FALSE(called);
}
