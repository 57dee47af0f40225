// config: what `check` warns of.
#include "config/warnings.hpp"
#include "support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sys/stat.h>

namespace otpctl::apps::config {
namespace {

using otpctl::config::Config;
using otpctl::config::SecretSource;
using Kind = SecretSource::Kind;
using Lines = std::vector<std::string>;

Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
}

Lines lines_for(SecretSource secret, const Environment& env) {
  Config config;
  config.path = "config.toml";
  config.mailboxes.emplace_back().password = std::move(secret);
  config.mailboxes.front().line = 7;
  return missing_secrets(config, env);
}

TEST_CASE("a secret whose variable is not set is told with its line, one that is set is not") {
  const SecretSource secret{Kind::env, {}, "IMAP_PASSWORD"};
  CHECK(lines_for(secret, environment({})) == Lines{"config.toml:7: the variable IMAP_PASSWORD is not set here"});
  CHECK(lines_for(secret, environment({{"IMAP_PASSWORD", "x"}})).empty());
}

TEST_CASE("a program for a secret is looked for on the PATH, or where its name says") {
  const otpctl::test::TempDir folder;
  const std::string path = folder.path() + "/give";
  const auto env = environment({{"PATH", "/nowhere:" + folder.path()}});
  const SecretSource named{Kind::command, {"give", "x"}, {}}, whole{Kind::command, {path}, {}};
  CHECK(lines_for(named, env) == Lines{"config.toml:7: 'give' is not on the PATH"});
  CHECK(lines_for(whole, env) == Lines{"config.toml:7: '" + path + "' is not on the PATH"});
  std::ofstream(path) << "#!/bin/sh\n";
  CHECK(lines_for(named, env).size() == 1);  // nobody may run it
  REQUIRE(chmod(path.c_str(), 0700) == 0);
  CHECK(lines_for(named, env).empty());
  CHECK(lines_for(whole, env).empty());
}

TEST_CASE("a credential that this shell has not is told, and a mailbox of the environment has no line") {
  CHECK(lines_for({Kind::credential, {}, "imap"}, environment({})) ==
        Lines{"config.toml:7: credential imap is not given to this shell"});
  Config config;
  config.mailboxes.emplace_back().password = {Kind::env, {}, "OTPCTL_PASSWORD"};
  CHECK(missing_secrets(config, environment({})) == Lines{"the variable OTPCTL_PASSWORD is not set here"});
}

}  // namespace
}  // namespace otpctl::apps::config
