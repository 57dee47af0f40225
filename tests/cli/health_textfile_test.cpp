// health --textfile: what stands in the file, and that it is never half or stale.
#include "health/health.hpp"
#include "health/textfile.hpp"
#include "support/fake_agent.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using otpctl::test::AgentSide;
using otpctl::test::FakeAgent;
using otpctl::test::TempDir;

namespace otpctl::apps::health {
namespace {

HealthReport report_of_one() {
  HealthReport report;
  report.sources.resize(1);
  report.sources[0].status.name = "main/INBOX";
  report.sources[0].status.state = SourceState::live;
  return report;
}

int run_with(const Options& options, const HealthReport& report, TestContext& test, const TempDir& home) {
  FakeAgent agent(home.path() + "/agent.sock",
                  {[&](AgentSide& side) { side.answer(side.greet().id, report); }});
  return static_cast<int>(run(options, test.context));
}

std::map<std::string, std::string> in(const TempDir& home) {
  return {{"OTPCTL_HOME", home.path()}, {"OTPCTL_AGENTD", "/bin/false"}};
}

TEST_CASE("--textfile: whole or not at all, 0644, written for an agent that is gone, too") {
  const TempDir home;
  const std::string path = home.path() + "/otpctl.prom";
  Options options;
  options.textfile = path;
  options.quiet = true;
  const mode_t before = umask(0077);
  TestContext test("health", "", in(home));
  CHECK(run_with(options, report_of_one(), test, home) == 0);
  umask(before);
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0644);
  const auto content = [&] {
    std::ifstream file(path);
    return std::string{std::istreambuf_iterator<char>(file), {}};
  };
  CHECK(content().find("otpctl_up 1\n") != std::string::npos);
  TestContext gone("health", "", in(home));
  CHECK(static_cast<int>(run(options, gone.context)) == 2);
  CHECK(content().find("otpctl_up 0\n") != std::string::npos);
  int files = 0;
  for (const auto& each : std::filesystem::directory_iterator(home.path()))
    files += each.path().filename() != "agent.sock" ? 1 : 0;
  CHECK(files == 1);  // nothing temporary is left
}

TEST_CASE("--textfile: what is no file is not replaced, and what cannot be written is told") {
  const TempDir home;
  CHECK(replace_file("/dev/null", "x").error().code == ErrorCode::permission);
  CHECK(replace_file(home.path(), "x").error().code == ErrorCode::permission);
  Options options;
  options.textfile = home.path() + "/none/otpctl.prom";
  TestContext test("health", "", in(home));
  CHECK(run_with(options, report_of_one(), test, home) == 3);
  CHECK(test.err.find("none/otpctl.prom: No such file") != std::string::npos);
  TestContext gone("health", "", in(home));
  CHECK(static_cast<int>(run(options, gone.context)) == 2);
}

TEST_CASE("--textfile: a path that is empty is refused") {
  const TempDir home;
  TestContext test("health", "", in(home));
  CHECK(static_cast<int>(parse_and_run({"--textfile", ""}, test.context)) == 3);
  CHECK(test.out.find("empty") != std::string::npos);
}

TEST_CASE("--textfile: a command line that is wrong replaces what stood there, too") {
  const TempDir home;
  const std::string path = home.path() + "/otpctl.prom";
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"--textfile", path, "-w", "foo"}, {"-w", "foo", "--textfile=" + path},
        {"--textfile", path, "--bogus"}, {"--textfile", path, "-w", "5m", "-c", "1m"}}) {
    CAPTURE(wrong.back());
    std::ofstream(path) << "otpctl_up 1\notpctl_health_status 0\n";
    TestContext test("health", "", in(home));
    CHECK(static_cast<int>(parse_and_run(wrong, test.context)) == 3);
    std::ifstream file(path);
    const std::string now{std::istreambuf_iterator<char>(file), {}};
    CHECK(now.find("\notpctl_health_status 3\n") != std::string::npos);
    CHECK(now.find("\notpctl_up 0\n") != std::string::npos);
    CHECK(test.err == "");
  }
  TestContext without("health", "", in(home));
  CHECK(static_cast<int>(parse_and_run({"--textfile", "-w", "foo"}, without.context)) == 3);
  CHECK(!std::filesystem::exists("-w"));
}

TEST_CASE("--textfile: what a run that was killed left is swept, the mode of the file is kept") {
  const TempDir home;
  const std::string path = home.path() + "/otpctl.prom";
  std::ofstream(path + ".otpctl-new") << "half";
  REQUIRE(replace_file(path, "whole"));
  CHECK(!std::filesystem::exists(path + ".otpctl-new"));
  REQUIRE(chmod(path.c_str(), 0640) == 0);
  REQUIRE(replace_file(path, "again"));
  struct stat info {};
  REQUIRE(stat(path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0640);
}

}  // namespace
}  // namespace otpctl::apps::health
