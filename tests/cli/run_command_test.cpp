// otpctl run and unique addresses: command lines, and what is pure.
#include "cli/commands.hpp"
#include "run/private_home.hpp"
#include "run/program.hpp"
#include "shared/sessions.hpp"
#include "shared/unique_address.hpp"
#include "support/fake_agent.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace std::chrono_literals;

namespace otpctl::apps {
namespace {

using otpctl::test::AgentSide;
using otpctl::test::FakeAgent;
using otpctl::test::TempDir;
using test::parsed;
using test::refused;
using Words = std::vector<std::string>;

TEST_CASE("run: everything said is kept, and all behind -- is the program's") {
  run::Options all;
  all.target = {"bot5@example.com", "+905551112233"};
  all.filters = {"*@shop.example", "*code*", "(\\d+)", 4, 8};
  all.ttl = 20min;
  all.country = "DE";
  all.metadata = "{}";
  all.exclusive = true;
  all.queue = 5min;
  all.env_file = "mail.env";
  all.quiet = true;
  all.fd = 3;
  all.variable = "OTP";
  all.timeout = 90s;
  all.since = Duration(0);
  all.own_agent = true;
  all.config = "x.toml";
  all.command = {"sh", "-c", "echo $1", "--", "--json", "-h", "[a,b]", "{}", ""};
  CHECK(parsed(run::kCommand,
               {"--email", "bot5@example.com", "--phone", "+905551112233", "--from", "*@shop.example",
                "--subject", "*code*", "--pattern", "(\\d+)", "--length", "4-8", "--ttl", "20m", "--country",
                "DE", "--metadata", "{}", "--exclusive", "--queue", "5m", "--env-file", "mail.env", "-q",
                "--fd", "3", "--env", "OTP", "--timeout", "90", "--since", "now", "--private", "--config",
                "x.toml", "--", "sh", "-c", "echo $1", "--", "--json", "-h", "[a,b]", "{}", ""}) == all);
  CHECK(parsed(run::kCommand, {"--timeout", "none"}).no_limit);
}

TEST_CASE("run: without -- the first word that is no option of ours begins the program") {
  CHECK(parsed(run::kCommand, {"--email", "a@b.example", "curl", "-fsS", "--email", "x"}).command ==
        Words{"curl", "-fsS", "--email", "x"});
  CHECK(parsed(run::kCommand, {"--", "-x"}).command == Words{"-x"});
  CHECK(parsed(run::kCommand, {"--", "--", "x"}).command == Words{"--", "x"});
  CHECK(parsed(run::kCommand, {"--email", "a@b.example"}).command.empty());
  CHECK(refused(run::kCommand, {"--emial", "a@b.example", "--", "true"}) ==
        "unknown option --emial, did you mean --email?");
  CHECK(refused(run::kCommand, {"--fd", "2", "--", "true"}) != "");
}

TEST_CASE("run: a code goes into a variable that changes nothing but that") {
  for (const char* name : {"OTP", "otp_1", "_", "MY_PATH", "ALD_X"}) CHECK(run::may_carry_code(name));
  for (const char* name :
       {"", "1A", "A-B", "A B", "A=B", "Ä", "PATH", "LD_PRELOAD", "BASH_ENV", "ENV", "IFS", "HOME", "SHELL", "NODE_OPTIONS",
        "PYTHONSTARTUP", "PYTHONPATH", "PERL5OPT", "RUBYOPT", "GIT_SSH_COMMAND", "OTPCTL_SESSION"})
    CHECK_FALSE(run::may_carry_code(name));
}

TEST_CASE("run: an empty name or file is refused, not taken for none") {
  for (const char* option : {"--env", "--config"}) {
    CAPTURE(option);
    CHECK(refused(run::kCommand, {"--email", "a@b.example", "--private", option, "", "--", "true"}).find("is empty") !=
          std::string::npos);
  }
}

TEST_CASE("run: a private home goes where its sockets fit") {
  std::map<std::string, std::string> variables;
  Surroundings surroundings;
  surroundings.env = [&](const char* name) { return variables[name]; };
  CHECK(run::places_for_home(surroundings) == Words{"/tmp", "/dev/shm"});
  variables = {{"TMPDIR", "/var/tmp//"}, {"XDG_RUNTIME_DIR", "/run/user/7"}};
  CHECK(run::places_for_home(surroundings) == Words{"/var/tmp", "/run/user/7", "/tmp", "/dev/shm"});
  variables = {{"TMPDIR", "relative"}, {"XDG_RUNTIME_DIR", "/" + std::string(77, 'x')}};
  CHECK(run::places_for_home(surroundings).size() == 3);  // 78 + /otpctl-run-XXXXXX + /agent.sock = 107
  variables["XDG_RUNTIME_DIR"] += "x";
  CHECK(run::places_for_home(surroundings).size() == 2);
}

TEST_CASE("run: a program is looked for as a shell would, its absence told with 127 or 126") {
  const TempDir folder;
  const std::string path = "/no/such:" + folder.path() + ":/bin:/usr/bin";
  CHECK(!run::look_for("sh", path.c_str()));
  CHECK(!run::look_for("/bin/sh", nullptr));
  CHECK(run::look_for("no-such-program", path.c_str())->exit == 127);
  CHECK(run::look_for("no-such-program", path.c_str())->message == "no-such-program: command not found");
  CHECK(run::look_for("", path.c_str())->exit == 127);
  CHECK(run::look_for("/no/such", path.c_str())->exit == 127);
  CHECK(run::look_for("/tmp", path.c_str())->exit == 126);
  CHECK(run::look_for("a\nb", path.c_str())->message == "a\\x0ab: command not found");
}

TEST_CASE("run: a variable of the program is set once, whatever was there") {
  run::Environment environment({"A=1", "OTPX=2", "OTP=3", "OTP=4"});
  environment.set("OTP", "5");
  environment.remove("A");
  CHECK(environment.lines() == Words{"OTPX=2", "OTP=5"});
}

TEST_CASE("a unique address has the nonce behind a plus, or behind what stands there") {
  CHECK(*with_nonce("qa@example.com", "abcdefgh2345") == "qa+abcdefgh2345@example.com");
  CHECK(*with_nonce(" qa+ci@example.com\n", "abcdefgh2345") == "qa+ci-abcdefgh2345@example.com");
  CHECK(with_nonce(std::string(51, 'a') + "@example.com", "abcdefgh2345"));
  for (const std::string& wrong :
       {std::string(""), std::string("qa"), std::string("@example.com"), std::string("qa@"), std::string("a@b@c.example"),
        std::string("\"a b\"@example.com"), std::string("Q A <qa@example.com>"), std::string(52, 'a') + "@example.com"}) {
    CAPTURE(wrong);
    const auto address = with_nonce(wrong, "abcdefgh2345");
    REQUIRE(!address);
    CHECK(address.error().code == ErrorCode::usage);
  }
}

TEST_CASE("a nonce is random, of letters that every server keeps, and known again") {
  std::set<std::string> seen;
  std::string letters;
  for (int i = 0; i < 200; ++i) {
    const std::string nonce = random_nonce();
    CHECK(nonce.size() == 12);
    CHECK(nonce.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567") == nonce.npos);
    CHECK(has_nonce(*with_nonce("qa@example.com", nonce)));
    CHECK(has_nonce(*with_nonce("qa+ci@example.com", nonce)));
    seen.insert(nonce);
    letters += nonce;
  }
  CHECK(seen.size() == 200);
  for (const char letter : std::string("abcdefghijklmnopqrstuvwxyz234567"))
    CHECK(letters.find(letter) != letters.npos);
  for (const char* other : {"qa@example.com", "qa+ci@example.com", "abcdefgh2345@example.com", "qa+abcdefgh2345",
                            "qa+abcdefgh234@example.com", "qa+abcdefgh2341@example.com"})
    CHECK_FALSE(has_nonce(other));
}

TEST_CASE("a session is named by its address where only one is for it") {
  const TempDir home;
  const auto session = [](const std::string& id, const std::string& email) {
    SessionInfo info;
    info.id = id;
    info.target.email = email;
    return info;
  };
  const auto named = [&](const std::string& name) {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      side.answer(side.greet().id,
                                  rpc::SessionListResult{{session("aaaa", "a@example.com"), session("bbbb", "b@example.com"),
                                                          session("cccc", "b@example.com")},
                                                         false});
                    }});
    TestContext test("session", "", {{"OTPCTL_HOME", home.path()}});
    auto options = client::options_from(test.context.surroundings, "session", client::Start::never);
    REQUIRE(options);
    client::Client client(*options);
    return session_named(client, name);
  };
  CHECK(*named("1c8f") == "1c8f");
  CHECK(*named("A@example.com") == "aaaa");
  CHECK(named("b@example.com").error().code == ErrorCode::ambiguous);
  CHECK(named("c@example.com").error().code == ErrorCode::not_found);
}

}  // namespace
}  // namespace otpctl::apps
