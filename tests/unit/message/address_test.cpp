#include "message/address.hpp"

#include <doctest/doctest.h>
#include <string>

using namespace otpctl;
using message::normalise_address;
using message::normalise_recipient;

namespace {

std::string spelt(std::string_view text) { return normalise_address(text).value_or("-"); }

}  // namespace

TEST_CASE("F22 an address has one spelling: ASCII case and the dot of the root do not matter") {
  CHECK(spelt("Bot5@Example.COM") == "bot5@example.com");
  CHECK(spelt(" bot5@example.com. ") == "bot5@example.com");
  CHECK(spelt("bot5@localhost") == "bot5@localhost");
  CHECK(spelt("bot5@[192.0.2.1]") == "bot5@[192.0.2.1]");
  CHECK(spelt("bot5@[IPv6:2001:DB8::1]") == "bot5@[ipv6:2001:db8::1]");
}

TEST_CASE("F22 plus tags stay, they are addresses of their own") {
  CHECK(spelt("bot+shop@example.com") == "bot+shop@example.com");
  CHECK(spelt("bot+shop@example.com") != spelt("bot@example.com"));
}

TEST_CASE("F22 a quoted local part is unquoted where that changes nothing") {
  CHECK(spelt("\"Bot5\"@example.com") == "bot5@example.com");
  CHECK(spelt("\"b\\ot5\"@example.com") == "bot5@example.com");
  CHECK(spelt("\"a b\"@example.com") == "\"a b\"@example.com");
  CHECK(spelt("\"a..b\"@example.com") == "\"a..b\"@example.com");
  CHECK(spelt("\"a@b\"@example.com") == "\"a@b\"@example.com");
  CHECK(spelt("\"a\\\"b\"@example.com") == "\"a\\\"b\"@example.com");
  CHECK(spelt("\"\"@example.com") == "-");
  CHECK(spelt("\"a\"b\"@example.com") == "-");
  CHECK(spelt("\"ab\\\"@example.com") == "-");
}

TEST_CASE("F22 U-labels become A-labels (RFC 3492)") {
  CHECK(spelt("bot@bücher.example") == "bot@xn--bcher-kva.example");
  CHECK(spelt("bot@BÜCHER.example") == "bot@xn--bcher-kva.example");
  CHECK(spelt("bot@bu\u0308cher.example") == "bot@xn--bcher-kva.example");  // decomposed
  CHECK(spelt("bot@münchen-ost.example") == "bot@xn--mnchen-ost-9db.example");
  CHECK(spelt("bot@他们为什么不说中文.example") ==
        "bot@xn--ihqwcrb4cv8a8dqg056pqjye.example");  // RFC 3492 7.1 (B)
  CHECK(spelt("bot@straße.example") == "bot@xn--strae-oqa.example");
  CHECK(spelt("bot@XN--BCHER-KVA.example") == "bot@xn--bcher-kva.example");
}

TEST_CASE("F22 no look-alike becomes an ASCII domain") {
  CHECK(spelt("bot@ｅxample.com") == "-");        // full-width e
  CHECK(spelt("bot@\u212Aiosk.example") == "-");  // Kelvin sign
  CHECK(spelt("bot@İstanbul.example") == "-");    // its lower case would be i
  CHECK(spelt("bot@example\u3002com") == "-");    // ideographic full stop
  CHECK(spelt("bot@exam\u200Bple.com") == "-");
  CHECK(spelt("bot@еxample.com") != "bot@example.com");  // Cyrillic е is another name
}

TEST_CASE("RFC 6531 local parts beyond ASCII stay as they are written") {
  CHECK(spelt("Ömer@example.com") == "Ömer@example.com");
  CHECK(spelt("İ@example.com") != spelt("i@example.com"));
}

TEST_CASE("what is no address is refused with a reason") {
  for (const char* text :
       {"", "bot5", "@example.com", "bot5@", "bot5@.", "a b@example.com", ".a@example.com",
        "a.@example.com", "a..b@example.com", "a@b@example.com", "bot@-a.example", "bot@a-.example",
        "bot@a..example", "bot@exa mple.com", "bot@[nonsense]", "bot\r\nx@example.com",
        "bot\x80@example.com", "bot@\xff.example", "a\u202Eb@example.com"}) {
    CAPTURE(text);
    const auto result = normalise_address(text);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::usage);
    CHECK(result.error().message.find('\n') == std::string::npos);
  }
  CHECK(normalise_address("bot5").error().message == "not an e-mail address: 'bot5': no @");
}

TEST_CASE("an address of 254 bytes is taken, one more is not") {
  const std::string local(64, 'a');
  const std::string label(62, 'b');
  const std::string tail = "@" + label + "." + label + "." + label;
  REQUIRE((local + tail).size() == 253);
  CHECK(spelt(local + tail + "c") == local + tail + "c");
  CHECK(spelt(local + tail + "c.d") == "-");
  CHECK(spelt(std::string(65, 'a') + "@example.com") == "-");
  CHECK(spelt("a@" + std::string(63, 'b') + ".example") != "-");
  CHECK(spelt("a@" + std::string(64, 'b') + ".example") == "-");
  CHECK(spelt(std::string(1'000'000, 'a') + "@example.com") == "-");
}

TEST_CASE("a recipient with an @ is an address, any other a number") {
  CHECK(normalise_recipient("BOT@example.com", "TR").value_or("-") == "bot@example.com");
  CHECK(normalise_recipient("0555 123 45 67", "TR").value_or("-") == "+905551234567");
  CHECK_FALSE(normalise_recipient("bot", "TR"));
}
