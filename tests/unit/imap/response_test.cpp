#include "imap/response.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace otpctl::imap;  // NOLINT: a test of this namespace

Response parse(std::string_view bytes) {
  Splitter splitter;
  std::string whole = std::string(bytes) + "\r\n";
  std::string_view input = whole;
  auto raw = splitter.take(input);
  REQUIRE(raw);
  REQUIRE(raw->has_value());
  CHECK(input.empty());
  return parse_response(std::move(**raw));
}

template <class T>
T parse_as(std::string_view bytes) {
  Response response = parse(bytes);
  INFO(bytes);
  REQUIRE(std::holds_alternative<T>(response));
  return std::get<T>(response);
}

bool is_malformed(std::string_view bytes) {
  return std::holds_alternative<Malformed>(parse(bytes));
}

std::string nested(int depth) {
  return "* 1 FETCH (X " + std::string(static_cast<std::size_t>(depth), '(') +
         std::string(static_cast<std::size_t>(depth), ')') + " UID 5)";
}

}  // namespace

TEST_CASE("a status has a kind, a tag or none, a code with arguments or none, and text") {
  auto status = parse_as<StatusResponse>("A1 no [authenticationFailed] Wrong password");
  CHECK(status.kind == StatusResponse::Kind::no);
  CHECK(status.tag == "A1");
  CHECK(status.code == "AUTHENTICATIONFAILED");
  CHECK(status.text == "Wrong password");
  status = parse_as<StatusResponse>("* OK [UIDNEXT 24] Predicted");
  CHECK(status.tag == "");
  CHECK(status.code == "UIDNEXT");
  CHECK(status.arguments == "24");
  status = parse_as<StatusResponse>("* BYE [never closed");
  CHECK(status.kind == StatusResponse::Kind::bye);
  CHECK(status.code == "");
  CHECK(status.text == "[never closed");
  CHECK(parse_as<StatusResponse>("* PREAUTH hi").kind == StatusResponse::Kind::preauth);
  CHECK(parse_as<StatusResponse>("* BAD").text == "");
}

TEST_CASE("what is neither data nor a reply is malformed, and says so") {
  for (const char* line : {"", " ", "A1", "A1 BYE x", "A1 PREAUTH x", "A1 FETCH", "garbage", "*"}) {
    CAPTURE(line);
    Response response = parse(line);
    REQUIRE(std::holds_alternative<Malformed>(response));
    CHECK(!std::get<Malformed>(response).untagged);
  }
  CHECK(std::get<Malformed>(parse("* ")).untagged);
  CHECK(is_malformed(std::string_view("* OK a\0b", 8)));
}

TEST_CASE("numbered and listed data") {
  CHECK(parse_as<Exists>("* 23 EXISTS").count == 23);
  CHECK(parse_as<Recent>("* 4294967295 recent").count == 4294967295U);
  CHECK(parse_as<Expunge>("* 5 EXPUNGE").number == 5);
  CHECK(parse_as<Vanished>("* VANISHED (EARLIER) 1:5,9").count == 6);
  CHECK(parse_as<Vanished>("* VANISHED 1:4294967295").count == 4294967295U);
  CHECK(parse_as<CapabilityList>("* CAPABILITY imap4rev1  Idle").names ==
        std::vector<std::string>{"IMAP4REV1", "IDLE"});
  CHECK(parse_as<SearchResult>("* SEARCH 3 1 (MODSEQ 9)").numbers ==
        std::vector<std::uint32_t>{3, 1});
  CHECK(parse_as<SearchResult>("* SEARCH").numbers.empty());
  CHECK(parse_as<SearchResult>("* ESEARCH (TAG \"A1\") UID MIN 2 ALL 2,5:7").numbers ==
        std::vector<std::uint32_t>{2, 5, 6, 7});
  CHECK(parse_as<OtherData>("* FLAGS (\\Seen \"(\")").keyword == "FLAGS");
  CHECK(parse_as<OtherData>("* 99999999999 EXISTS").keyword == "99999999999");
  CHECK(parse_as<Continuation>("+ idling").text == "idling");
  CHECK(parse_as<Continuation>("+").text == "");
}

TEST_CASE("STATUS with a quoted, an atom and a literal name") {
  for (const char* name : {"\"a b\"", "{3}\r\na b"}) {
    auto status =
        parse_as<FolderStatus>(std::string("* STATUS ") + name +
                               " (MESSAGES 3 UIDNEXT 8 UIDVALIDITY 7 HIGHESTMODSEQ 99999999999)");
    CHECK(status.mailbox == "a b");
    CHECK(status.messages == 3U);
    CHECK(status.uid_next == 8U);
    CHECK(status.uid_validity == 7U);
    CHECK(!status.recent);
  }
  CHECK(is_malformed("* STATUS INBOX (MESSAGES)"));
  CHECK(is_malformed("* STATUS INBOX (MESSAGES 3"));
}

TEST_CASE("FETCH: the message as literal, literal8, quoted or NIL, whatever stands around it") {
  CHECK(parse_as<Fetch>("* 1 FETCH (UID 5 BODY[] {4}\r\na\r\nb)").body == "a\r\nb");
  CHECK(parse_as<Fetch>("* 1 FETCH (BODY[]<0> ~{2}\r\nab UID 5)").body == "ab");
  CHECK(parse_as<Fetch>("* 1 FETCH (BODY[] \"a\\\"b\")").body == "a\"b");
  auto nil = parse_as<Fetch>("* 1 FETCH (UID 5 BODY[] NIL)");
  CHECK(!nil.body);
  CHECK(nil.body_nil);
  auto full = parse_as<Fetch>(
      "* 12 FETCH (FLAGS (\\Seen) BODY[TEXT] {1}\r\nx RFC822.SIZE 25000000000 INTERNALDATE "
      "\"20-Nov-2026 10:00:00 +0100\" MODSEQ (5) uid 7)");
  CHECK(full.number == 12);
  CHECK(full.uid == 7U);
  CHECK(full.size == 25000000000U);
  CHECK(otpctl::format_time(*full.internal_date) == "2026-11-20T09:00:00.000Z");
  CHECK(!full.body);
}

TEST_CASE(
    "FETCH: of an item that comes twice the first one counts, a part from the middle is not the "
    "message") {
  auto fetch = parse_as<Fetch>("* 1 FETCH (UID 5 UID 6 BODY[] \"a\" BODY[] \"b\" BODY[]<9> \"c\")");
  CHECK(fetch.uid == 5U);
  CHECK(fetch.body == "a");
  CHECK(!parse_as<Fetch>("* 1 FETCH (BODY[]<9> \"c\")").body);
}

TEST_CASE("FETCH that breaks the grammar is malformed") {
  for (const char* line :
       {"* 1 FETCH", "* 1 FETCH (", "* 1 FETCH (UID)", "* 1 FETCH (UID 0)",
        "* 1 FETCH (UID 4294967296)", "* 1 FETCH (UID 5", "* 1 FETCH (UID 5) x",
        "* 1 FETCH (BODY[ \"a\")", "* 1 FETCH (BODY[] a)", "* 1 FETCH (BODY[] \"a)",
        "* 1 FETCH (X (())", "* 1 FETCH ()) x", "* 1 FETCH (INTERNALDATE 5)"}) {
    CAPTURE(line);
    CHECK(is_malformed(line));
  }
  CHECK(!parse_as<Fetch>("* 1 FETCH (UID 5 INTERNALDATE \"yesterday\")").internal_date);
}

TEST_CASE("M09 parentheses nest to 20, one more is malformed") {
  CHECK(parse_as<Fetch>(nested(20)).uid == 5U);
  CHECK(is_malformed(nested(21)));
  CHECK(is_malformed("* 1 FETCH (X " + std::string(60'000, '(')));
}

TEST_CASE("M09 a set of twelve bytes does not become four billion numbers") {
  CHECK(is_malformed("* ESEARCH UID ALL 1:4294967295"));
  CHECK(parse_as<SearchResult>("* ESEARCH UID ALL 1:10000").numbers.size() == 10'000);
  CHECK(is_malformed("* ESEARCH UID ALL 1:10001"));
  CHECK(is_malformed("* ESEARCH UID ALL 1:5000,1:5001"));
}
