// Time and the end of the connection.
#include "words.hpp"

#include <doctest/doctest.h>

using namespace otpctl;
using namespace otpctl::smtp;

TEST_CASE("a silent client is told and closed at the deadline, not before") {
  Player player;
  player.collect();
  CHECK(player.session.deadline() == at(300).instant);
  CHECK(player.pass(299) == "");
  CHECK(player.pass(1) == "421 4.4.2 idle for too long\r\n");
  REQUIRE(player.closed.size() == 1);
  REQUIRE(player.closed[0].why.has_value());
  CHECK(player.closed[0].why->code == ErrorCode::timeout);
}

TEST_CASE("bytes that come together with the deadline are obeyed and renew it") {
  Player player;
  player.collect();
  player.pass(299);
  player.session.feed("NOOP\r\n");
  CHECK(starts(player.pass(1), "250 "));
  CHECK(player.open());
  CHECK(player.session.deadline() == at(600).instant);
}

TEST_CASE("the deadline counts again from the answer to a mail") {
  Player player({}, false);
  player.send(kHello + kEnvelope + "DATA\r\n.\r\n");
  player.pass(1000);
  player.session.taken();
  CHECK(player.pass(0) == "250 2.0.0 taken\r\n");
  CHECK(player.open());
  CHECK(player.session.deadline() == at(1300).instant);
}

TEST_CASE("the end of the connection between two mails is no fault, in the middle of one it is") {
  Player between;
  between.send(kHello);
  between.end();
  CHECK(why(between) == "");
  for (const std::string part :
       {"MAIL FROM:<>\r\n", "MAIL FROM:<>\r\nRCPT TO:<a@example.com>\r\nDATA\r\ntext\r\n."}) {
    Player player;
    player.send(kHello + part);
    player.end();
    CHECK(contains(why(player), "middle of a mail"));
    CHECK(player.closed[0].why->code == ErrorCode::network);
    CHECK(player.mails.empty());
  }
}

TEST_CASE("a client that sends everything and closes its side still gets all replies") {
  Player player({}, false);
  player.collect();
  player.send(kHello + kEnvelope + "DATA\r\ntext\r\n.\r\nQUIT\r\n");
  CHECK(player.end() == "");
  CHECK(player.open());
  REQUIRE(player.mails.size() == 1);
  player.session.taken();
  CHECK(player.collect() == "250 2.0.0 taken\r\n221 2.0.0 bye\r\n");
  CHECK(why(player) == "");
}

TEST_CASE("after the end of file Closed comes only when the open mail was answered") {
  Player player({}, false);
  player.send(kHello + kEnvelope + "DATA\r\n.\r\n");
  player.end();
  CHECK(player.open());
  player.session.refused(451, "later");
  CHECK(starts(player.collect(), "451 "));
  CHECK(why(player) == "");
}

TEST_CASE("a session moves with all it holds") {
  Player player;
  player.send(kHello + kEnvelope + "DATA\r\nhalf");
  Session moved = std::move(player.session);
  moved.feed(" whole\r\n.\r\n");
  const auto event = moved.next();
  REQUIRE(event.has_value());
  CHECK(std::get<Mail>(*event).bytes == "half whole\r\n");
  player.session = std::move(moved);
  player.session.taken();
  CHECK(player.session.take_output() == "250 2.0.0 taken\r\n");
}
