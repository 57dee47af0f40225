// doctor, config and extract: command lines, and the views that need no agent.
#include "cli/commands.hpp"
#include "config/show.hpp"
#include "doctor/row.hpp"
#include "extract/view.hpp"
#include "shared/cells.hpp"

#include <doctest/doctest.h>

#include <sstream>

namespace otpctl::apps {
namespace {

using test::parsed;
using test::refused;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

TEST_CASE("config: path, show and check") {
  CHECK(parsed(config::kCommand, {"path"}) == config::Options{config::Action::path, "", "", false});
  CHECK(parsed(config::kCommand, {"path", "store", "--config", "f", "--json"}) ==
        config::Options{config::Action::path, "store", "f", true});
  CHECK(parsed(config::kCommand, {"show", "--config=f"}) == config::Options{config::Action::show, "", "f", false});
  CHECK(parsed(config::kCommand, {"check", "f", "--json"}) == config::Options{config::Action::check, "", "f", true});
  CHECK(refused(config::kCommand, {}) == "an action is missing: path, show, check");
  CHECK(refused(config::kCommand, {"check", "a", "b"}) == "one argument too many");
}

TEST_CASE("extract and doctor") {
  CHECK(parsed(extract::kCommand, {}) == extract::Options{});
  CHECK(parsed(extract::kCommand, {"f", "--sms", "--pattern", "(a)", "--explain", "--json", "--config", "c"}) ==
        extract::Options{{"c", "", true}, "f", "", "(a)", "", false, true, true});
  CHECK(parsed(extract::kCommand, {"--message", "12"}) == extract::Options{{}, "", "12", "", "", false, false, false});
  CHECK(parsed(extract::kCommand, {"--ndjson", "--catch-all", "a@b.example"}) ==
        extract::Options{{}, "", "", "", "a@b.example", true, false, false});
  CHECK(parsed(extract::kCommand, {"--length", "4-8"}) == extract::Options{{}, "", "", "", "", false, false, false, 4, 8, {}});
  CHECK(parsed(extract::kCommand, {"--length=6"}).longest == 6);
  CHECK(refused(extract::kCommand, {"--length", "x"}) == "--length: 'x' is no length of a code: write 6 or 4-8 (1 to 64)");
  CHECK(parsed(extract::kCommand, {"--rule-test", "f"}) == extract::Options{{}, "f", "", "", "", false, false, false, 0, 0, ""});
  CHECK(parsed(extract::kCommand, {"--rule-test=a@b.example", "f"}) ==
        extract::Options{{}, "f", "", "", "", false, false, false, 0, 0, "a@b.example"});
  CHECK(parsed(doctor::kCommand, {"--secrets", "--config", "c", "--json"}) == doctor::Options{{"c", "", true}, true});
  CHECK(parsed(doctor::kCommand, {}) == doctor::Options{});
  CHECK(refused(doctor::kCommand, {"x"}) == "one argument too many");
}

// ---- doctor ----

using doctor::Row;

Row named(const char* check, Row row) {
  row.check = check;
  return row;
}

std::vector<Row> some_rows() {
  return {named("home", doctor::passed("/home/bot/.local/state/otpctl (HOME)")),
          named("files", doctor::of("key", doctor::failed(ErrorCode::permission, "the key is open to other users",
                                                          "chmod 600 /home/bot/.local/state/otpctl/key"))),
          named("config", doctor::failed(ErrorCode::config, "config.toml:3: unknown key", "otpctl config check")),
          named("source", doctor::of("main/INBOX", doctor::warning("starting", "ask again"))),
          named("agent", doctor::skipped("none is running"))};
}

TEST_CASE("doctor: the first that has failed decides the exit code, warnings never do") {
  auto rows = some_rows();
  CHECK(doctor::exit_code_of(rows) == ExitCode::not_allowed);
  rows.erase(rows.begin() + 1);
  CHECK(doctor::exit_code_of(rows) == ExitCode::configuration);
  rows.erase(rows.begin() + 1);
  CHECK(doctor::exit_code_of(rows) == ExitCode::done);
  CHECK(doctor::exit_code_of({}) == ExitCode::done);
}

TEST_CASE("doctor: aligned lines, the fix below its row, a last line that counts") {
  CHECK(doctor::in_words(some_rows(), {}) ==
        "ok    home               /home/bot/.local/state/otpctl (HOME)\n"
        "FAIL  files key          the key is open to other users\n"
        "                         fix: chmod 600 /home/bot/.local/state/otpctl/key\n"
        "FAIL  config             config.toml:3: unknown key\n"
        "                         fix: otpctl config check\n"
        "WARN  source main/INBOX  starting\n"
        "                         fix: ask again\n"
        "-     agent              none is running\n"
        "1 passed, 1 warning, 2 failed, 1 skipped\n");
}

TEST_CASE("doctor: in a narrow terminal no line is longer than it, and nothing is lost") {
  for (const int columns : {40, 30, 59, 60, 80}) {
    const std::string text = doctor::in_words(some_rows(), {columns, false});
    CAPTURE(text);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(cells(line) <= columns);
    for (const char* word : {"files key", "unknown", "chmod", "main/INBOX", "2 failed"}) CHECK(contains(text, word));
  }
}

TEST_CASE("doctor: colours only when asked for, and what others wrote drives no terminal") {
  CHECK(doctor::in_words(some_rows(), {0, false}).find('\x1b') == std::string::npos);
  CHECK(contains(doctor::in_words(some_rows(), {0, true}), "\x1b[31mFAIL\x1b[0m  files key"));
  const std::vector<Row> evil{named("source", doctor::of("a\x1b[2J", doctor::warning("x\ny\x07", "\xc2\x9b")))};
  for (const int columns : {0, 40}) {
    const std::string text = doctor::in_words(evil, {columns, false});
    CHECK(text.find_first_of("\x1b\x07") == std::string::npos);
    CHECK(!contains(text, "\xc2\x9b"));
    CHECK(contains(text, "x\\x0ay"));
  }
}

TEST_CASE("doctor --json: each check with its state, words, fix and class") {
  const std::string json = doctor::as_json(some_rows());
  CHECK(json.rfind(R"({"v":1,"exit":77,"passed":1,"warning":1,"failed":2,"skipped":1,"checks":[)", 0) == 0);
  CHECK(contains(json, R"({"check":"files","subject":"key","state":"failed",)"));
  CHECK(contains(json, R"("class":"permission")"));
  CHECK(contains(json, R"({"check":"agent","subject":null,"state":"skipped","words":"none is running","fix":null,"class":null})"));
}

// ---- extract ----

TEST_CASE("extract: a mail is known by its header fields, a text with a colon is none") {
  CHECK(extract::looks_like_mail("Subject: x\n\n1"));
  CHECK(extract::looks_like_mail("X-Test: 1\r\nFROM: a@b.example\r\n\r\n1"));
  for (const char* text : {"", "Code: 482913", "Your code is 482913", "\n\nSubject: x\n", "482913", "http://a.example"})
    CHECK_MESSAGE(!extract::looks_like_mail(text), text);
}

TEST_CASE("extract: why there is no code holds none") {
  code::Verdict verdict;
  verdict.outcome = code::Outcome::ambiguous;
  verdict.reason = "2 different numbers look like the code";
  verdict.codes.resize(2);
  verdict.codes[0].value = "482913";
  CHECK(extract::why_not(verdict).rfind("ambiguous, 2 candidates: ", 0) == 0);
  CHECK(!contains(extract::why_not(verdict), "482913"));
}

// ---- config ----

TEST_CASE("config: what is right is said in short") {
  otpctl::config::Config config;
  CHECK(config::in_short(config) == "right, no mailbox");
  config.mailboxes.resize(1);
  CHECK(config::in_short(config) == "right, 1 mailbox");
  config.mailboxes.resize(2);
  config.patterns.resize(1);
  CHECK(config::in_short(config) == "right, 2 mailboxes, 1 pattern");
  config.rules.resize(2);
  CHECK(config::in_short(config) == "right, 2 mailboxes, 1 pattern, 2 rules");
}

TEST_CASE("config show: a first line says where it comes from, and no password of a proxy is shown") {
  otpctl::config::Config config;
  CHECK(config::show_toml(config, {}, "/x/config.toml").rfind("# /x/config.toml is not there: the embedded default\n", 0) == 0);
  CHECK(contains(config::show_json(config, {}, "/x/config.toml"), R"("from":"default","file":"/x/config.toml")"));
  config.mailboxes.resize(1);
  config.mailboxes[0].proxy = "http://user:hunter2x@proxy.example.com";
  CHECK(config::show_toml(config, {{"mailbox", "M365_EMAIL"}}, "/x").rfind("# /x is not there: from the environment\n", 0) == 0);
  CHECK(!contains(config::show_json(config, {}, "/x"), "hunter"));
  config.path = "/x\x1b[2J";
  CHECK(config::show_toml(config, {}, "").rfind("# /x\\x1b[2J\n", 0) == 0);
}

}  // namespace
}  // namespace otpctl::apps
