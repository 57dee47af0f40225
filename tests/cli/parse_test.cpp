// Command lines → whole Options structs.
#include "cli/commands.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;

namespace otpctl::apps {
namespace {

using test::parsed;
using test::refused;
using Words = std::vector<std::string>;

TEST_CASE("wait: nothing said is the default, everything said is kept") {
  CHECK(parsed(wait::kCommand, {}) == wait::Options{});
  wait::Options all;
  all.target = {"bot5@example.com", "+905551112233"};
  all.filters = {"*@shop.example", "*code*", "(\\d+)", 4, 8};
  all.timeout = 90s;
  all.since = 5min;
  all.exclusive = true;
  all.queue = 1h + 30min;
  all.fail_fast = true;
  all.timeout_exit_code = 7;
  all.json = true;
  all.progress = "plain";
  all.quiet = true;
  all.env_file = "mail.env";
  CHECK(parsed(wait::kCommand, {"bot5@example.com",
                                "--phone",
                                "+905551112233",
                                "--from",
                                "*@shop.example",
                                "--subject=*code*",
                                "--pattern",
                                "(\\d+)",
                                "--length",
                                "4-8",
                                "--timeout",
                                "90",
                                "--since",
                                "5m",
                                "--exclusive",
                                "--queue",
                                "1h30m",
                                "--fail-fast",
                                "--timeout-exit-code",
                                "7",
                                "--json",
                                "--progress=plain",
                                "-q",
                                "--env-file",
                                "mail.env"}) == all);
}

TEST_CASE("an empty filter, recipient or session is a variable that is not set, not \"any\"") {
  const auto names = [](const auto& command, Words words) {
    const std::string option = words[words.size() - 2];
    const std::string said = refused(command, words);
    return said.find(option) != said.npos && said.find("it is empty") != said.npos;
  };
  for (const char* option : {"--from", "--subject", "--pattern", "--email", "--phone"}) {
    CAPTURE(option);
    CHECK(names(wait::kCommand, {"bot5@example.com", option, ""}));
    CHECK(names(session::kCommand, {"register", "bot5@example.com", option, ""}));
    CHECK(refused(run::kCommand, {option, "", "true"}).find(option) != std::string::npos);
  }
  CHECK(names(wait::kCommand, {"bot5@example.com", "--session", ""}));
  CHECK(refused(wait::kCommand, {""}).find("RECIPIENT") != std::string::npos);
  CHECK(refused(session::kCommand, {"close", ""}).find("ID") != std::string::npos);
  CHECK(refused(manual::kCommand, {"", "482913"}).find("TARGET") != std::string::npos);
}

TEST_CASE("wait: a recipient is an address or a number") {
  wait::Options phone;
  phone.target.phone = "+90 (555) 111-22 33";
  CHECK(parsed(wait::kCommand, {"+90 (555) 111-22 33"}) == phone);
  wait::Options named;
  named.target.email = "bot5@example.com";
  CHECK(parsed(wait::kCommand, {"--email", "bot5@example.com"}) == named);
  CHECK(parsed(wait::kCommand, {"bot5@example.com"}) == named);
  CHECK(refused(wait::kCommand, {"bot5"}) ==
        "RECIPIENT: 'bot5' is neither an e-mail address nor a phone number");
  CHECK(refused(wait::kCommand, {"+"}) != "");
  CHECK(refused(wait::kCommand, {"a@b.example", "c@d.example"}) == "one argument too many");
  CHECK(refused(wait::kCommand, {"a@b.example", "--email", "c@d.example"}) ==
        "--email: RECIPIENT names another one already");
}

TEST_CASE("wait: none, now and 0 are told apart") {
  wait::Options none;
  none.no_limit = true;
  none.since = Duration(0);
  CHECK(parsed(wait::kCommand, {"--timeout", "none", "--since", "now"}) == none);
  wait::Options zero;
  zero.timeout = Duration(0);
  CHECK(parsed(wait::kCommand, {"--timeout", "0"}) == zero);
}

TEST_CASE("impossible durations, numbers, words and lengths are refused with their name") {
  for (const std::string text :
       {"5x", "-1", "", "1.5s", "5 m", "400d", "9999999999999999999", "now", "none "}) {
    CAPTURE(text);
    CHECK(refused(wait::kCommand, {"--timeout=" + text}).rfind("--timeout", 0) == 0);
  }
  CHECK(refused(wait::kCommand, {"--since", "none"}).rfind("--since", 0) == 0);
  CHECK(refused(wait::kCommand, {"--timeout-exit-code", "256"}).rfind("--timeout-exit-code", 0) ==
        0);
  CHECK(refused(wait::kCommand, {"--timeout-exit-code", "x"}) != "");
  CHECK(refused(wait::kCommand, {"--progress", "fancy"}) ==
        "--progress: 'fancy' is none of auto, plain, none");
  CHECK(refused(wait::kCommand, {"--length", "0"}).rfind("--length", 0) == 0);
  CHECK(refused(sms::kCommand, {"--sent", "yesterday"}).rfind("--sent", 0) == 0);
}

TEST_CASE("what CLI11 says in its own words becomes one clear line") {
  CHECK(refused(wait::kCommand, {"--timout", "5"}) ==
        "unknown option --timout, did you mean --timeout?");
  CHECK(refused(wait::kCommand, {"--zzzzzzzzzzzzzz=secret"}) == "unknown option --zzzzzzzzzzzzzz");
  CHECK(refused(wait::kCommand, {"--timeout"}) == "--timeout needs a value");
  CHECK(refused(wait::kCommand, {"--timeout", "1", "--timeout", "2"}) ==
        "--timeout may be given once, with one value");
  CHECK(refused(wait::kCommand, {"-x"}) == "unknown option -x");
  CHECK(refused(wait::kCommand, {"--json=maybe"}) != "");
}

TEST_CASE("a value that is one too many is not repeated: it may be a part of a code") {
  CHECK(refused(manual::kCommand, {"bot5", "482", "913"}) == "one argument too many");
}

TEST_CASE("session: each action with its own options") {
  session::Options wanted;
  wanted.action = session::Action::register_;
  wanted.target.email = "bot5@example.com";
  wanted.filters.from = "*@shop.example";
  wanted.ttl = 10min;
  wanted.country = "TR";
  wanted.metadata = R"({"case":7})";
  wanted.exclusive = true;
  wanted.queue = 5s;
  wanted.env_file = "f";
  wanted.quiet = true;
  wanted.json = true;
  CHECK(parsed(session::kCommand,
               {"register", "bot5@example.com", "--from", "*@shop.example", "--ttl", "10m",
                "--country", "TR", "--metadata", R"({"case":7})", "--exclusive", "--queue", "5s",
                "--env-file", "f", "-q", "--json"}) == wanted);
  const std::vector<std::pair<std::string, session::Action>> actions{
      {"show", session::Action::show},
      {"mark", session::Action::mark},
      {"refresh", session::Action::refresh},
      {"close", session::Action::close}};
  for (const auto& [name, action] : actions) {
    session::Options one;
    one.action = action;
    CHECK(parsed(session::kCommand, {name}) == one);
    one.session = "1c8f";
    one.json = true;
    CHECK(parsed(session::kCommand, {name, "1c8f", "--json"}) == one);
  }
  session::Options refresh;
  refresh.action = session::Action::refresh;
  refresh.session = "1c8f";
  refresh.ttl = 1h;
  CHECK(parsed(session::kCommand, {"refresh", "1c8f", "--ttl", "1h"}) == refresh);
  session::Options list;
  list.action = session::Action::list;
  CHECK(parsed(session::kCommand, {"list"}) == list);
  CHECK(refused(session::kCommand, {}) ==
        "an action is missing: register, list, show, mark, refresh, close");
  CHECK(refused(session::kCommand, {"lst"}) == "unknown action 'lst', did you mean 'list'?");
  CHECK(refused(session::kCommand, {"list", "1c8f"}) == "one argument too many");
  CHECK(refused(session::kCommand, {"show", "--ttl", "5"}).rfind("unknown option --ttl", 0) == 0);
}

TEST_CASE("'none' is offered for what may be endless, and nowhere else") {
  CHECK(refused(session::kCommand, {"register", "bot5@example.com", "--ttl", "1000000h"}) ==
        "--ttl: '1000000h' is longer than 366 days");
  CHECK(refused(wait::kCommand, {"bot5@example.com", "--timeout", "1000000h"}) ==
        "--timeout: '1000000h' is longer than 366 days; 'none' means no limit");
}

TEST_CASE("manual, sms, deliver and status") {
  CHECK(parsed(manual::kCommand, {"bot5", "482913", "--json"}) ==
        manual::Options{"bot5", "482913", true});
  CHECK(parsed(manual::kCommand, {"bot5"}) == manual::Options{"bot5", "", false});
  CHECK(parsed(sms::kCommand, {"--from", "Shop", "--to", "+905551112233", "--sent",
                               "2023-11-14T22:13:20Z", "--id", "x", "text", "--json"}) ==
        sms::Options{"Shop", "+905551112233", WallTime(1700000000s), "x", "text", true});
  CHECK(parsed(sms::kCommand, {"-"}) == sms::Options{"", "", {}, "", "-", false});
  CHECK(parsed(deliver::kCommand, {"-f", "s@x.example", "a@y.example", "b@y.example", "--json"}) ==
        deliver::Options{{"a@y.example", "b@y.example"}, "s@x.example", true});
  CHECK(parsed(deliver::kCommand, {}) == deliver::Options{});
  CHECK(parsed(status::kCommand, {"--json"}) == status::Options{true});
}

TEST_CASE("agent: what start, run and restart take is passed on") {
  agent::Options start{agent::Action::start, "/etc/otpctl/config.toml", 2, "f", true};
  CHECK(parsed(agent::kCommand, {"start", "--config", "/etc/otpctl/config.toml", "-vv",
                                 "--env-file", "f", "--json"}) == start);
  CHECK(agent::agent_arguments(start) == Words{"--config", "/etc/otpctl/config.toml", "-v", "-v"});
  CHECK(agent::agent_arguments({}).empty());
  CHECK(parsed(agent::kCommand, {"run", "-v"}) ==
        agent::Options{agent::Action::run, "", 1, "", false});
  CHECK(parsed(agent::kCommand, {"stop"}) == agent::Options{agent::Action::stop, "", 0, "", false});
  CHECK(parsed(agent::kCommand, {"restart"}) ==
        agent::Options{agent::Action::restart, "", 0, "", false});
  CHECK(parsed(agent::kCommand, {"status", "--json"}) ==
        agent::Options{agent::Action::status, "", 0, "", true});
  CHECK(parsed(agent::kCommand, {"reload", "-v", "--json"}) ==
        agent::Options{agent::Action::reload, "", 1, "", true});
  CHECK(refused(agent::kCommand, {"reload", "--config", "f"}) == "unknown option --config");
  CHECK(refused(agent::kCommand, {"stop", "-v"}) == "unknown option -v");
}

TEST_CASE("agent start --config: another configuration that runs is told, the same one is not") {
  CHECK(agent::other_configuration("/a.toml", "/a.toml").empty());
  CHECK(agent::other_configuration("/etc/../etc/passwd", "/etc/passwd").empty());
  CHECK(agent::other_configuration("/a.toml", "/b.toml") ==
        "an agent runs already with /b.toml; /a.toml was not read (otpctl agent restart --config /a.toml)");
  CHECK(agent::other_configuration("/a.toml", "").find("with no configuration file;") != std::string::npos);
}

}  // namespace
}  // namespace otpctl::apps
