// DESIGN 4 "Filters": what a wait lets through.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

Asked filtered(World& w, const Filters& filters, const Asked& session = {}) {
  Wait wait;
  wait.session = session.id;
  wait.spec = World::spec(kBot);
  wait.spec.filters = filters;
  return w.wait(wait);
}

}  // namespace

TEST_CASE("what passes a filter") {
  struct Row {
    const char* what;
    Filters filters;
    Mail mail;
    std::string code;  // "" = does not pass
  };
  const Row rows[] = {
      {"no filter", {}, {}, "482913"},
      {"from: glob, case ignored", {"*@SHOP.example", "", "", 0, 0}, {}, "482913"},
      {"from: another domain", {"*@bank.example", "", "", 0, 0}, {}, ""},
      {"from: a domain that only begins so",
       {"*@shop.example", "", "", 0, 0},
       {.from = "a@shop.example.net"},
       ""},
      {"from: no sender", {"?*", "", "", 0, 0}, {.from = ""}, ""},
      {"subject: glob", {"", "*sign-in*", "", 0, 0}, {}, "482913"},
      {"subject: another", {"", "*payment*", "", 0, 0}, {}, ""},
      {"length: the same", {"", "", "", 6, 6}, {}, "482913"},
      {"length: longer", {"", "", "", 7, 0}, {}, ""},
      {"length: shorter", {"", "", "", 0, 5}, {}, ""},
      {"length counts characters", {"", "", "", 4, 4}, {.code = "äöüß"}, "äöüß"},
      {"pattern: the code is what the group matches",
       {"", "", "PIN ([0-9]{4})", 0, 0},
       {.text = "Your PIN 9876"},
       "9876"},
      {"pattern: in a message whose verdict is none",
       {"", "", "PIN ([0-9]{4})", 0, 0},
       {.code = "", .text = "PIN 9876"},
       "9876"},
      {"pattern: in a message with several codes",
       {"", "", "PIN ([0-9]{4})", 0, 0},
       {.codes = {"1", "2"}, .text = "PIN 9876"},
       "9876"},
      {"pattern: in the subject",
       {"", "", "^Code ([A-Z]{3})$", 0, 0},
       {.code = "", .subject = "Code XYZ"},
       "XYZ"},
      {"pattern: no match, though there is a code",
       {"", "", "PIN ([0-9]{4})", 0, 0},
       {.text = "no"},
       ""},
      {"pattern and length", {"", "", "PIN ([0-9]+)", 5, 5}, {.text = "PIN 9876"}, ""},
      {"pattern: an automatic reply has no code",
       {"", "", "PIN ([0-9]+)", 0, 0},
       {.text = "PIN 9876", .bounce = true},
       ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    World before;  // the waiter blocks first
    const auto blocked = filtered(before, row.filters);
    before.mail(row.mail);
    CHECK(before.code(blocked) == row.code);
    World after;  // the mail is there first
    after.mail(row.mail);
    CHECK(after.code(filtered(after, row.filters)) == row.code);
  }
}

TEST_CASE("a code goes past a waiter whose filters do not match to the next one") {
  World w;
  const auto picky = filtered(w, {"*@bank.example", "", "", 0, 0});
  const auto any = w.wait();
  w.mail({});
  CHECK(w.blocks(picky));
  CHECK(w.code(any) == "482913");
}

TEST_CASE("a wait's filters narrow those of its session") {
  World w;
  SessionSpec spec = World::spec(kBot);
  spec.filters.from = "*@shop.example";
  const auto session = w.register_for(spec);
  const auto wait = filtered(w, {"", "", "", 6, 6}, session);
  w.mail({.code = "12345678"});
  w.mail({.from = "a@bank.example", .code = "111111"});
  CHECK(w.blocks(wait));
  w.mail({.code = "222222"});
  CHECK(w.code(wait) == "222222");
}

TEST_CASE("a session's pattern is compiled again after a kill") {
  World w;
  SessionSpec spec = World::spec(kBot);
  spec.filters.pattern = "PIN ([0-9]{4})";
  const auto session = w.register_for(spec);
  w.restart(1s);
  w.mail({.text = "PIN 9876"});
  CHECK(w.code(w.wait_on(session)) == "9876");
}

TEST_CASE("a bad pattern is an error of the wait") {
  World w;
  for (const std::string& pattern :
       std::vector<std::string>{"(", "no group", "(two)(groups)", std::string(600, 'x')}) {
    const auto asked = filtered(w, {"", "", pattern, 0, 0});
    REQUIRE(w.error(asked));
    CHECK(w.error(asked)->code == ErrorCode::usage);
  }
  CHECK(w.delivery.waiters(w.now).empty());
}

TEST_CASE("what the pattern of one wait found is nobody's code without it") {
  World w;
  const auto wait = filtered(w, {"", "", "PIN ([0-9]{4})", 0, 0});
  w.mail({.code = "", .text = "PIN 9876"});
  REQUIRE(w.code(wait) == "9876");
  CHECK(w.records(RecordKind::message) == 1);  // it is on its way: it must survive
  w.gone(wait);
  CHECK(w.blocks(w.wait()));
  CHECK(w.code(filtered(w, {"", "", "PIN ([0-9]{4})", 0, 0})) == "9876");
}

TEST_CASE("a claimed code that a pattern found survives a kill") {
  World w;
  const auto before = filtered(w, {"", "", "PIN ([0-9]{4})", 0, 0});
  w.mail({.code = "", .text = "PIN 9876"});
  w.restart(1s);
  const auto after = w.again(before);
  CHECK(w.code(after) == "9876");
}

TEST_CASE("of a long text only the beginning is kept, the cut is at a character") {
  Settings small;
  small.max_text = 11;
  World w(small);
  w.mail({.code = "", .text = "0123456789ä PIN 9876"});
  CHECK(w.blocks(filtered(w, {"", "", "PIN ([0-9]{4})", 0, 0})));
  CHECK(w.code(filtered(w, {"", "", "^(0123456789)$", 0, 0})) == "0123456789");
}

TEST_CASE("the oldest texts go first when there are too many, the codes stay") {
  Settings small;
  small.max_text_total = 100;
  World w(small);
  w.mail({.to = kOther, .code = "111111", .text = "PIN 1111 " + std::string(60, 'x')});
  w.mail({.code = "222222", .text = "PIN 2222 " + std::string(60, 'x')});
  Wait wait;
  wait.spec = World::spec(kOther);
  wait.spec.filters.pattern = "PIN ([0-9]{4})";
  CHECK(w.blocks(w.wait(wait)));
  CHECK(w.code(filtered(w, {"", "", "PIN ([0-9]{4})", 0, 0})) == "2222");
  w.pass(120s);
  CHECK(w.delivery.codes_pending() == 2);
}

TEST_CASE("a code that cannot stand on one line of a terminal is none") {
  World w;
  const auto wait = w.wait();
  w.mail({.code = "12\n34"});
  w.mail({.code = std::string(65, '1')});
  CHECK(w.blocks(wait));
}
