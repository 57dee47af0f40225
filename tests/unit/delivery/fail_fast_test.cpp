// DESIGN 2: `--fail-fast` ends a wait at the first cause that would end it without a code.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

Asked fail_fast(World& w) {
  Wait wait;
  wait.spec = World::spec(kBot);
  wait.fail_fast = true;
  return w.wait(wait);
}

}  // namespace

TEST_CASE("--fail-fast ends at the first cause") {
  struct Row {
    const char* what;
    void (*happens)(World&);
    ExitCode exit;
  };
  const Row rows[] = {
      {"signed out", [](World& w) { w.mailbox(SourceState::signed_out); }, ExitCode::not_allowed},
      {"unreachable", [](World& w) { w.mailbox(SourceState::unreachable); }, ExitCode::unreachable},
      {"a message without a code", [](World& w) { w.mail({.code = ""}); }, ExitCode::unreadable},
      {"a message with two",
       [](World& w) {
         w.mail({.codes = {"1", "2"}});
       },
       ExitCode::unreadable},
      {"different senders at once",
       [](World& w) {
         w.mail({.from = "a@shop.example", .code = "1111", .more = true});
         w.mail({.from = "b@bank.example", .code = "2222"});
       },
       ExitCode::unreadable},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    World w;
    w.mailbox();
    const auto fast = fail_fast(w);
    const auto patient = w.wait();
    CHECK(w.blocks(fast));
    row.happens(w);
    CHECK(w.exit(fast) == row.exit);
    CHECK(w.blocks(patient));
  }
}

TEST_CASE("--fail-fast sees a cause that is there when it starts, a starting mailbox is none") {
  World w;
  w.mailbox(SourceState::starting);
  const auto wait = fail_fast(w);
  CHECK(w.blocks(wait));
  w.mailbox(SourceState::signed_out);
  CHECK(w.exit(wait) == ExitCode::not_allowed);
  CHECK(w.exit(fail_fast(w)) == ExitCode::not_allowed);
}

TEST_CASE("--fail-fast: what is not for it is no cause") {
  World w;
  w.mailbox();
  const auto wait = fail_fast(w);
  w.mail({.to = kOther, .code = ""});
  w.mail({.code = "", .age = 1h});
  CHECK(w.blocks(wait));
}
