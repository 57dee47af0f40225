#include "otpctl/dispatch.hpp"

#include <doctest/doctest.h>

namespace otpctl::apps {
namespace {

using Words = std::vector<std::string>;

TEST_CASE("a command is looked for beside the dispatcher first, then along PATH") {
  CHECK(programs_for("wait", "/opt/x/bin/otpctl", "/usr/local/bin:/usr/bin") ==
        Words{"/opt/x/libexec/otpctl/otpctl-wait", "/usr/local/bin/otpctl-wait",
              "/usr/bin/otpctl-wait"});
}

TEST_CASE(
    "relative and empty entries of PATH are passed over: anybody may have put something there") {
  CHECK(programs_for("wait", "/usr/bin/otpctl", ":.:bin::/bin:") ==
        Words{"/usr/libexec/otpctl/otpctl-wait", "/bin/otpctl-wait"});
}

TEST_CASE("a name that is a path or an option is none") {
  for (const char* name : {"", "../wait", "a/b", "-x", ".hidden"})
    CHECK(programs_for(name, "/usr/bin/otpctl", "/bin").empty());
}

TEST_CASE("a mistyped command is answered with the nearest, on one line") {
  CHECK(unknown_command("wiat") == "otpctl: unknown command 'wiat', did you mean 'wait'?\n");
  CHECK(unknown_command("frobnicate") ==
        "otpctl: unknown command 'frobnicate' (see otpctl help)\n");
  CHECK(unknown_command("--json") == "otpctl: unknown option '--json' (see otpctl help)\n");
  CHECK(unknown_command("a\nb\x1b[0m").find('\n') == unknown_command("a\nb\x1b[0m").size() - 1);
}

}  // namespace
}  // namespace otpctl::apps
