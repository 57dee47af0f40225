#include "imap/wire.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace otpctl::imap;  // NOLINT: a test of this namespace

TEST_CASE("base64 as in RFC 4648 section 10") {
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("foobar") == "Zm9vYmFy");
  CHECK(base64("\xff\xff\xfe") == "///+");
  CHECK(base64("\x01") == "AQ==");
}

TEST_CASE("M17 M18 folder names: modified UTF-7, quoted, control characters are refused") {
  CHECK(folder_argument("INBOX").value() == "\"INBOX\"");
  CHECK(folder_argument("a&b").value() == "\"a&-b\"");
  CHECK(folder_argument("a\"b\\c").value() == "\"a\\\"b\\\\c\"");
  // RFC 3501 5.1.3
  CHECK(folder_argument("~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e")
            .value() == "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"");
  CHECK(folder_argument("\xf0\x9f\x98\x80").value() == "\"&2D3eAA-\"");  // a surrogate pair
  CHECK(folder_argument("../etc").value() == "\"../etc\"");
  for (std::string name : {std::string(), std::string("a\r\nA9 DELETE INBOX"), std::string("a\nb"),
                           std::string("a\0b", 3), std::string("a\x7f"), std::string("\xff"),
                           std::string(1001, 'x')}) {
    auto refused = folder_argument(name);
    REQUIRE(!refused);
    CHECK(refused.error().code == otpctl::ErrorCode::config);
    CHECK(refused.error().message.find('\n') == std::string::npos);
  }
}

TEST_CASE("INTERNALDATE is read with its zone, a space-padded day and any case of the month") {
  auto at = [](const char* text) {
    auto time = parse_internal_date(text);
    return time ? otpctl::format_time(*time) : "none";
  };
  CHECK(at("20-Nov-2026 10:00:00 +0100") == "2026-11-20T09:00:00.000Z");
  CHECK(at(" 1-dec-2026 00:30:00 +0100") == "2026-11-30T23:30:00.000Z");
  CHECK(at("29-Feb-2028 23:59:59 -1200") == "2028-03-01T11:59:59.000Z");
  for (const char* bad :
       {"", "29-Feb-2026 00:00:00 +0000", "32-Nov-2026 00:00:00 +0000",
        "20-Foo-2026 00:00:00 +0000", "20-Nov-2026 24:00:00 +0000", "20-Nov-2026 00:60:00 +0000",
        "20-Nov-2026 00:00:00 +2400", "20-Nov--026 00:00:00 +0000", "20-Nov-2026 00:00:00 00000",
        "20-Nov-2026 00:00:00 +00000"}) {
    CAPTURE(bad);
    CHECK(at(bad) == "none");
  }
}

TEST_CASE("the date of SEARCH is the day of UTC") {
  CHECK(search_date(otpctl::parse_time("2026-11-20T23:59:59Z").value()) == "20-Nov-2026");
  CHECK(search_date(otpctl::parse_time("2026-03-01T00:00:00Z").value()) == "1-Mar-2026");
}

TEST_CASE("UID sets are written short and read back") {
  CHECK(uid_set({5}) == "5");
  CHECK(uid_set({4, 6, 7, 8, 10}) == "4,6:8,10");
  CHECK(expand_set("4,6:8,10", 10).value() == std::vector<std::uint32_t>{4, 6, 7, 8, 10});
  CHECK(expand_set("8:6", 10).value() == std::vector<std::uint32_t>{6, 7, 8});
  CHECK(expand_set("4294967295", 1).value() == std::vector<std::uint32_t>{4294967295U});
  for (const char* bad : {"", ",", "1,", "0", "1:*", "a", "1:2:3", "1-2", "4294967296"}) {
    CAPTURE(bad);
    CHECK(!expand_set(bad, 10));
  }
  CHECK(count_set("1:4294967295,5").value() == 4294967296ULL);
}
