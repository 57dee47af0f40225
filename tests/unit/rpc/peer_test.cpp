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

TEST_CASE("L10 output that nobody reads ends the connection at the limit, not before") {
  Peer peer({}, at(0s));
  peer.feed(kHello);
  drain(peer);
  peer.send(std::string(40'000, 'a'));
  peer.send(std::string(25'536, 'b'));
  CHECK(drain(peer).empty());
  peer.send("c");
  CHECK(drain(peer) == "ended the client does not read\n");
  CHECK(peer.take_output().empty());
  peer.send("more");
  CHECK(peer.take_output().empty());
}

TEST_CASE("L10 what the socket did not take counts too, and calls that wait are dropped") {
  Peer peer({}, at(0s));
  peer.send(std::string(60'000, 'a'));
  CHECK(peer.take_output().size() == 60'000);
  peer.output_is_stuck(60'000);
  peer.feed(kHello + kStatus);
  peer.send(std::string(5'537, 'b'));
  CHECK(drain(peer) == "ended the client does not read\n");
  Peer read({}, at(0s));
  read.send(std::string(60'000, 'a'));
  read.take_output();
  read.output_is_stuck(60'000);
  read.output_is_stuck(0);
  read.send(std::string(65'536, 'b'));
  CHECK(drain(read).empty());
}

}  // namespace
}  // namespace otpctl::rpc
