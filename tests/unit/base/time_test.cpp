#include "base/time.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace std::chrono_literals;
using otpctl::Duration;
using otpctl::ErrorCode;
using otpctl::WallTime;

TEST_CASE("a duration is numbers with units, from the largest down, a bare number is seconds") {
  struct Row {
    std::string text;
    Duration value;
  };
  for (const Row& row : std::vector<Row>{{"0", 0s},
                                         {"90", 90s},
                                         {"90s", 90s},
                                         {"5m", 5min},
                                         {"1h30m", 90min},
                                         {"250ms", 250ms},
                                         {"1d", 24h},
                                         {"1s500ms", 1500ms},
                                         {"15us", 15us},
                                         {"007s", 7s},
                                         {"366d", 366 * 24h},
                                         {"1d2h3m4s5ms6us", 26h + 3min + 4s + 5ms + 6us}}) {
    CAPTURE(row.text);
    const auto got = otpctl::parse_duration(row.text);
    REQUIRE(got.has_value());
    CHECK(*got == row.value);
  }
}

TEST_CASE("what is no duration is refused by name") {
  for (const std::string text : {"",
                                 "s",
                                 "-5s",
                                 "+5s",
                                 " 5s",
                                 "5 s",
                                 "5s ",
                                 "5x",
                                 "1h30",
                                 "30m1h",
                                 "5s5s",
                                 "1.5s",
                                 "5S",
                                 "0x10",
                                 "367d",
                                 "366d1us",
                                 "31622401",
                                 "99999999999999999999999999s",
                                 "9223372036854775807us",
                                 "none",
                                 "5m\n"}) {
    CAPTURE(text);
    const auto got = otpctl::parse_duration(text);
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error().code == ErrorCode::usage);
    if (text == "30m1h") CHECK(got.error().message.find("'30m1h'") != std::string::npos);
    CHECK(got.error().message.find('\n') == std::string::npos);
  }
}

TEST_CASE("none is no limit, only where that is allowed") {
  REQUIRE(otpctl::parse_duration_or_none("none").has_value());
  CHECK(*otpctl::parse_duration_or_none("none") == std::nullopt);
  CHECK(*otpctl::parse_duration_or_none("2m") == Duration(2min));
  CHECK_FALSE(otpctl::parse_duration_or_none("None").has_value());
}

TEST_CASE("a duration is written in its shortest text and read back") {
  struct Row {
    Duration value;
    std::string text;
  };
  for (const Row& row : std::vector<Row>{{0s, "0s"},
                                         {-5s, "0s"},
                                         {1us, "1us"},
                                         {250ms, "250ms"},
                                         {90s, "90s"},
                                         {60s, "1m"},
                                         {120s, "2m"},
                                         {125s, "2m5s"},
                                         {90min, "90m"},
                                         {3601s, "1h1s"},
                                         {24h, "1d"},
                                         {1500ms, "1500ms"},
                                         {30h, "30h"},
                                         {366 * 24h, "366d"}}) {
    CAPTURE(row.text);
    CHECK(otpctl::format_duration(row.value) == row.text);
  }
  for (std::int64_t count = 1; count < 20'000'000'000'000; count = count * 7 + 3) {
    CHECK(otpctl::parse_duration(otpctl::format_duration(Duration(count))) == Duration(count));
  }
}

TEST_CASE("what people read is whole seconds from 10 s on, and of one unit below") {
  CHECK(otpctl::format_duration(otpctl::rounded(413'073ms)) == "413s");
  CHECK(otpctl::format_duration(otpctl::rounded(11'398ms)) == "11s");
  CHECK(otpctl::format_duration(otpctl::rounded(9'999'900us)) == "9999ms");
  CHECK(otpctl::format_duration(otpctl::rounded(340us)) == "340us");
}

TEST_CASE("'none' is offered only where it is understood") {
  const auto message = [](const auto& read) { return std::string(read.error().message); };
  CHECK(message(otpctl::parse_duration("1000000h")) == "'1000000h' is longer than 366 days");
  CHECK(message(otpctl::parse_duration_or_none("1000000h")) ==
        "'1000000h' is longer than 366 days; 'none' means no limit");
}

TEST_CASE("a time is RFC 3339 in UTC with milliseconds") {
  struct Row {
    std::int64_t micros;
    std::string text;
  };
  for (const Row& row : std::vector<Row>{{0, "1970-01-01T00:00:00.000Z"},
                                         {1'795'167'238'123'999, "2026-11-20T09:33:58.123Z"},
                                         {-1, "1969-12-31T23:59:59.999Z"},
                                         {951'782'400'000'000, "2000-02-29T00:00:00.000Z"},
                                         {INT64_MAX, "9999-12-31T23:59:59.999Z"},
                                         {INT64_MIN, "0000-01-01T00:00:00.000Z"}}) {
    CHECK(otpctl::format_time(WallTime(Duration(row.micros))) == row.text);
  }
}

TEST_CASE("a time is read back, the fraction is optional and cut to microseconds") {
  struct Row {
    std::string text;
    std::int64_t micros;
  };
  for (const Row& row : std::vector<Row>{{"1970-01-01T00:00:00Z", 0},
                                         {"1970-01-01T00:00:01.5Z", 1'500'000},
                                         {"1970-01-01T00:00:00.123456789Z", 123'456},
                                         {"2026-11-20T09:33:58.123Z", 1'795'167'238'123'000},
                                         {"0000-01-01T00:00:00Z", -62'167'219'200'000'000},
                                         {"9999-12-31T23:59:59.999Z", 253'402'300'799'999'000}}) {
    CAPTURE(row.text);
    const auto got = otpctl::parse_time(row.text);
    REQUIRE(got.has_value());
    CHECK(got->time_since_epoch().count() == row.micros);
  }
}

TEST_CASE("what is no time is refused") {
  for (const std::string text :
       {"", "now", "2026-11-20", "2026-11-20T09:33:58", "2026-11-20T09:33:58+00:00",
        "2026-11-20 09:33:58Z", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-11-20T24:00:00Z", "2026-11-20T09:60:00Z", "2026-11-20T09:33:60Z",
        "2026-11-20T09:33:58.Z", "2026-11-20T09:33:58.1234567890Z", "2026-11-20T09:33:58ZZ",
        "2026-11-20T09:33:58.-1Z", "-026-11-20T09:33:58Z"}) {
    CAPTURE(text);
    const auto got = otpctl::parse_time(text);
    REQUIRE_FALSE(got.has_value());
    CHECK(got.error().code == ErrorCode::usage);
  }
}

TEST_CASE("both clocks are read, the steady one never goes back") {
  const auto first = otpctl::read_clocks();
  const auto second = otpctl::read_clocks();
  CHECK(second.instant >= first.instant);
  CHECK(first.wall > WallTime(std::chrono::sys_days(std::chrono::January / 1 / 2020)));
}
