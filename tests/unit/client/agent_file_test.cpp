// agent.json: what of it is believed.
#include "client/agent_file.hpp"

#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace otpctl {
namespace {

constexpr char kText[] = R"({"v":1,"socket":"/run/x/agent.sock","lmtp":"","pid":4711,"version":"0.1.0","started":"2026-11-20T09:33:58Z"})";

Paths in(const test::TempDir& home) {
  Paths paths;
  paths.agent_file = home.path() + "/agent.json";
  return paths;
}

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

TEST_CASE("agent.json is believed when it is a plain file of ours") {
  const test::TempDir home;
  const Paths paths = in(home);
  CHECK_FALSE(client::agent_file(paths));
  write(paths.agent_file, std::string(kText) + "\n");
  const auto known = client::agent_file(paths);
  REQUIRE(known);
  CHECK(known->socket == "/run/x/agent.sock");
  CHECK(known->pid == 4711);
  write(paths.agent_file, "");
  CHECK_FALSE(client::agent_file(paths));
  write(paths.agent_file, "{\"v\":1}");
  CHECK_FALSE(client::agent_file(paths));
}

TEST_CASE("agent.json behind a link, as a FIFO or of somebody else is passed over without waiting") {
  const test::TempDir home;
  const Paths paths = in(home);
  write(home.path() + "/elsewhere", kText);
  REQUIRE(symlink("elsewhere", paths.agent_file.c_str()) == 0);
  CHECK_FALSE(client::agent_file(paths));
  REQUIRE(unlink(paths.agent_file.c_str()) == 0);
  REQUIRE(mkfifo(paths.agent_file.c_str(), 0600) == 0);
  CHECK_FALSE(client::agent_file(paths));
  REQUIRE(unlink(paths.agent_file.c_str()) == 0);
  write(paths.agent_file, kText);
  if (geteuid() == 0) {  // only root can give a file away
    REQUIRE(chown(paths.agent_file.c_str(), 65534, 65534) == 0);
    CHECK_FALSE(client::agent_file(paths));
  }
}

}  // namespace
}  // namespace otpctl
