// Answers and help for people in 40 and 80 columns: every line fits, nothing is left out, and a pipe gets it as it was.
#include "cli/commands.hpp"
#include "otpctl/dispatch.hpp"
#include "shared/cells.hpp"
#include "shared/hang.hpp"
#include "shared/layout.hpp"
#include "shared/output.hpp"
#include "status/status.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <sstream>

using namespace std::chrono_literals;

namespace otpctl::apps {
namespace {

void check_width(const std::string& text, int columns) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    CHECK(cells(line) <= columns);
  }
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  std::sort(words.begin(), words.end());
  return words;
}

TEST_CASE("the help of every command fits 40 and 80 columns, breaks no word and leaves none out") {
  std::vector<std::string> texts{general_help(), exit_code_help()};
  for (const auto& [name, built] : test::all_commands()) {
    const Parsed help = parse(*built.app, {"--help"});
    REQUIRE(help);
    texts.push_back(**help);
  }
  for (const std::string& text : texts) {
    CHECK(hung(text, 0) == text);
    for (const int columns : {40, 80}) {
      CAPTURE(columns);
      check_width(hung(text, columns), columns);
      const auto shown = words_of(hung(text, columns)), said = words_of(text);
      std::vector<std::string> missing;
      std::set_difference(said.begin(), said.end(), shown.begin(), shown.end(), std::back_inserter(missing));
      for (const std::string& word : missing) CHECK_MESSAGE(cells(word) > columns, word);  // no line could hold it
    }
  }
}

TEST_CASE("an option's text stays in its column, or stands below the option where that leaves it no half") {
  const std::string text = "  -q --quiet                no progress, no warnings, and so on until the end of it\n";
  CHECK(hung(text, 60) ==
        "  -q --quiet                no progress, no warnings, and so\n"
        "                            on until the end of it\n");
  CHECK(hung(text, 40) ==
        "  -q --quiet\n"
        "      no progress, no warnings, and so\n"
        "      on until the end of it\n");
}

const std::vector<std::vector<std::string>> kRows{{"WHO", "PID", "STATE"},
                                                  {"bot5@example.com", "4711", "ambiguous: otpctl manual decides"}};

TEST_CASE("a table that fits is a table, else its last column is broken, else it is stacked") {
  CHECK(table_in(kRows, 0) == table(kRows));
  CHECK(table_in(kRows, 56) == table(kRows));
  CHECK(table_in(kRows, 50) ==
        "WHO               PID   STATE\n"
        "bot5@example.com  4711  ambiguous: otpctl manual\n"
        "                        decides\n");
  CHECK(table_in(kRows, 40) ==
        "bot5@example.com\n"
        "  pid 4711, state ambiguous: otpctl\n"
        "  manual decides\n");
  CHECK(pairs_in({{"config", "/home/bots/.config/otpctl/config.toml"}}, 40) ==
        "config\n"
        "  /home/bots/.config/otpctl/config.toml\n");
}

TEST_CASE("status fits 40 and 80 columns with long names, and in a pipe it is as long as it is") {
  const WallTime now(1700000000s);
  AgentStatus status;
  status.version = "0.1.0";
  status.home = "/home/bots/.local/state/otpctl-of-the-second-machine";
  status.config = "/home/bots/.config/otpctl/config.toml";
  SourceStatus source;
  source.name = "main/INBOX";
  source.kind = "imap";
  source.state = SourceState::unreachable;
  source.detail = "imap.example.com: the name cannot be resolved just now, as it seems";
  status.sources = {source};
  WaiterInfo waiter;
  waiter.target.email = "a-rather-long-name-of-a-bot@mail.example.com";
  waiter.session = "1c8f0001-0000-4000-8000-000000000000";
  waiter.since = now - 12s;
  waiter.ambiguous = true;
  status.waiters = {waiter};
  for (const int columns : {40, 80}) {
    const std::string text = status::in_words(status, now, columns);
    check_width(text, columns);
    CHECK(text.find("1c8f0001") != std::string::npos);
    CHECK(text.find("resolved") != std::string::npos);
  }
  const std::string piped = status::in_words(status, now);
  CHECK(piped.find("no limit  0     ambiguous: otpctl manual decides\n") != std::string::npos);
}

}  // namespace
}  // namespace otpctl::apps
