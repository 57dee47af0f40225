#include "base/paths.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <map>
#include <set>
#include <unistd.h>

using namespace otpctl;

namespace {

struct World {
  std::map<std::string, std::string> variables;
  std::set<std::string> own;
  std::string cwd = "/here/dir";
  std::string account = {};  // its home in the user database

  Result<Paths> resolve(const std::string& config = {}) const {
    Surroundings from;
    from.env = [this](const char* name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::string() : found->second;
    };
    from.uid = 1000;
    from.is_own_directory = [this](const std::string& path) { return own.count(path) > 0; };
    from.cwd = cwd;
    from.home_of_account = [this] { return account; };
    return resolve_paths(from, config);
  }
};

std::string error_of(const Result<Paths>& paths) {
  REQUIRE_FALSE(paths.has_value());
  CHECK(paths.error().code == ErrorCode::config);
  CHECK(paths.error().message.find('\n') == std::string::npos);
  return paths.error().message;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

}  // namespace

TEST_CASE("OTPCTL_HOME holds everything") {
  const auto paths = World{
      {{"OTPCTL_HOME", "/srv/otp"}, {"HOME", "/home/bot"}, {"XDG_RUNTIME_DIR", "/run/user/1000"}},
      {"/run/user/1000"}}.resolve();
  REQUIRE(paths.has_value());
  CHECK(paths->config == "/srv/otp/config.toml");
  CHECK(paths->state == "/srv/otp");
  CHECK(paths->store == "/srv/otp/store.db");
  CHECK(paths->key == "/srv/otp/key");
  CHECK(paths->agent_file == "/srv/otp/agent.json");
  CHECK(paths->agent_lock == "/srv/otp/agent.lock");
  CHECK(paths->start_lock == "/srv/otp/start.lock");
  CHECK(paths->socket == "/srv/otp/agent.sock");
  CHECK(paths->lmtp_socket == "/srv/otp/lmtp.sock");
  CHECK(paths->candidates == std::vector<std::string>{"/srv/otp/agent.sock"});
}

TEST_CASE("slashes at the end of OTPCTL_HOME do not count") {
  const auto paths = World{{{"OTPCTL_HOME", "/srv/otp//"}}, {}}.resolve();
  REQUIRE(paths.has_value());
  CHECK(paths->socket == "/srv/otp/agent.sock");
  CHECK(World{{{"OTPCTL_HOME", "/"}}, {}}.resolve()->store == "/store.db");
}

TEST_CASE("a relative OTPCTL_HOME or OTPCTL_SOCKET is refused in one line that names it") {
  const std::string home = error_of(World{{{"OTPCTL_HOME", "otp\nx"}}, {}}.resolve());
  CHECK(contains(home, "OTPCTL_HOME='otp\\x0ax'"));
  CHECK(contains(home, "relative"));
  CHECK(
      contains(error_of(World{{{"HOME", "/home/bot"}, {"OTPCTL_SOCKET", "a.sock"}}, {}}.resolve()),
               "OTPCTL_SOCKET"));
}

TEST_CASE("without variables the XDG defaults below HOME are taken") {
  const auto paths = World{{{"HOME", "/home/bot"}}, {}}.resolve();
  REQUIRE(paths.has_value());
  CHECK(paths->config == "/home/bot/.config/otpctl/config.toml");
  CHECK(paths->store == "/home/bot/.local/state/otpctl/store.db");
  CHECK(paths->socket == "/home/bot/.local/state/otpctl/agent.sock");
  CHECK(paths->lmtp_socket == "/home/bot/.local/state/otpctl/lmtp.sock");
}

TEST_CASE("XDG variables are followed, relative ones count as unset") {
  World world{{{"HOME", "/home/bot"}, {"XDG_CONFIG_HOME", "/c/"}, {"XDG_STATE_HOME", "/s"}}, {}};
  CHECK(world.resolve()->config == "/c/otpctl/config.toml");
  CHECK(world.resolve()->state == "/s/otpctl");
  world.variables["XDG_CONFIG_HOME"] = "c";
  world.variables["XDG_STATE_HOME"] = "./s";
  CHECK(world.resolve()->config == "/home/bot/.config/otpctl/config.toml");
  CHECK(world.resolve()->state == "/home/bot/.local/state/otpctl");
}

TEST_CASE("the socket goes to the runtime folder when that is ours") {
  World world{{{"HOME", "/home/bot"}, {"XDG_RUNTIME_DIR", "/run/mine"}},
              {"/run/mine", "/run/user/1000"}};
  const auto paths = world.resolve();
  CHECK(paths->socket == "/run/mine/otpctl/agent.sock");
  CHECK(paths->lmtp_socket == "/run/mine/otpctl/lmtp.sock");
  CHECK(paths->candidates == std::vector<std::string>{"/run/mine/otpctl/agent.sock",
                                                      "/run/user/1000/otpctl/agent.sock",
                                                      "/home/bot/.local/state/otpctl/agent.sock",
                                                      "/run/otpctl/agent.sock"});
}

TEST_CASE("another user's runtime folder (after su) is neither used nor tried") {
  const auto paths =
      World{{{"HOME", "/root"}, {"XDG_RUNTIME_DIR", "/run/user/4000"}}, {}}.resolve();
  CHECK(paths->socket == "/root/.local/state/otpctl/agent.sock");
  for (const std::string& candidate : paths->candidates)
    CHECK_FALSE(contains(candidate, "/run/user"));
}

TEST_CASE("cron and ssh without XDG_RUNTIME_DIR find the same socket as a login") {
  const World login{{{"HOME", "/home/bot"}, {"XDG_RUNTIME_DIR", "/run/user/1000"}},
                    {"/run/user/1000"}};
  const World cron{{{"HOME", "/home/bot"}}, {"/run/user/1000"}};
  CHECK(login.resolve()->socket == cron.resolve()->socket);
  CHECK(login.resolve()->candidates == cron.resolve()->candidates);
}

TEST_CASE("OTPCTL_SOCKET wins over every folder, the LMTP socket lies beside it") {
  World world{{{"OTPCTL_HOME", "/srv/otp"}, {"OTPCTL_SOCKET", "/run/x/bot.sock"}}, {}};
  const auto paths = world.resolve();
  CHECK(paths->socket == "/run/x/bot.sock");
  CHECK(paths->lmtp_socket == "/run/x/lmtp.sock");
  CHECK(paths->store == "/srv/otp/store.db");
  CHECK(paths->candidates == std::vector<std::string>{"/run/x/bot.sock", "/srv/otp/agent.sock"});
  world.variables["OTPCTL_SOCKET"] = "/bot.sock";
  CHECK(world.resolve()->lmtp_socket == "/lmtp.sock");
}

TEST_CASE("the agent of another store may listen at OTPCTL_SOCKET and at the system's socket") {
  using Sockets = std::vector<std::string>;
  CHECK(World{{{"HOME", "/home/bot"}}, {}}.resolve()->of_others == Sockets{"/run/otpctl/agent.sock"});
  CHECK(World{{{"HOME", "/home/bot"}, {"OTPCTL_SOCKET", "/t/a.sock"}}, {}}.resolve()->of_others ==
        Sockets{"/t/a.sock", "/run/otpctl/agent.sock"});
  CHECK(World{{{"OTPCTL_HOME", "/h"}}, {}}.resolve()->of_others.empty());
  CHECK(World{{{"HOME", "/var/lib/otpctl"}}, {}}.resolve()->of_others.empty());
}

TEST_CASE("OTPCTL_SOCKET may not take the LMTP socket's name") {
  CHECK(contains(
      error_of(World{{{"OTPCTL_HOME", "/h"}, {"OTPCTL_SOCKET", "/h/lmtp.sock"}}, {}}.resolve()),
      "lmtp.sock"));
}

TEST_CASE("a socket of 107 bytes is taken, of 108 refused with the fix") {
  const std::string name = "/agent.sock";
  const std::string fits = "/" + std::string(107 - name.size() - 1, 'h');
  const auto paths = World{{{"OTPCTL_HOME", fits}}, {}}.resolve();
  REQUIRE(paths.has_value());
  CHECK(paths->socket.size() == 107);
  const std::string error = error_of(World{{{"OTPCTL_HOME", fits + "h"}}, {}}.resolve());
  CHECK(contains(error, "108 bytes"));
  CHECK(contains(error, "OTPCTL_SOCKET"));
  CHECK(contains(error, "shorter OTPCTL_HOME"));
  CHECK(World{{{"OTPCTL_HOME", fits + "h"}, {"OTPCTL_SOCKET", "/run/a.sock"}}, {}}
            .resolve()
            .has_value());
}

TEST_CASE("a long HOME is refused only where its folder would hold the socket") {
  const std::string home = "/" + std::string(120, 'h');
  CHECK(contains(error_of(World{{{"HOME", home}}, {}}.resolve()), "set OTPCTL_SOCKET"));
  const auto paths = World{{{"HOME", home}, {"XDG_RUNTIME_DIR", "/run/r"}}, {"/run/r"}}.resolve();
  REQUIRE(paths.has_value());
  CHECK(paths->candidates ==
        std::vector<std::string>{"/run/r/otpctl/agent.sock", "/run/otpctl/agent.sock"});
}

TEST_CASE("the LMTP socket beside a short OTPCTL_SOCKET is measured too") {
  const std::string folder = "/" + std::string(104, 'h');
  CHECK(contains(error_of(World{{{"HOME", "/h"}, {"OTPCTL_SOCKET", folder + "/a"}}, {}}.resolve()),
                 "OTPCTL_SOCKET"));
}

TEST_CASE("without HOME and without variables the error says what to set") {
  CHECK(contains(error_of(World{}.resolve()), "set OTPCTL_HOME"));
  CHECK(contains(error_of(World{{{"HOME", "relative"}}, {}}.resolve()), "set OTPCTL_HOME"));
  CHECK(contains(error_of(World{{{"XDG_STATE_HOME", "/s"}}, {}}.resolve()), "set OTPCTL_HOME"));
}

TEST_CASE("without HOME, as a mail server calls us, the account's own home of the user database counts") {
  World world{{}, {"/home/bot"}};
  world.account = "/home/bot/";
  world.own.insert(world.account);
  CHECK(world.resolve()->store == "/home/bot/.local/state/otpctl/store.db");
  CHECK(world.resolve()->config == "/home/bot/.config/otpctl/config.toml");
  world.variables["HOME"] = "/h";
  CHECK(world.resolve()->state == "/h/.local/state/otpctl");
  world.variables["HOME"] = "relative";
  CHECK(contains(error_of(world.resolve()), "set OTPCTL_HOME"));
}

TEST_CASE("a home of the user database that is not the account's own is none") {
  World world;
  world.account = "/nonexistent";
  CHECK(contains(error_of(world.resolve()), "set OTPCTL_HOME"));
}

TEST_CASE("without HOME the XDG variables suffice, or a given configuration and a state folder") {
  CHECK(World{{{"XDG_STATE_HOME", "/s"}, {"XDG_CONFIG_HOME", "/c"}}, {}}.resolve().has_value());
  CHECK(World{{{"XDG_STATE_HOME", "/s"}}, {}}.resolve("/x/config.toml")->config ==
        "/x/config.toml");
}

TEST_CASE("--config wins over OTPCTL_HOME and moves nothing else") {
  const auto paths = World{{{"OTPCTL_HOME", "/srv/otp"}}, {}}.resolve("/x/other.toml");
  CHECK(paths->config == "/x/other.toml");
  CHECK(paths->store == "/srv/otp/store.db");
}

TEST_CASE("a relative --config is meant from the working directory") {
  World world{{{"OTPCTL_HOME", "/srv/otp"}}, {}};
  CHECK(world.resolve("my.toml")->config == "/here/dir/my.toml");
  world.cwd.clear();
  CHECK(contains(error_of(world.resolve("my.toml")), "--config my.toml"));
}

TEST_CASE("--config /etc/otpctl/config.toml means the system's folders") {
  const auto paths =
      World{{{"HOME", "/root"}, {"XDG_RUNTIME_DIR", "/run/user/0"}}, {"/run/user/0"}}.resolve(
          "/etc/otpctl/config.toml");
  REQUIRE(paths.has_value());
  CHECK(paths->store == "/var/lib/otpctl/store.db");
  CHECK(paths->socket == "/run/otpctl/agent.sock");
  CHECK(paths->lmtp_socket == "/run/otpctl/lmtp.sock");
}

TEST_CASE("for the account of the system service, whose home is its state, the system's folders are meant") {
  for (const World& world :
       {World{{{"HOME", "/var/lib/otpctl/"}}, {}}, World{{}, {"/var/lib/otpctl"}, "/", "/var/lib/otpctl"}}) {
    const auto paths = world.resolve();
    REQUIRE(paths.has_value());
    CHECK(paths->config == "/etc/otpctl/config.toml");
    CHECK(paths->store == "/var/lib/otpctl/store.db");
    CHECK(paths->agent_lock == "/var/lib/otpctl/agent.lock");
    CHECK(paths->socket == "/run/otpctl/agent.sock");
    CHECK(paths->candidates.front() == "/run/otpctl/agent.sock");
    CHECK(world.resolve("/srv/try.toml")->config == "/srv/try.toml");
    CHECK(world.resolve("/srv/try.toml")->state == "/var/lib/otpctl");
  }
}

TEST_CASE("that account may say otherwise, and no folder below its home means the system's") {
  World world{{{"HOME", "/var/lib/otpctl"}, {"XDG_STATE_HOME", "/s"}}, {}};
  CHECK(world.resolve()->state == "/s/otpctl");
  CHECK(world.resolve()->config == "/var/lib/otpctl/.config/otpctl/config.toml");
  world.variables = {{"HOME", "/var/lib/otpctl"}, {"XDG_CONFIG_HOME", "/c"}};
  CHECK(world.resolve()->config == "/c/otpctl/config.toml");
  CHECK(world.resolve()->state == "/var/lib/otpctl/.local/state/otpctl");
  world.variables = {{"HOME", "/var/lib/otpctl"}, {"OTPCTL_HOME", "/h"}};
  CHECK(world.resolve()->config == "/h/config.toml");
  CHECK(world.resolve()->socket == "/h/agent.sock");
  world.variables = {{"HOME", "/var/lib/otpctl/bot"}};
  CHECK(world.resolve()->state == "/var/lib/otpctl/bot/.local/state/otpctl");
  world.variables = {{"HOME", "/home/bot"}};
  world.account = "/var/lib/otpctl";
  CHECK(world.resolve()->config == "/home/bot/.config/otpctl/config.toml");
}

TEST_CASE("systemd's folders are taken when they are named for us") {
  const auto paths = World{
      {{"STATE_DIRECTORY", "/var/lib/other:/var/lib/otpctl"},
       {"RUNTIME_DIRECTORY", "/run/otpctl"},
       {"CONFIGURATION_DIRECTORY", "/etc/otpctl"}},
      {}}.resolve();
  REQUIRE(paths.has_value());
  CHECK(paths->config == "/etc/otpctl/config.toml");
  CHECK(paths->state == "/var/lib/otpctl");
  CHECK(paths->socket == "/run/otpctl/agent.sock");
  CHECK(paths->candidates.front() == "/run/otpctl/agent.sock");
}

TEST_CASE("the folders of somebody else's service that calls us are left alone") {
  const auto paths = World{
      {{"HOME", "/home/bot"},
       {"STATE_DIRECTORY", "/var/lib/crawler"},
       {"RUNTIME_DIRECTORY", "/run/crawler:/run/notpctl"}},
      {}}.resolve();
  REQUIRE(paths.has_value());
  CHECK(paths->state == "/home/bot/.local/state/otpctl");
  CHECK(paths->socket == "/home/bot/.local/state/otpctl/agent.sock");
}

TEST_CASE("OTPCTL_HOME wins over systemd's folders") {
  const auto paths = World{
      {{"OTPCTL_HOME", "/h"},
       {"STATE_DIRECTORY", "/var/lib/otpctl"},
       {"RUNTIME_DIRECTORY", "/run/otpctl"}},
      {}}.resolve();
  CHECK(paths->state == "/h");
  CHECK(paths->candidates == std::vector<std::string>{"/h/agent.sock"});
}

TEST_CASE("a symlink to an own folder is not an own folder") {
  const Surroundings real = real_surroundings();
  const auto folder =
      std::filesystem::temp_directory_path() / ("otpctl-paths-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder / "real");
  std::filesystem::create_directory_symlink(folder / "real", folder / "link");
  CHECK(real.is_own_directory((folder / "real").string()));
  CHECK_FALSE(real.is_own_directory((folder / "link").string()));
  CHECK_FALSE(real.is_own_directory((folder / "none").string()));
  CHECK(real.cwd.front() == '/');
  CHECK(real.env("OTPCTL_SURELY_UNSET").empty());
  std::filesystem::remove_all(folder);
}
