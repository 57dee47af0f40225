#include "imap/splitter.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using otpctl::imap::RawResponse;
using otpctl::imap::Splitter;
using otpctl::imap::SplitterLimits;

struct Outcome {
  std::vector<RawResponse> responses;
  std::string error;
};

Outcome split(Splitter splitter, std::string_view bytes, std::size_t piece = std::string::npos) {
  Outcome outcome;
  while (!bytes.empty() && outcome.error.empty()) {
    std::string_view input = bytes.substr(0, piece);
    bytes.remove_prefix(input.size());
    while (!input.empty()) {
      auto raw = splitter.take(input);
      if (!raw) {
        outcome.error = raw.error().message;
        break;
      }
      if (*raw) outcome.responses.push_back(std::move(**raw));
    }
  }
  return outcome;
}

}  // namespace

TEST_CASE("M10 lines and literals come out the same however the bytes are cut") {
  std::string bytes =
      "* 1 FETCH (BODY[] {5}\r\na\r\nb# X {0}\r\n)\r\nA1 OK done {3}\r\n* BYE {9}\r\n";
  bytes[bytes.find('#')] = '\0';  // a literal may hold anything
  for (std::size_t piece : {1, 2, 3, 7, 1000}) {
    Outcome outcome = split(Splitter(), bytes, piece);
    CHECK(outcome.error == "");
    REQUIRE(outcome.responses.size() == 3);
    CHECK(outcome.responses[0].literals.size() == 2);
    CHECK(outcome.responses[0].literals[0].size() == 5);
    CHECK(outcome.responses[0].literals[1] == "");
    CHECK(outcome.responses[1].text == "A1 OK done {3}");
    CHECK(outcome.responses[2].text == "* BYE {9}");
  }
}

TEST_CASE("a line feed alone ends a line too, and only one carriage return is taken away") {
  Outcome outcome = split(Splitter(), "* OK a\n* OK b\r\r\n");
  REQUIRE(outcome.responses.size() == 2);
  CHECK(outcome.responses[0].text == "* OK a");
  CHECK(outcome.responses[1].text == "* OK b\r");
}

TEST_CASE("M09 a line of exactly the limit is taken, one byte more is the end") {
  SplitterLimits limits;
  limits.line = 100;
  std::string line =
      "* OK " + std::string(94, 'x') + "\r";  // the CR counts until it is known to be one
  for (std::size_t piece : {std::size_t{1}, std::string::npos}) {
    CHECK(split(Splitter(limits), line + "\n", piece).responses.size() == 1);
    Outcome over = split(Splitter(limits), line + "x\n", piece);
    CHECK(over.responses.empty());
    CHECK(over.error == "the server sends a line over the limit");
  }
}

TEST_CASE("M09 a gigabyte without a line end is given up at 64 KiB") {
  Splitter splitter;
  std::string piece(4096, 'x');
  int taken = 0;
  for (; taken < 1000; ++taken) {
    std::string_view input = piece;
    if (!splitter.take(input)) break;
  }
  CHECK(taken == 16);
}

TEST_CASE("M07 a literal of exactly the limit is taken, one byte more closes the connection") {
  SplitterLimits limits;
  limits.literal = 10;
  auto with = [&](const std::string& size, const std::string& bytes) {
    return split(Splitter(limits), "* 1 FETCH (BODY[] {" + size + "}\r\n" + bytes + ")\r\n");
  };
  CHECK(with("10", "0123456789").responses.size() == 1);
  CHECK(with("11", "0123456789x").error == "the server sends a literal over the limit");
}

TEST_CASE("M07 many small literals of one response are limited together") {
  SplitterLimits limits;
  limits.literal = 10;
  CHECK(split(Splitter(limits), "* 1 FETCH (A {5}\r\n12345 B {5}\r\n12345)\r\n").error == "");
  CHECK(split(Splitter(limits), "* 1 FETCH (A {5}\r\n12345 B {6}\r\n123456)\r\n").error ==
        "the server sends a literal over the limit");
}

TEST_CASE("M07 a megabyte that is announced and never sent takes 64 KiB at most") {
  Splitter splitter;
  std::string_view input = "* 1 FETCH (BODY[] {1048576}\r\nabc";
  auto raw = splitter.take(input);
  REQUIRE(raw);
  CHECK(!*raw);
  CHECK(splitter.inside());
}

TEST_CASE("M07 what announces no size is refused: negative, empty, too long, never closed") {
  for (const char* announced :
       {"{-1}", "{}", "{10", "{+}", "{1 0}x{", "{4294967296}", "{99999999999999999999}"}) {
    CAPTURE(announced);
    CHECK(split(Splitter(), std::string("* 1 FETCH (BODY[] ") + announced + "\r\n").error != "");
  }
}

TEST_CASE("a brace inside a quoted string or in human text announces nothing") {
  Outcome outcome =
      split(Splitter(),
            "* LIST () \"/\" \"{5}\"\r\n* LIST () \"/\" \"a{x\" b\r\n* NO see {7}\r\n+ {7}\r\n");
  CHECK(outcome.error == "");
  CHECK(outcome.responses.size() == 4);
}

TEST_CASE("after an error every further call fails: nobody knows where a response begins") {
  Splitter splitter;
  std::string_view bad = "* 1 FETCH ({x}\r\n";
  CHECK(!splitter.take(bad));
  std::string_view good = "* OK fine\r\n";
  CHECK(!splitter.take(good));
}
