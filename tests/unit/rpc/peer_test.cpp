#include "rpc/peer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace otpctl::rpc {
namespace {

const std::string kHello = R"({"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":1}})"
                           "\n";
const std::string kStatus = R"({"jsonrpc":"2.0","id":2,"method":"status"})"
                            "\n";

Now at(Duration offset) { return Now{Instant(offset), WallTime(offset)}; }

/// What came out, as text that can be compared.
std::string drain(Peer& peer) {
  std::string seen;
  while (auto event = peer.next()) {
    if (const auto* call = std::get_if<Call>(&*event)) {
      seen += call->id + " " + std::string(method_name(call->request)) + "\n";
    } else {
      const auto& ended = std::get<Peer::Ended>(*event);
      seen += "ended " + ended.why.message + (ended.linger ? " (linger)" : "") + "\n";
    }
  }
  return seen;
}

std::string status_of_size(std::size_t size) {
  const std::string head = R"({"jsonrpc":"2.0","id":2,"method":"status","params":{"x":")";
  const std::string tail = "\"}}\n";
  return head + std::string(size - head.size() - tail.size(), 'a') + tail;
}

TEST_CASE("two frames in one write are two calls, in order") {
  Peer peer({}, at(0s));
  peer.feed(kHello + kStatus);
  CHECK(drain(peer) == "1 hello\n2 status\n");
  CHECK(peer.take_output().empty());
}

TEST_CASE("L09 a frame of exactly the limit is taken, one byte more closes the connection") {
  Peer fits({}, at(0s));
  fits.feed(kHello + status_of_size(kMaxLine) + kStatus);
  CHECK(drain(fits) == "1 hello\n2 status\n2 status\n");

  Peer larger({}, at(0s));
  larger.feed(kHello + status_of_size(kMaxLine + 1) + kStatus);
  CHECK(drain(larger) == "1 hello\nended a line longer than 65536 bytes (linger)\n");
  CHECK(larger.take_output().find("\"code\":-32600") != std::string::npos);
}

TEST_CASE("L09 a frame that never ends is closed at the limit, before its LF") {
  Peer peer({}, at(0s));
  peer.feed(kHello);
  peer.feed(std::string(kMaxLine - 1, 'a'));
  CHECK(drain(peer) == "1 hello\n");
  peer.feed("a");
  CHECK(drain(peer) == "ended a line longer than 65536 bytes (linger)\n");
}

TEST_CASE("L09 an empty frame closes the connection after one error") {
  Peer peer({}, at(0s));
  peer.feed(kHello + "\n" + kStatus);
  CHECK(drain(peer) == "1 hello\nended not JSON (linger)\n");
  CHECK(peer.take_output().find("-32700") != std::string::npos);
}

TEST_CASE("L09 half a frame, then close: no call, no error object") {
  Peer peer({}, at(0s));
  peer.feed(kHello + kStatus.substr(0, 20));
  peer.feed_eof();
  CHECK(drain(peer) == "1 hello\nended the client closed the connection (linger)\n");
  CHECK(peer.take_output().empty());
}

TEST_CASE("what was asked before the end of file is still answered") {
  Peer peer({}, at(0s));
  peer.feed(kHello + kStatus);
  peer.feed_eof();
  REQUIRE(peer.next().has_value());
  peer.send("one\n");
  REQUIRE(peer.next().has_value());
  peer.send("two\n");
  CHECK(std::holds_alternative<Peer::Ended>(*peer.next()));
  peer.send("three\n");  // an answer that took its time
  CHECK(peer.take_output() == "one\ntwo\nthree\n");
}

TEST_CASE("M10 every split of the bytes gives the same events and the same output") {
  const std::string good =
      kHello + kStatus +
      R"({"jsonrpc":"2.0","id":"x","method":"nope"})"
      "\n" +
      R"({"jsonrpc":"2.0","id":3,"method":"agent.stop","params":{"restart":true}})"
      "\n";
  for (const std::string& bytes :
       {good, good + "garbage\n" + kStatus, kStatus + kHello, std::string("[]\n") + kHello}) {
    Peer whole({}, at(0s));
    whole.feed(bytes);
    const std::string events = drain(whole);
    const std::string output = whole.take_output();
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      Peer split({}, at(0s));
      split.feed(std::string_view(bytes).substr(0, cut));
      std::string seen = drain(split);
      split.feed(std::string_view(bytes).substr(cut));
      seen += drain(split);
      REQUIRE(seen == events);
      REQUIRE(split.take_output() == output);
    }
    Peer slow({}, at(0s));
    for (const char byte : bytes) slow.feed(std::string_view(&byte, 1));
    CHECK(drain(slow) == events);
    CHECK(slow.take_output() == output);
  }
}

TEST_CASE("the first request must be hello, and hello is said once") {
  Peer other({}, at(0s));
  other.feed(kStatus + kHello);
  CHECK(drain(other) == "ended the first request must be hello (linger)\n");
  Peer twice({}, at(0s));
  twice.feed(kHello + kHello + kStatus);
  CHECK(drain(twice) == "1 hello\n2 status\n");
  CHECK(twice.take_output().find("said already") != std::string::npos);
}

TEST_CASE("a request that cannot be meant is answered and the connection goes on") {
  Peer peer({}, at(0s));
  peer.feed(kHello +
            R"({"jsonrpc":"2.0","id":7,"method":"session.show","params":{"session":5}})"
            "\n" +
            kStatus);
  CHECK(drain(peer) == "1 hello\n2 status\n");
  const std::string output = peer.take_output();
  CHECK(output.find("\"id\":7") != std::string::npos);
  CHECK(output.find("-32602") != std::string::npos);
}

TEST_CASE("L11 a client that says nothing is ended after 5 s, one that said hello is not") {
  Peer silent({}, at(10s));
  CHECK(silent.deadline() == Instant(15s));
  silent.tick(at(15s - 1us));
  CHECK(drain(silent).empty());
  silent.tick(at(15s));
  CHECK(drain(silent) == "ended no hello within 5s\n");
  CHECK(!silent.deadline());

  Peer greeted({}, at(10s));
  greeted.feed(kHello);
  greeted.greeted();
  CHECK(!greeted.deadline());
  greeted.tick(at(1h));
  CHECK(drain(greeted) == "1 hello\n");
}

TEST_CASE("a hello that comes with the timer is not lost") {
  Peer peer({}, at(0s));
  peer.feed(kHello);
  peer.tick(at(5s));
  CHECK(drain(peer) == "1 hello\nended no hello within 5s\n");
}

/// The socket took all but so much of what the peer has for it.
void write_all_but(Peer& peer, std::size_t unsent) {
  peer.take_output();
  peer.output_is_stuck(unsent);
}

TEST_CASE("answers that are not written yet do not count against a client, however many they are") {
  Peer peer({}, at(0s));
  peer.feed(kHello + kStatus);
  drain(peer);
  for (int n = 0; n < 4; ++n) peer.send(std::string(60'000, 'a'));
  CHECK(drain(peer).empty());
  CHECK(peer.take_output().size() == 240'000);
  peer.output_is_stuck(0);
  peer.feed(kStatus);
  CHECK(drain(peer) == "2 status\n");
}

TEST_CASE("calls are handed out as their answers are written, and nothing is read meanwhile") {
  Peer peer({}, at(0s));
  peer.feed(kHello + kStatus + kStatus + kStatus);
  for (int n = 0; n < 3; ++n) {
    auto event = peer.next();
    REQUIRE(event.has_value());
    peer.send(std::string(n == 0 ? 100 : 20'000, 'a'));
  }
  CHECK(!peer.next());
  CHECK(!peer.has_more());
  CHECK(!peer.wants_input());
  SUBCASE("the socket takes all of it") {
    write_all_but(peer, 0);
    CHECK(peer.has_more());
  }
  SUBCASE("the socket takes it in two goes") {
    write_all_but(peer, 1);
    CHECK(!peer.has_more());
    CHECK(!peer.next());
    write_all_but(peer, 0);
  }
  CHECK(drain(peer) == "2 status\n");
  CHECK(peer.wants_input());
}

TEST_CASE("an end of file waits for the calls before it") {
  Peer peer({}, at(0s));
  peer.feed(kHello + kStatus);
  REQUIRE(peer.next().has_value());
  peer.send(std::string(40'000, 'a'));
  peer.feed_eof();
  CHECK(!peer.next());
  write_all_but(peer, 0);
  CHECK(peer.has_more());
  CHECK(drain(peer) == "2 status\nended the client closed the connection (linger)\n");
}

TEST_CASE("L09 a frame that never ends is not read on while output is stuck, and closes behind it") {
  Peer peer({}, at(0s));
  peer.feed(kHello);
  drain(peer);
  write_all_but(peer, 1);
  peer.feed(std::string(kMaxLine, 'a'));
  CHECK(drain(peer).empty());
  CHECK(!peer.wants_input());
  write_all_but(peer, 0);
  CHECK(drain(peer) == "ended a line longer than 65536 bytes (linger)\n");
}

TEST_CASE("L10 what the socket did not take ends the connection at the limit, not before") {
  Peer peer({}, at(0s));
  peer.feed(kHello + kStatus);
  REQUIRE(peer.next().has_value());
  write_all_but(peer, 128 * 1024);
  CHECK(drain(peer).empty());
  write_all_but(peer, 128 * 1024 + 1);
  CHECK(peer.has_more());
  CHECK(drain(peer) == "ended the client does not read\n");
  peer.send("more");
  CHECK(peer.take_output().empty());
}

TEST_CASE("L10 a client that takes nothing for 10 s is dropped with the calls it has waiting") {
  Peer peer({}, at(0s));
  peer.feed(kHello + kStatus);
  REQUIRE(peer.next().has_value());
  peer.greeted();
  peer.send(std::string(1'000, 'a'));
  write_all_but(peer, 500);
  CHECK(peer.deadline() == Instant(10s));
  peer.tick(at(10s - 1us));
  write_all_but(peer, 499);  // it reads, if slowly
  CHECK(peer.deadline() == Instant(20s - 1us));
  peer.tick(at(20s - 2us));
  peer.send("more");
  write_all_but(peer, 503);
  CHECK(drain(peer).empty());
  peer.tick(at(20s - 1us));
  CHECK(drain(peer) == "ended the client does not read\n");
  CHECK(peer.take_output().empty());
}

TEST_CASE("one that has read everything has no deadline, whenever that was") {
  Peer peer({}, at(0s));
  peer.feed(kHello);
  drain(peer);
  peer.greeted();
  write_all_but(peer, 500);
  write_all_but(peer, 0);
  CHECK(!peer.deadline());
  peer.tick(at(1h));
  CHECK(drain(peer).empty());
}

}  // namespace
}  // namespace otpctl::rpc
