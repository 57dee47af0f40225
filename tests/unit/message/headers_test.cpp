#include "message/headers.hpp"
#include "message/limits.hpp"

#include <doctest/doctest.h>
#include <string>

using namespace otpctl;
using namespace otpctl::message;

TEST_CASE("fields come in order, with their folds and either line end") {
  const std::string mail =
      "From: a@example.com\r\nSubject: one\r\n two\r\n\tthree\r\nTo:b@example.com\n\nbody";
  const HeaderBlock block = read_headers(mail);
  REQUIRE(block.fields.size() == 3);
  CHECK(block.fields[0].name == "From");
  CHECK(unfold(block.fields[1].value) == "one two three");
  CHECK(unfold(block.value("TO")) == "b@example.com");
  CHECK(mail.substr(block.body) == "body");
  CHECK_FALSE(block.too_many);
  CHECK_FALSE(block.too_long);
}

TEST_CASE("lines that are no field are left out with their folds") {
  const HeaderBlock block = read_headers(
      "From sender Fri Nov 20 09:33:58 2026\nno colon\n : fold of it\n: empty\nA : b\n\n");
  REQUIRE(block.fields.size() == 1);
  CHECK(block.fields[0].name == "A");
  CHECK(unfold(block.fields[0].value) == "b");
}

TEST_CASE("a mail that begins with an empty line has no header") {
  CHECK(read_headers("\r\nTo: bot5@example.com\r\n").fields.empty());
  CHECK(read_headers("\r\nbody").body == 2);
  CHECK(read_headers("").body == 0);
  CHECK(read_headers("To: x").body == 5);
}

TEST_CASE("1,000 fields are read, one more is not") {
  std::string mail;
  for (std::size_t i = 0; i < kHeaderFields; ++i) mail += "X: y\n";
  CHECK_FALSE(read_headers(mail + "\nbody").too_many);
  const std::string over = mail + "Z: y\n\nbody";
  const HeaderBlock block = read_headers(over);
  CHECK(block.too_many);
  CHECK(block.fields.size() == kHeaderFields);
  CHECK(over.substr(block.body) == "body");
}

TEST_CASE("64 KiB of header are read, one more byte is not") {
  const std::string tail = "\nTo: x\n";
  const std::string exact = "X: " + std::string(kHeaderBytes - 3 - tail.size(), 'y') + tail;
  REQUIRE(exact.size() == kHeaderBytes);
  CHECK(read_headers(exact + "\nbody").fields.size() == 2);
  CHECK_FALSE(read_headers(exact + "\nbody").too_long);
  const HeaderBlock over = read_headers("Y" + exact + "\nbody");
  CHECK(over.fields.size() == 1);
  CHECK(over.too_long);
  CHECK(over.body == kHeaderBytes + 2);
  CHECK(read_headers(exact + " fold\n\nbody").fields.size() == 1);
}

TEST_CASE("a part's header also ends in front of a boundary") {
  const std::string part = "Content-Type: text/html\n--b\n\nX";
  CHECK(part.substr(read_part_headers(part).body) == "--b\n\nX");
}

TEST_CASE("unfold leaves one line without NUL") {
  CHECK(unfold(std::string_view(" a\r\n\tb\0c \r\n", 11)) == "a b c");
}
