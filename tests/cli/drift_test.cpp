// --help, man/, completions/ and the exit codes are held together: each option is described
// everywhere, and nothing is described that does not exist.
#include "cli/commands.hpp"
#include "otpctl/dispatch.hpp"
#include "shared/commands.hpp"
#include "shared/exit_codes.hpp"

#include <otpctl/error.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

namespace otpctl::apps {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(std::string(OTPCTL_SOURCE_DIR "/") + path);
  CAPTURE(path);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

void walk(const CLI::App& app, const std::function<void(const CLI::App&)>& visit) {
  visit(app);
  for (const CLI::App* each : app.get_subcommands(nullptr)) walk(*each, visit);
}

using Names = std::set<std::string>;

/// "--timeout", "-q" …
Names own_options_of(const CLI::App& app) {
  Names names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.insert("--" + name);
    for (const std::string& name : option->get_snames()) names.insert("-" + name);
  }
  return names;
}

std::string as_words(const Names& names) {
  std::string words;
  for (const std::string& name : names) words += name + " ";
  return words;
}

/// Those of its actions, too.
Names options_of(const CLI::App& app) {
  Names names;
  walk(app, [&](const CLI::App& each) { names.merge(own_options_of(each)); });
  return names;
}

/// mdoc: ".It Fl q , Fl -quiet" and ".It Fl -timeout Ar duration" begin the description of options.
Names options_in_page(const std::string& page) {
  Names names;
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(".It Fl ", 0) != 0) continue;
    std::istringstream words(line);
    for (std::string word, before; words >> word; before = word) {
      if (before == "Fl") names.insert("-" + word);
    }
  }
  return names;
}

TEST_CASE("every option of every command stands in its manual page, and no other") {
  for (const auto& [name, built] : test::all_commands()) {
    CAPTURE(name);
    CHECK(options_in_page(read_file("man/otpctl-" + name + ".1")) == options_of(*built.app));
  }
}

TEST_CASE("every action stands in its manual page, and no other") {
  for (const auto& [name, built] : test::all_commands()) {
    std::set<std::string> actions, described;
    for (const CLI::App* each : built.app->get_subcommands(nullptr))
      actions.insert(each->get_name());
    std::istringstream page(read_file("man/otpctl-" + name + ".1"));
    for (std::string line; std::getline(page, line);) {
      if (line.rfind(".It Cm ", 0) == 0) described.insert(line.substr(7, line.find(' ', 7) - 7));
    }
    CAPTURE(name);
    CHECK(described == actions);
  }
}

TEST_CASE("every command has a page, and otpctl(1) lists it") {
  const std::string page = read_file("man/otpctl.1");
  std::set<std::string> known;
  for (const auto& [name, built] : test::all_commands()) known.insert(name);
  for (const CommandInfo& each : kCommands) {
    const std::string name(each.name);
    CHECK(known.count(name) == 1);
    CHECK(page.find(".Xr otpctl-" + name + " 1") != std::string::npos);
    CHECK(general_help().find("  " + name + " ") != std::string::npos);
  }
  CHECK(known.size() == kCommands.size());
}

/// Every option in the text that stands between one of these characters and one of those.
Names options_between(const std::string& before, const std::string& after, const std::string& text) {
  Names found;
  for (std::size_t at = text.find('-', 1); at != std::string::npos; at = text.find('-', at + 1)) {
    if (before.find(text[at - 1]) == std::string::npos) continue;
    std::size_t end = at;
    while (end < text.size() && (std::isalpha(static_cast<unsigned char>(text[end])) || text[end] == '-')) ++end;
    const std::string name = text.substr(at, end - at);
    if (name.find_first_not_of('-') == std::string::npos || end == text.size()) continue;
    if (after.find(text[end]) != std::string::npos) found.insert(name);
  }
  return found;
}

/// The branch `head` of a shell's `case`: up to the next line that stands no deeper.
std::string branch(const std::string& text, const std::string& head) {
  std::istringstream lines(text);
  std::string found;
  for (std::string line; std::getline(lines, line);) {
    if (found.empty() ? line.rfind(head, 0) != 0 : line.find_first_not_of(' ') <= head.find_first_not_of(' ')) {
      if (!found.empty()) break;
      continue;
    }
    found += line + "\n";
  }
  return found;
}

// What a shell offers behind `otpctl COMMAND [ACTION]`; `has_actions` without one: before it was said.

Names in_bash(const std::string& text, const std::string& command, const std::string& action, bool has_actions) {
  std::string part = branch(text, "    " + command + ")");
  if (has_actions) part = branch(part, "        " + (action.empty() ? "*" : action) + ")");
  return options_between("' ", "' ", part);
}

Names in_zsh(const std::string& text, const std::string& command, const std::string& action, bool has_actions) {
  std::string part = branch(text, "    " + command + ")");
  if (has_actions) {
    part = action.empty() ? part.substr(0, part.find("case $action in")) : branch(part, "        " + action + ")");
  }
  return options_between("'{,*", "[,}=", part);
}

Names in_fish(const std::string& text, const std::string& command, const std::string& action, bool has_actions) {
  const std::string where = "complete -c otpctl -n '__otpctl_in " + command + (action.empty() ? "" : " " + action);
  std::istringstream lines(text);
  Names found;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(where + "'", 0) != 0 && line.rfind(where + "; and not __otpctl_", 0) != 0) continue;
    if (has_actions && action.empty()) CHECK(line.rfind(where + "; and not __otpctl_action'", 0) == 0);
    std::istringstream words(line.substr(0, line.find(" -d ")));
    for (std::string word, before; words >> word; before = word) {
      if (before == "-l") found.insert("--" + word);
      if (before == "-s") found.insert("-" + word);
    }
  }
  return found;
}

TEST_CASE("the completions of each shell offer every command and action its own options, and no other") {
  struct Shell {
    std::string file;
    Names (*offered)(const std::string&, const std::string&, const std::string&, bool);
  };
  for (const auto& [file, offered] : {Shell{"bash/otpctl", in_bash}, {"zsh/_otpctl", in_zsh}, {"fish/otpctl.fish", in_fish}}) {
    const std::string text = read_file("completions/" + file);
    CAPTURE(file);
    for (const auto& [name, built] : test::all_commands()) {
      CAPTURE(name);
      const auto actions = built.app->get_subcommands(nullptr);
      CHECK(as_words(offered(text, name, "", !actions.empty())) == as_words(own_options_of(*built.app)));
      for (const CLI::App* action : actions) {
        CAPTURE(action->get_name());
        CHECK(as_words(offered(text, name, action->get_name(), true)) == as_words(options_of(*action)));
      }
    }
  }
}

TEST_CASE("the exit codes are those of the enum, the same in help and in otpctl(1)") {
  std::set<int> numbers;
  std::istringstream page(read_file("man/otpctl.1"));
  std::vector<std::string> in_page;
  bool in_table = false;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind(".Sh ", 0) == 0) in_table = line == ".Sh EXIT STATUS";
    if (in_table && line.rfind(".It ", 0) == 0) {
      std::string meaning;
      std::getline(page, meaning);
      in_page.push_back(line.substr(4) + " " + meaning);
    }
  }
  std::vector<std::string> in_table_of_ours;
  for (const ExitMeaning& each : kExitCodes) {
    numbers.insert(static_cast<int>(each.code));
    in_table_of_ours.push_back(std::to_string(static_cast<int>(each.code)) + " " + each.meaning);
  }
  // mandoc ends a sentence with the line; the table has none.
  for (std::string& line : in_page) {
    if (line.back() == '.') line.pop_back();
  }
  CHECK(in_page == in_table_of_ours);
  CHECK(numbers == std::set<int>{0, 1, 64, 65, 66, 69, 75, 77, 78, 124, 130, 143});
  CHECK(numbers.size() == kExitCodes.size());
  std::istringstream help(exit_code_help());
  std::size_t count = 0;
  for (std::string line; std::getline(help, line); ++count) {
    CHECK(line.rfind(std::to_string(static_cast<int>(kExitCodes.at(count).code)) + " ", 0) == 0);
  }
  CHECK(count == kExitCodes.size());
}

TEST_CASE("each class of error ends with the exit code of the design") {
  const std::vector<std::pair<ErrorCode, int>> expected{{ErrorCode::usage, 64},
                                                        {ErrorCode::config, 78},
                                                        {ErrorCode::not_found, 66},
                                                        {ErrorCode::expired, 66},
                                                        {ErrorCode::no_code, 65},
                                                        {ErrorCode::ambiguous, 64},
                                                        {ErrorCode::agent_unreachable, 69},
                                                        {ErrorCode::agent_version, 69},
                                                        {ErrorCode::source_unreachable, 69},
                                                        {ErrorCode::auth_rejected, 77},
                                                        {ErrorCode::permission, 77},
                                                        {ErrorCode::network, 69},
                                                        {ErrorCode::tls, 69},
                                                        {ErrorCode::protocol, 69},
                                                        {ErrorCode::timeout, 124},
                                                        {ErrorCode::busy, 75},
                                                        {ErrorCode::throttled, 75},
                                                        {ErrorCode::storage, 75},
                                                        {ErrorCode::internal, 69}};
  for (const auto& [code, exit] : expected) {
    CAPTURE(name_of(code));
    CHECK(static_cast<int>(exit_code_for(code)) == exit);
  }
}

TEST_CASE("every help has a usage line, examples, and says each option in one line that fits") {
  for (const auto& [name, built] : test::all_commands()) {
    const Parsed help = parse(*built.app, {"--help"});
    REQUIRE(help);
    REQUIRE(help->has_value());
    const std::string& text = **help;
    CAPTURE(text);
    CHECK(text.rfind("Usage: otpctl " + name + " ", 0) == 0);
    REQUIRE(text.find("\nOptions:\n") != std::string::npos);
    CHECK(text.find("\nExamples:\n") < text.find("\nOptions:\n"));
    CHECK(text.find("--version") != std::string::npos);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 100);
    Names said;
    lines = std::istringstream(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.rfind("  -", 0) == 0) said.merge(options_between(" ", " [", line.substr(0, line.find("  ", 2)) + " "));
    }
    CHECK(as_words(said) == as_words(own_options_of(*built.app)));
  }
}

}  // namespace
}  // namespace otpctl::apps
