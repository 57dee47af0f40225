// health: what it calls ill, and the three forms in which it says so.
#include "cli/commands.hpp"
#include "health/views.hpp"
#include "support/fake_agent.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <sys/stat.h>

using namespace std::chrono_literals;
using otpctl::test::AgentSide;
using otpctl::test::FakeAgent;
using otpctl::test::TempDir;

namespace otpctl::apps::health {
namespace {

constexpr WallTime kNow(1700000000s);

SourceHealth source(const std::string& name, SourceState state, Duration since = 0s) {
  SourceHealth health;
  health.status.name = name;
  health.status.kind = "imap";
  health.status.state = state;
  health.status.since = kNow - since;
  if (state != SourceState::live) health.down_since = kNow - since;
  health.alive_age = 0s;
  health.due_every = 5min;
  return health;
}

/// One of the two that every agent has.
SourceHealth own_door(const std::string& name) {
  SourceHealth health = source(name, SourceState::live);
  health.status.kind = name;
  health.due_every = 0s;
  return health;
}

HealthReport report_of(std::vector<SourceHealth> sources) {
  HealthReport report;
  report.version = "0.1.0";
  report.pid = 4711;
  report.started = kNow - 3h;
  report.waiters = 3;
  report.sources = std::move(sources);
  return report;
}

Outcome outcome_of(const HealthReport& report, Thresholds thresholds = {}) {
  return Outcome{report, assess(report, thresholds, kNow), thresholds};
}

Status status_of(const SourceHealth& one) { return assess(report_of({one}), {}, kNow).status; }

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

int run_with(const Options& options, const HealthReport& report, TestContext& test, const TempDir& home) {
  FakeAgent agent(home.path() + "/agent.sock",
                  {[&](AgentSide& side) { side.answer(side.greet().id, report); }});
  test.now.wall = kNow;
  return static_cast<int>(run(options, test.context));
}

std::map<std::string, std::string> in(const TempDir& home) {
  return {{"OTPCTL_HOME", home.path()}, {"OTPCTL_AGENTD", "/bin/false"}};
}

TEST_CASE("a source may be down for 60 s, then it is a warning, from 5 min on critical") {
  for (const auto& [down, expected] : {std::pair<Duration, Status>{0s, Status::ok},
                                       {59999ms, Status::ok},
                                       {60s, Status::warning},
                                       {299999ms, Status::warning},
                                       {5min, Status::critical}}) {
    CAPTURE(format_duration(down));
    CHECK(status_of(source("a", SourceState::unreachable, down)) == expected);
    CHECK(status_of(source("a", SourceState::starting, down)) == expected);
  }
}

TEST_CASE("a threshold of 0 is at once, and not for a source that is live") {
  const Thresholds at_once{0s, 0s};
  const HealthReport well = report_of({source("a", SourceState::live)});
  CHECK(assess(well, at_once, kNow).status == Status::ok);
  CHECK(assess(well, at_once, kNow).problems.empty());
  CHECK(assess(report_of({source("a", SourceState::unreachable, 0s)}), at_once, kNow).status == Status::critical);
  CHECK(assess(report_of({source("a", SourceState::starting, 0s)}), {0s, 5min}, kNow).status == Status::warning);
}

TEST_CASE("it has been down since it was live, however often it was tried") {
  SourceHealth flapping = source("a", SourceState::starting, 1s);
  flapping.down_since = kNow - 10min;
  CHECK(status_of(flapping) == Status::critical);
  CHECK(assess(report_of({flapping}), {}, kNow).down == std::vector<Duration>{10min});
}

TEST_CASE("one threshold moves the other along where it must") {
  const TempDir home;
  const HealthReport lost = report_of({source("a", SourceState::unreachable, 4min)});
  for (const auto& [warning, critical, expected] :
       {std::tuple<std::optional<Duration>, std::optional<Duration>, int>{10min, {}, 0},
        {{}, 30s, 2},
        {3min, {}, 1}}) {
    Options options;
    options.warning = warning;
    options.critical = critical;
    TestContext test("health", "", in(home));
    CHECK(run_with(options, lost, test, home) == expected);
  }
}

TEST_CASE("signed out is critical at once, throttled a warning at once") {
  CHECK(status_of(source("a", SourceState::signed_out)) == Status::critical);
  CHECK(status_of(source("a", SourceState::throttled)) == Status::warning);
  CHECK(status_of(source("a", SourceState::throttled, 5min)) == Status::critical);
}

TEST_CASE("a source that says it is live and owes a sign of life is down since that was due") {
  SourceHealth silent = source("a", SourceState::live);
  for (const auto& [age, expected] : {std::pair<Duration, Status>{5min, Status::ok},
                                      {5min + 59s, Status::ok},
                                      {6min, Status::warning},
                                      {10min, Status::critical}}) {
    silent.alive_age = age;
    CHECK(status_of(silent) == expected);
  }
  silent.due_every = 0s;  // a door: nothing is ever due
  silent.alive_age = 48h;
  CHECK(status_of(silent) == Status::ok);
  silent.alive_age.reset();
  CHECK(status_of(silent) == Status::ok);
}

TEST_CASE("a store that cannot be written is critical, sources that are not shown are a warning") {
  HealthReport report = report_of({source("a", SourceState::live)});
  report.more = 2;
  CHECK(assess(report, {}, kNow).status == Status::warning);
  report.store_trouble = "no space left";
  const Assessment found = assess(report, {}, kNow);
  CHECK(found.status == Status::critical);
  CHECK(found.problems.front().text == "the store cannot be written: no space left");
}

TEST_CASE("without a report: no agent is critical, all else is unknown") {
  CHECK(assess(Error{ErrorCode::agent_unreachable, ""}) == Status::critical);
  for (const ErrorCode code : {ErrorCode::agent_version, ErrorCode::permission, ErrorCode::config,
                               ErrorCode::protocol, ErrorCode::internal})
    CHECK(assess(Error{code, ""}) == Status::unknown);
}

TEST_CASE("the plugin line: status, text, and performance data behind the one '|'") {
  const HealthReport well =
      report_of({source("main/INBOX", SourceState::live), own_door("lmtp")});
  CHECK(first_line(plugin_text(outcome_of(well), kNow)) ==
        "OTPCTL OK - 1 source live, 3 waiting | main_INBOX_down=0s;60;300;0 main_INBOX_errors=0;;;0 "
        "lmtp_down=0s;60;300;0 lmtp_errors=0;;;0 waiting=3;;;0 sessions=0;;;0 pending=0;;;0 "
        "oldest_pending=0s;;;0 messages=0;;;0");
  SourceHealth lost = source("main/INBOX", SourceState::unreachable, 432s);
  lost.status.detail = "connection refused";
  const HealthReport ill = report_of({lost, source("other/INBOX", SourceState::live), own_door("lmtp")});
  CHECK(first_line(plugin_text(outcome_of(ill, {1min, 10min}), kNow))
            .rfind("OTPCTL WARNING - main/INBOX unreachable for 7m (connection refused); "
                   "1 of 2 sources live, 3 waiting | main_INBOX_down=432s;60;600;0 ",
                   0) == 0);
}

TEST_CASE("an agent without a mailbox is OK and says that it has none, the doors of every agent do not hide it") {
  const std::string words = "OTPCTL OK - no mailbox: takes what deliver, sms and manual bring, 3 waiting | ";
  const HealthReport doors = report_of({own_door("lmtp"), own_door("pipe")});
  const std::string line = first_line(plugin_text(outcome_of(doors), kNow));
  CHECK(line.rfind(words + "lmtp_down=0s;60;300;0 ", 0) == 0);
  CHECK(first_line(plugin_text(outcome_of(report_of({})), kNow)).rfind(words + "waiting=3", 0) == 0);
  Outcome chosen = outcome_of(report_of({own_door("lmtp")}));
  chosen.chosen = true;
  CHECK(first_line(plugin_text(chosen, kNow)).rfind("OTPCTL OK - 1 source live, 3 waiting | ", 0) == 0);
}

TEST_CASE("the worst stands first, and of many problems five") {
  std::vector<SourceHealth> many;
  for (int i = 0; i < 7; ++i)
    many.push_back(source("box" + std::to_string(i), SourceState::unreachable, 2min));
  many.push_back(source("last", SourceState::signed_out));
  const std::string line = first_line(plugin_text(outcome_of(report_of(many)), kNow));
  CHECK(line.rfind("OTPCTL CRITICAL - last signed out for 0s; box0 ", 0) == 0);
  CHECK(line.find("; 3 more; ") != std::string::npos);
  CHECK(line.find("box5 unreachable") == std::string::npos);
}

TEST_CASE("the following lines have what the last 24 hours were like") {
  SourceHealth busy = source("main/INBOX", SourceState::live);
  busy.status.detail = "IDLE";
  busy.status.last_alive = kNow - 3s;
  busy.messages = 41;
  busy.errors = 1;
  busy.reconnects = 2;
  busy.processed = 41;
  busy.processing_mean = 2ms;
  busy.processing_p95 = 4ms;
  HealthReport report = report_of({busy});
  report.codes_pending = 2;
  report.oldest_pending = 90s;
  report.codes_delivered = 9;
  const std::string text = plugin_text(outcome_of(report), kNow);
  CHECK(text.substr(text.find('\n') + 1) ==
        "main/INBOX: live, IDLE, last sign of life 3s ago, due every 5m\n"
        "  24 h: 41 messages, 1 error, 2 reconnects; processing 2ms mean, 4ms p95\n"
        "codes: 2 pending, the oldest for 90s; 9 handed over\n"
        "agent: 0.1.0, pid 4711, running for 3h, 0 sessions\n");
}

TEST_CASE("X03 what a server or a name says can neither forge performance data, a line nor a label") {
  SourceHealth evil = source("a|x=1 'b'=2\n\x1b[2J\"\\", SourceState::signed_out);
  evil.status.detail = "go | away=1\nOTPCTL OK";
  const SourceHealth same = source("a/x=1 'b'=2\n\x1b[2J\"\\", SourceState::live);
  const std::string text = plugin_text(outcome_of(report_of({evil, same})), kNow);
  CHECK(std::count(text.begin(), text.end(), '|') == 1);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("\nOTPCTL") == std::string::npos);
  const std::string data = first_line(text).substr(first_line(text).find('|'));
  CHECK(data.find('\'') == std::string::npos);
  CHECK(data.find("a_x_1__b__2___2J___down=") != std::string::npos);
  CHECK(data.find("a_x_1__b__2___2J___2_down=") != std::string::npos);  // no label twice
  const std::string metrics = prometheus_text(outcome_of(report_of({evil})));
  CHECK(metrics.find("otpctl_source_up{source=\"a|x=1 'b'=2\\\\x0a\\\\x1b[2J\\\"\\\\\"} 0\n") !=
        std::string::npos);
}

TEST_CASE("Prometheus: seconds with their fraction, one state of five, nothing of an agent that is not there") {
  SourceHealth lost = source("main/INBOX", SourceState::unreachable, 1500ms);
  lost.processing_p95 = 4ms;
  lost.alive_age.reset();
  const std::string text = prometheus_text(outcome_of(report_of({lost})));
  for (const char* line :
       {"\notpctl_source_down_seconds{source=\"main/INBOX\"} 1.500000\n",
        "\notpctl_source_processing_p95_seconds{source=\"main/INBOX\"} 0.004000\n",
        "\notpctl_source_state{source=\"main/INBOX\",state=\"unreachable\"} 1\n",
        "\notpctl_source_state{source=\"main/INBOX\",state=\"live\"} 0\n", "\notpctl_health_status 0\n",
        "\notpctl_agent_info{version=\"0.1.0\"} 1\n"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
  CHECK(text.find("otpctl_source_alive_age_seconds{") == std::string::npos);
  const Outcome none{fail(ErrorCode::agent_unreachable, "no"), {Status::critical, {}, {}}, {}};
  CHECK(prometheus_text(none) ==
        "# HELP otpctl_up 1: an agent runs and answers.\n# TYPE otpctl_up gauge\notpctl_up 0\n"
        "# HELP otpctl_health_status 0 ok, 1 warning, 2 critical, 3 unknown.\n"
        "# TYPE otpctl_health_status gauge\notpctl_health_status 2\n");
}

TEST_CASE("JSON: the agent's object with its status, or the error with its status") {
  const std::string well = json_text(outcome_of(report_of({source("a", SourceState::live)})));
  CHECK(well.rfind(R"({"v":1,"status":"ok","version":"0.1.0",)", 0) == 0);
  const Outcome none{fail(ErrorCode::agent_version, "older"), {Status::unknown, {}, {}}, {}};
  CHECK(json_text(none) ==
        R"({"v":1,"status":"unknown","error":{"class":"agent_version","message":"older","exit":69}})");
}

TEST_CASE("the exit code is the status, -q is silent only when all is well") {
  const TempDir home;
  Options quiet;
  quiet.quiet = true;
  TestContext well("health", "", in(home));
  CHECK(run_with(quiet, report_of({source("a", SourceState::live)}), well, home) == 0);
  CHECK(well.out + well.err == "");
  TestContext ill("health", "", in(home));
  CHECK(run_with(quiet, report_of({source("a", SourceState::throttled)}), ill, home) == 1);
  CHECK(ill.out.rfind("OTPCTL WARNING - a throttled", 0) == 0);
  TestContext worse("health", "", in(home));
  CHECK(run_with({}, report_of({source("a", SourceState::signed_out)}), worse, home) == 2);
  CHECK(worse.err == "");
}

TEST_CASE("--source looks at those alone, a name that no source has is unknown") {
  const TempDir home;
  const HealthReport both =
      report_of({source("main/INBOX", SourceState::live), source("old/INBOX", SourceState::signed_out)});
  Options options;
  options.sources = {"MAIN/*"};
  TestContext test("health", "", in(home));
  CHECK(run_with(options, both, test, home) == 0);
  CHECK(test.out.rfind("OTPCTL OK - 1 source live", 0) == 0);
  options.sources = {"main/*", "mian/*"};
  TestContext none("health", "", in(home));
  CHECK(run_with(options, both, none, home) == 3);
  CHECK(none.out == "OTPCTL UNKNOWN - there is no source 'mian/*'\n");
}

TEST_CASE("no agent is critical, an older agent, another user's folder and a wrong home are unknown") {
  const TempDir home;
  TestContext none("health", "", in(home));
  CHECK(static_cast<int>(run({}, none.context)) == 2);
  CHECK(none.out.rfind("OTPCTL CRITICAL - no agent is running", 0) == 0);
  CHECK(!std::filesystem::exists(home.path() + "/start.lock"));
  TestContext older("health", "", in(home));
  {
    FakeAgent agent(home.path() + "/agent.sock", {[&](AgentSide& side) {
                      side.say(rpc::encode_error(side.greet().id, {ErrorCode::usage, "unknown method"}, -32601));
                    }});
    CHECK(static_cast<int>(run({}, older.context)) == 3);
  }
  CHECK(older.out.rfind("OTPCTL UNKNOWN - the running agent is older", 0) == 0);
  REQUIRE(chmod(home.path().c_str(), 0777) == 0);
  TestContext open("health", "", in(home));
  CHECK(static_cast<int>(run({}, open.context)) == 3);
  TestContext relative("health", "", {{"OTPCTL_HOME", "relative"}});
  CHECK(static_cast<int>(run({}, relative.context)) == 3);
}

TEST_CASE("an answer without its members is no agent that is well: UNKNOWN, and 69 of status") {
  for (const std::string result : {"{}", R"({"v":1,"version":"9.9.9","pid":1})"}) {
    CAPTURE(result);
    const TempDir home;
    const auto says_that = [&](AgentSide& side) {
      const rpc::Id id = side.greet().id;
      side.say(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":)" + result + "}\n");
    };
    FakeAgent agent(home.path() + "/agent.sock", {says_that, says_that});
    TestContext health("health", "", in(home));
    CHECK(static_cast<int>(run({}, health.context)) == 3);
    CHECK(first_line(health.out).rfind("OTPCTL UNKNOWN - the agent's answer to health lacks ", 0) == 0);
    TestContext status("status", "", in(home));
    CHECK(status::run({}, status.context) == ExitCode::unreachable);
    CHECK(status.out == "");
    CHECK(status.err.find("the agent's answer to status lacks ") != std::string::npos);
  }
}

TEST_CASE("a command line that is wrong is UNKNOWN, on standard output") {
  const auto exit_of = [](const std::vector<std::string>& arguments, TestContext& test) {
    return static_cast<int>(parse_and_run(arguments, test.context));
  };
  const TempDir home;
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"--bogus"}, {"-w", "x"}, {"extra"}, {"--json", "--prometheus"}}) {
    TestContext test("health", "", in(home));
    CHECK(exit_of(wrong, test) == 3);
    const bool json = wrong.front() == "--json";
    CHECK(test.out.rfind(json ? R"({"v":1,"status":"unknown",)" : "OTPCTL UNKNOWN - ", 0) == 0);
    CHECK(test.err == "");
  }
  TestContext both("health", "", in(home));
  CHECK(exit_of({"-w", "5m", "-c", "60s"}, both) == 3);
  CHECK(both.out == "OTPCTL UNKNOWN - --warning must not be longer than --critical\n");
  TestContext help("health", "", in(home));
  CHECK(exit_of({"--help"}, help) == 0);
}

TEST_CASE("health: everything that is said is kept") {
  Options all;
  all.warning = 2min;
  all.critical = 15min;
  all.sources = {"main/*", "lmtp"};
  all.quiet = true;
  all.json = true;
  all.textfile = "/x/otpctl.prom";
  CHECK(test::parsed(kCommand, {"-w", "2m", "--critical", "15m", "--source", "main/*", "--source", "lmtp",
                                "-q", "--json", "--textfile", "/x/otpctl.prom"}) == all);
  Options metrics;
  metrics.prometheus = true;
  CHECK(test::parsed(kCommand, {"--prometheus"}) == metrics);
}

}  // namespace
}  // namespace otpctl::apps::health
