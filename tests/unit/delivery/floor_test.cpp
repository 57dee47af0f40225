// DESIGN 4 "Marks": a bare wait never reaches behind the end of the one before it; a wait that is
// taken up again keeps what it had.
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

TEST_CASE("the end of a wait is a floor: what lies before it never comes to the next bare wait") {
  World w;
  const auto first = w.wait();
  w.mail({.code = "111111"});
  w.mail({.from = "x@other.example", .code = "222222"});  // nobody is left for it
  w.acknowledge(first);
  w.pass(5s);
  const auto second = w.wait();
  CHECK(w.blocks(second));
  w.mail({.code = "333333"});
  CHECK(w.code(second) == "333333");
}

TEST_CASE(
    "the floor holds for mail that is fetched late too, and for another recipient there is none") {
  World w;
  const auto first = w.wait();
  w.pass(120s);
  CHECK(w.exit(first) == ExitCode::timed_out);
  w.pass(5s);
  const auto second = w.wait();
  w.mail({.code = "111111", .age = 10s});
  CHECK(w.blocks(second));
  w.mail({.to = kOther, .code = "222222", .age = 10s});
  CHECK(w.code(w.wait(kOther)) == "222222");
}

TEST_CASE("the floor knows where a live mailbox stood: mail of the same second after it counts") {
  World w;
  w.mailbox();
  w.position(100);
  const auto first = w.wait();
  w.pass(120s);
  REQUIRE(w.end(first));
  w.mail({.code = "111111", .uid = 99});
  const auto second = w.wait();
  CHECK(w.blocks(second));
  w.mail({.code = "222222", .uid = 100});
  CHECK(w.code(second) == "222222");
}

TEST_CASE("the end of a session is a floor as well") {
  World w;
  const auto session = w.register_for();
  w.mail({.code = "111111"});
  w.apply(CloseSession{w.next_request(), session.id});
  w.pass(1s);
  CHECK(w.blocks(w.wait()));
}

TEST_CASE("the floor survives a kill") {
  World w;
  const auto first = w.wait();
  w.mail({.code = "111111", .source = "lmtp"});
  w.mail({.from = "x@other.example", .code = "222222", .source = "lmtp"});
  w.acknowledge(first);
  w.restart(1s);
  CHECK(w.blocks(w.wait()));
}

TEST_CASE("a wait that is taken up keeps its mark and floor, a new floor does not hold it") {
  World w;
  const auto before = w.wait();
  const auto short_one = w.wait();
  w.pass(50s);
  w.gone(short_one);  // moves the floor of the recipient
  w.restart(1s);
  const auto after = w.again(before);
  w.mail({.age = 60s});  // before the wait began, within its --since
  CHECK(w.code(after) == "482913");
}

TEST_CASE("without its mark the same wait would not reach it") {
  World w;
  const auto before = w.wait();
  w.pass(10s);
  w.gone(before);
  const auto after = w.again(before, kBot, false);
  w.mail({.age = 5s});
  CHECK(w.blocks(after));
}

TEST_CASE("a mark to resume from that is none is an error, not a guess") {
  World w;
  for (const std::string& text :
       std::vector<std::string>{"x", "{}", "1 ", "2 1 1 0 0 0 ", "1 1 1 0 0 0 0 ", "1 -1 1 0 0 0 ",
                                "1 1 1 1 5 0 99999999999 ", "1 1 1 1 5 0 1 9:short 1 1 0 0 "}) {
    CAPTURE(text);
    Wait wait;
    wait.spec = World::spec(kBot);
    wait.resume = text;
    const auto asked = w.wait(wait);
    REQUIRE(w.error(asked));
    CHECK(w.error(asked)->code == ErrorCode::usage);
  }
}

TEST_CASE("a resume with absurd times is refused, no sum overflows") {
  World w;
  for (const std::string& text : std::vector<std::string>{"1 0 -9223372036854775808 1 0 0 0 0 0 ",
                                                          "1 0 0 1 -9223372036854775807 0 0 0 0 ",
                                                          "1 0 0 1 9223372036854775807 0 0 0 0 "}) {
    CAPTURE(text);
    Wait wait;
    wait.spec = World::spec(kPhone);
    wait.resume = text;
    const auto asked = w.wait(wait);
    REQUIRE(w.error(asked));
    CHECK(w.error(asked)->code == ErrorCode::usage);
  }
  Wait long_ago;
  long_ago.spec = World::spec(kPhone);
  long_ago.resume = "1 0 0 1 0 0 0 0 0 ";  // 1970
  const auto asked = w.wait(long_ago);
  w.sms({.sent_ago = 1h});
  CHECK(w.code(asked) == "482913");
}
