// `extract --explain` and `--rule-test`: what is shown to people and to programs.
#include "cli/commands.hpp"
#include "extract/explained.hpp"
#include "extract/look.hpp"
#include "extract/rule_test.hpp"
#include "rpc/json.hpp"
#include "shared/cells.hpp"

#include <doctest/doctest.h>

#include <sstream>

namespace otpctl::apps {
namespace {

using extract::Knowledge;
using extract::Looked;
using extract::Mark;
using extract::Shape;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

Looked looked_at(const std::string& bytes, const Knowledge& known = {}) {
  extract::Input input;
  input.bytes = bytes;
  input.size = bytes.size();
  return extract::look_at(input, false, known);
}

Knowledge with_rules(const std::vector<otpctl::config::UserRule>& rules) {
  Knowledge known;
  known.rules = rules;
  for (const auto& rule : rules) known.hints.rules.push_back(*code::Rule::make(rule.from, rule.pattern, rule.label));
  return known;
}

constexpr char kMail[] =
    "From: Example <no-reply@example.com>\nTo: bot@example.org\nSubject: Sign in to Example\n\n"
    "Hello,\n\nyour verification code is 482 913.\n\nOrder number 117744, total 12.50 EUR, until 20.11.2026.\n";

// ---- marks ----

std::string marked(std::string_view text, std::vector<Mark> marks, Shape shape = {}) {
  std::string out;
  for (const auto& line : extract::marked(text, std::move(marks))) out += line.lines("| ", "| ", shape);
  return out;
}

Mark code(std::size_t begin, std::size_t end) { return {begin, end, ">>>", "<<<", Tone::good}; }

TEST_CASE("extract: places are marked line by line, whatever stands around them") {
  CHECK(marked("code 123", {code(5, 8)}) == "| code >>>123<<<\n");
  CHECK(marked("a\nb 123\nc 45", {code(10, 12), code(4, 7)}) == "| a\n| b >>>123<<<\n| c >>>45<<<\n");
  CHECK(marked("", {}) == "| \n");
  CHECK(marked("a\x1b[2J\nb", {}) == "| a\\x1b[2J\n| b\n");
  CHECK(marked("123", {code(2, 9), code(1, 1)}) == "| 123\n");  // no place in it
  CHECK(marked("1\n2", {code(0, 3)}) == "| >>>1\n| 2<<<\n");
  CHECK(marked("12345", {code(0, 3), code(1, 4)}) == "| >>>123<<<45\n");  // they overlap
}

TEST_CASE("extract: a marked text is broken at the width of the terminal, its colours go on") {
  const std::string text = "aaaa bbbb cccc dddddd 482913 eeee";
  CHECK(marked(text, {code(22, 28)}, {16, false}) == "| aaaa bbbb cccc\n| dddddd\n| >>>482913<<<\n| eeee\n");
  CHECK(marked("x 123 y", {code(2, 5)}, {0, true}) == "| x \x1b[32m>>>123<<<\x1b[0m y\n");
  CHECK(marked("aaaa 12 34 y", {code(5, 10)}, {13, true}) == "| aaaa\n| \x1b[32m>>>12 34<<<\x1b[0m\n| y\n");
  CHECK(marked("12 34 56 78 90", {code(0, 14)}, {12, false}) == "| >>>12 34 5\n| 6 78 90<<<\n");  // longer than a line
  CHECK(marked("aa_b c_d", {code(5, 8)}, {13, true}) == "| aa_b\n| \x1b[32m>>>c_d<<<\x1b[0m\n");
}

// ---- the whole ----

TEST_CASE("extract --explain: candidates are numbered in the text and told with their reasons, the best first") {
  const std::string text = extract::explained(looked_at(kMail), {});
  CAPTURE(text);
  CHECK(text.rfind("read as     an e-mail of ", 0) == 0);
  CHECK(contains(text, "\nfrom        no-reply@example.com\nrecipients  bot@example.org  (To, Cc)\n"));
  CHECK(contains(text, "\nvisible text\n  | Hello,\n  | \n  | your verification code is >>>482 913<<<[1].\n"));
  CHECK(contains(text, "Order number 117744[2], total 12.50[3] EUR, until 20.11.2026[4]."));
  CHECK(contains(text, "\ncandidates\n  [1]  482 913 = 482913  98 %, in the text, the code\n       + "));
  CHECK(contains(text, "\n  [2]  117744  none, in the text\n"));
  CHECK(contains(text, "\n       - it belongs to "));
  CHECK(contains(text, "\nverdict     code\ncode        482913  (digits, confidence 98 %, written 482 913"));
  CHECK(contains(text, "\nreason      stands directly at a word for a code\n"));
  CHECK(!contains(text, "\x1b"));
}

TEST_CASE("extract --explain: no line is wider than the terminal, and nothing is lost") {
  const Looked looked = looked_at(kMail);
  for (const int columns : {24, 40, 59, 60, 80, 200}) {
    const std::string text = extract::explained(looked, {columns, false});
    CAPTURE(text);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(cells(line) <= columns);
    for (const char* word : {">>>482 913<<<[1]", "117744[2]", "recipients", "bot@example.org", "verdict", "[4]"}) {
      if (columns >= 40) CHECK(contains(text, word));
    }
  }
}

TEST_CASE("extract --explain: colours only when asked for, and they change no text") {
  const Looked looked = looked_at(kMail);
  const std::string plain = extract::explained(looked, {80, false});
  std::string colored = extract::explained(looked, {80, true});
  CHECK(contains(colored, "\x1b[32m>>>482 913<<<[1]\x1b[0m"));
  CHECK(contains(colored, "\x1b[31m- \x1b[0m"));
  for (std::size_t at; (at = colored.find('\x1b')) != colored.npos;) colored.erase(at, colored.find('m', at) - at + 1);
  CHECK(colored == plain);
}

TEST_CASE("extract --explain: X03 what others wrote is printable, in text, names and reasons") {
  const std::string evil =
      "From: \x1b]0;x\x07@example.com\nSubject: \x1b[2J code \xe2\x80\xae 482913\n\n"
      "\x1b[31mcode\x1b[0m 117744 \xc2\x9b" "2J\nco\xe2\x80\xae" "de: AB\xe2\x80\xae" "12 12\x1b[1m34\n\xff\xfe";
  for (const int columns : {0, 40}) {
    const std::string text = extract::explained(looked_at(evil), {columns, false});
    for (const char* bad : {"\x1b", "\x07", "\xc2\x9b", "\xe2\x80\xae", "\xff"}) CHECK(!contains(text, bad));
  }
  const std::string json = extract::as_json(looked_at(evil), true);
  CHECK(std::count(json.begin(), json.end(), '\n') == 1);
  CHECK(!contains(json, "\x1b"));
}

TEST_CASE("extract --explain: of hundreds of numbers the best are listed, and the rest is counted") {
  std::string text = "Your verification code is 482913\n";
  for (int i = 0; i < 300; ++i) text += "Order number " + std::to_string(100000 + i) + "\n";
  const std::string said = extract::explained(looked_at(text), {});
  CHECK(contains(said, ">>>482913<<<[1]"));
  CHECK(contains(said, "\n  [60] 1"));
  CHECK(!contains(said, "[61]"));
  CHECK(contains(said, "\n  and 241 more, none of them better\n"));
}

TEST_CASE("extract --explain: of an ambiguous message each has its number, none is the code") {
  const std::string said = extract::explained(looked_at("Your codes are 482913 and 117744"), {});
  CHECK(contains(said, "482913[1] and 117744[2]"));
  CHECK(!contains(said, ">>>"));
  CHECK(contains(said, "\nverdict     ambiguous\ncandidate   482913"));
}

TEST_CASE("extract --json --explain: the candidates are objects, the best first") {
  const auto json = *rpc::parse_object(extract::as_json(looked_at(kMail), true));
  const auto& candidates = json["candidates"];
  REQUIRE(candidates.size() == 4);
  const auto& first = candidates[0];
  CHECK(first["raw"] == "482 913");
  CHECK(first["value"] == "482913");
  CHECK(first["score"].get<double>() > 0.9);
  CHECK(first["in"] == "text");
  const auto text = json["text"].get<std::string>();
  const auto begin = first["begin"].get<std::size_t>();
  CHECK(text.substr(begin, first["end"].get<std::size_t>() - begin) == "482 913");
  REQUIRE(first["reasons"].size() >= 1);
  CHECK(first["reasons"][0]["for"] == true);
  CHECK(!first["reasons"][0]["text"].get<std::string>().empty());
  CHECK(candidates[1]["score"] == 0);
  CHECK(candidates[1]["value"].is_null());
  CHECK(candidates[1]["reasons"].back()["for"] == false);
  CHECK((*rpc::parse_object(extract::as_json(looked_at(kMail), false)))["candidates"].empty());
}

// ---- --rule-test ----

std::vector<otpctl::config::UserRule> some_rules() {
  return {{"*@other.example", "", "code is", 3, 5},
          {"*@example.com", "", "Zugang", 6, 8},
          {"*@example.com", "number (\\d+)", "", 9, 11},
          {"no-reply@*", "", "code is", 12, 14}};
}

TEST_CASE("extract --rule-test: one line a rule") {
  const Knowledge known = with_rules(some_rules());
  const auto message = looked_at(kMail, known).message;
  CHECK(extract::rules_in_words(extract::try_rules(known, message), message, 0) ==
        "sender  no-reply@example.com\n"
        "LINE  FROM             WHAT                    RESULT\n"
        "3     *@other.example  label \"code is\"         does not fit the sender\n"
        "6     *@example.com    label \"Zugang\"          finds nothing\n"
        "9     *@example.com    pattern 'number (\\d+)'  finds 117744 in the text: it decides\n"
        "12    no-reply@*       label \"code is\"         finds 482913 in the text, but a rule above decides\n");
  const auto json = *rpc::parse_object(extract::rules_as_json(extract::try_rules(known, message), message));
  CHECK(json["line"] == 9);
  CHECK(json["code"] == "117744");
  CHECK(json["rules"].size() == 4);
  CHECK(json["rules"][0]["result"] == "other_sender");
  CHECK(json["rules"][1]["result"] == "nothing");
  CHECK(json["rules"][2]["decides"] == true);
  CHECK(json["rules"][3]["in"] == "text");
}

TEST_CASE("extract --rule-test: a length, a slow line, a delivery report") {
  Knowledge known = with_rules({{"*", "", "code is", 1, 3}, {"*", "(a+)+$", "", 4, 6}});
  known.hints.lengths = code::Lengths{4, 4};
  auto message = looked_at("code is 482913\n" + std::string(499, 'a') + "!\n").message;
  const std::string said = extract::rules_in_words(extract::try_rules(known, message), message, 0);
  CHECK(contains(said, "sender  none\n"));
  CHECK(contains(said, "finds nothing of the length asked for\n"));
  CHECK(contains(said, "finds nothing: a line was too slow for it\n"));
  message.bounce = true;
  known.hints.lengths.reset();
  const auto tried = extract::try_rules(known, message);
  CHECK(!tried.at(0).decides);
  CHECK(contains(extract::rules_in_words(tried, message, 0), "no rule is asked"));
}

}  // namespace
}  // namespace otpctl::apps
