// DESIGN 4 "Time": `--timeout 0` asks the sources, then says what is there.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

Asked at_once(World& w, const std::string& recipient = kBot) {
  Wait wait;
  wait.spec = World::spec(recipient);
  wait.timeout = Duration(0);
  return w.wait(wait);
}

}  // namespace

TEST_CASE("--timeout 0 asks the mailboxes first and answers when all have") {
  World w;
  w.mailbox();
  const auto wait = at_once(w);
  REQUIRE(w.last.synchronise.size() == 1);
  CHECK(w.last.synchronise[0].since == w.now.wall - 30s);
  CHECK(w.blocks(wait));
  w.mail({.more = true});
  w.settled();
  CHECK(w.blocks(wait));
  w.synchronised();
  CHECK(w.code(wait) == "482913");
}

TEST_CASE("--timeout 0 with nothing there is a definite no") {
  World w;
  w.mailbox();
  const auto wait = at_once(w);
  w.synchronised();
  CHECK(w.exit(wait) == ExitCode::no);
}

TEST_CASE("--timeout 0 waits at most 5 s for a mailbox that does not answer") {
  World w;
  w.mailbox(SourceState::starting);
  const auto wait = at_once(w);
  w.pass(5s - 1us);
  CHECK(w.blocks(wait));
  w.pass(1us);
  CHECK(w.exit(wait) == ExitCode::unreachable);
}

TEST_CASE("--timeout 0 does not wait for a mailbox that is down") {
  World w;
  w.door();
  w.mailbox(SourceState::unreachable);
  w.mail({.source = "lmtp"});
  CHECK(w.code(at_once(w)) == "482913");
  CHECK(w.exit(at_once(w, kOther)) == ExitCode::unreachable);
}

TEST_CASE("--timeout 0 with doors only answers at once") {
  World w;
  w.door();
  CHECK(w.exit(at_once(w)) == ExitCode::no);
}

TEST_CASE("--timeout 0: 65 when it came without a code or is ambiguous") {
  World w;
  w.mail({.code = ""});
  CHECK(w.exit(at_once(w)) == ExitCode::unreadable);
  w.mail({.to = kOther, .from = "a@shop.example", .code = "111111"});
  w.mail({.to = kOther, .from = "b@bank.example", .code = "222222"});
  CHECK(w.exit(at_once(w, kOther)) == ExitCode::unreadable);
}

TEST_CASE("--timeout 0 whose client goes away is forgotten") {
  World w;
  w.mailbox();
  const auto wait = at_once(w);
  w.gone(wait);
  w.synchronised();
  w.pass(10s);
  CHECK(w.blocks(wait));
}

TEST_CASE("--timeout 0 on a session that is just being marked") {
  World w;
  w.mailbox();
  const auto session = w.register_for();
  Wait wait;
  wait.session = session.id;
  wait.timeout = Duration(0);
  const auto asked = w.wait(wait);
  w.mail({.source = "lmtp"});
  w.synchronised();
  CHECK(w.code(asked) == "482913");
}
