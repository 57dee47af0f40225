#include "server/check.hpp"

#include "../../support/temp_dir.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

using namespace otpctl;
using otpctl::test::TempDir;

namespace {

std::string no_variable(const char*) { return {}; }

server::Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::string() : found->second;
  };
}

std::string write(const TempDir& folder, const std::string& name, const std::string& text, mode_t mode = 0600) {
  const std::string path = folder.path() + "/" + name;
  std::ofstream(path) << text;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
  return path;
}

std::vector<std::string> problems(const std::string& path) {
  const auto config = server::read_config(path, true, no_variable);
  REQUIRE_MESSAGE(config.has_value(), (config ? "" : config.error().message));
  std::vector<std::string> lines;
  for (const Error& error : server::config_problems(*config, no_variable)) {
    CHECK(error.code == ErrorCode::config);
    lines.push_back(error.message);
  }
  const auto first = server::check_config(*config, no_variable);
  CHECK(first.has_value() == lines.empty());
  if (!first) CHECK(first.error().message == lines.front());
  return lines;
}

bool starts(const std::string& text, const std::string& part) { return text.rfind(part, 0) == 0; }

}  // namespace

TEST_CASE("a region that no telephone has is refused with its line") {
  const TempDir folder;
  CHECK(problems(write(folder, "good.toml", "[phone]\ndefault-region = \"tr\"\n")).empty());
  const std::string path = write(folder, "config.toml", "[wait]\nsince = 5\n[phone]\ndefault-region = \"XX\"\n");
  const auto lines = problems(path);
  REQUIRE(lines.size() == 1);
  CHECK(starts(lines[0], path + ":4: 'default-region' \"XX\" is no country"));
}

TEST_CASE("a wrong pattern is refused with the line of its regex, in the order of the file") {
  const TempDir folder;
  const std::string path = write(folder, "config.toml",
                                 "[[pattern]]\n# two groups\nregex = '(a)(b)'\n\n[phone]\ndefault-region = \"QQ\"\n"
                                 "[[pattern]]\nregex = '(a)'\n[[pattern]]\nregex = '('\n");
  const auto lines = problems(path);
  REQUIRE(lines.size() == 3);
  CHECK(starts(lines[0], path + ":3: not a usable pattern"));
  CHECK(starts(lines[1], path + ":6: 'default-region'"));
  CHECK(starts(lines[2], path + ":10: not a usable pattern"));
  const auto compiled = server::compile_hints(*server::read_config(path, true, no_variable));
  REQUIRE(!compiled.has_value());
  CHECK(compiled.error().message == lines[0]);
}

TEST_CASE("a wrong rule is refused with the line of its pattern or label, a right one is compiled in its order") {
  const TempDir folder;
  const std::string wrong = write(folder, "config.toml",
                                  "[[rule]]\nfrom = \"*\"\npattern = '(a)(b)'\n[[rule]]\nlabel = \"::\"\nfrom = \"*\"\n");
  const auto lines = problems(wrong);
  REQUIRE(lines.size() == 2);
  CHECK(starts(lines[0], wrong + ":3: not a usable pattern"));
  CHECK(lines[1] == wrong + ":5: the label of a rule has neither letter nor digit");
  CHECK(server::compile_hints(*server::read_config(wrong, true, no_variable)).error().message == lines[0]);
  const std::string right = write(folder, "right.toml",
                                  "[[rule]]\nfrom = \"*\"\nlabel = \"a\"\n[[rule]]\nfrom = \"b\"\npattern = '(b)'\n");
  const auto hints = server::compile_hints(*server::read_config(right, true, no_variable));
  REQUIRE(hints.has_value());
  REQUIRE(hints->rules.size() == 2);
  CHECK(hints->rules[0].label() == "a");
  CHECK(hints->rules[1].from() == "b");
}

TEST_CASE("a secret that others can read is a problem, one that is not there yet is none") {
  const TempDir folder;
  const auto with = [&](const std::string& secret) {
    return write(folder, "config.toml",
                 "[[mailbox]]\nhost = \"imap.example.com\"\nuser = \"u\"\npassword-file = \"" + secret + "\"\n");
  };
  CHECK(problems(with(write(folder, "good", "x\n"))).empty());
  CHECK(problems(with(folder.path() + "/not-mounted")).empty());
  const auto lines = problems(with(write(folder, "open", "x\n", 0644)));
  REQUIRE(lines.size() == 1);
  CHECK(starts(lines[0], folder.path() + "/config.toml:1: "));
  CHECK(lines[0].find("chmod 600") != std::string::npos);
}

TEST_CASE("no file is the environment's mailbox unless it was named, what cannot be read is refused") {
  const TempDir folder;
  const std::string missing = folder.path() + "/config.toml";
  const auto usual = server::read_config(missing, false, no_variable);
  REQUIRE(usual.has_value());
  CHECK(*usual == config::Config());
  CHECK(!server::read_config(missing, true, no_variable));
  CHECK(!server::read_config(folder.path(), true, no_variable));
  CHECK(!server::read_config(folder.path(), false, no_variable));
  REQUIRE(::symlink("nowhere", missing.c_str()) == 0);
  const auto dangling = server::read_config(missing, false, no_variable);
  REQUIRE(!dangling.has_value());
  CHECK(dangling.error().code == ErrorCode::config);
}

TEST_CASE("the environment's mailbox counts beside a file that names none") {
  const TempDir folder;
  const auto env = environment({{"OTPCTL_MAILBOX", "imaps://u@imap.example.com"}, {"OTP_MANAGER_TIMEOUT", "45"}});
  const std::string path = write(folder, "config.toml", "[store]\nmemory = true\n");
  for (const bool named : {true, false}) {
    const auto config = server::read_config(path, named, env);
    REQUIRE(config.has_value());
    CHECK(config->path == path);
    CHECK(config->store_in_memory);
    CHECK(config->wait_timeout == std::chrono::seconds(120));  // the file's, and its defaults
    REQUIRE(config->mailboxes.size() == 1);
    CHECK(config->mailboxes[0].identity() == "imaps://u@imap.example.com:993");
    CHECK(server::check_config(*config, env).has_value());
  }
  std::vector<Error> all;
  CHECK(!server::read_config(path, true, environment({{"OTPCTL_MAILBOX", "imap.example.com"}}), &all));
  CHECK(all.size() == 1);
}

TEST_CASE("another mailbox in the environment than those of the file is refused, one of them is not") {
  const TempDir folder;
  const std::string path = write(folder, "config.toml",
                                 "[[mailbox]]\nhost = \"imap.example.com\"\nuser = \"u\"\npassword-env = \"P\"\n");
  const auto config = server::read_config(path, true, environment({{"OTPCTL_MAILBOX", "imaps://other@imap.example.com"}}));
  REQUIRE(config.has_value());
  REQUIRE(config->mailboxes.size() == 1);
  CHECK(config->mailboxes[0].user == "u");
  const auto said = [&](const char* mailbox) {
    const auto good = server::check_config(*config, environment({{"OTPCTL_MAILBOX", mailbox}}));
    return good ? std::string() : good.error().message;
  };
  CHECK(said("") == "");
  CHECK(said("imaps://u@IMAP.example.com/Codes") == "");
  CHECK(starts(said("imaps://other@imap.example.com"),
               "the environment asks for imaps://other@imap.example.com:993, which " + path + " does not name"));
  CHECK(starts(said("imap.example.com"), "OTPCTL_MAILBOX: "));
}

TEST_CASE("a configuration that is a FIFO or a device is refused, not waited for") {
  const TempDir folder;
  const std::string fifo = folder.path() + "/config.toml";
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  for (const std::string& path : {fifo, std::string("/dev/zero")}) {
    std::vector<Error> all;
    ::alarm(10);
    const auto config = server::read_config(path, false, no_variable, &all);
    ::alarm(0);
    REQUIRE(!config.has_value());
    CHECK(config.error().code == ErrorCode::config);
    CHECK(config.error().message == path + ": cannot be read: it is no plain file");
    CHECK(all.size() == 1);
  }
  std::vector<Error> all;
  const auto endless = server::read_config(write(folder, "long.toml", std::string(1024 * 1024 + 1, '#')), true, no_variable, &all);
  REQUIRE(!endless.has_value());
  CHECK(endless.error().message == folder.path() + "/long.toml: longer than 1 MiB");
  CHECK(all.size() == 1);
}
