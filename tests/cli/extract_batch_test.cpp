// `extract --ndjson`: a line in, a line out.
#include "cli/commands.hpp"
#include "extract/batch.hpp"
#include "shared/lines.hpp"

#include <doctest/doctest.h>

namespace otpctl::apps {
namespace {

using extract::judge;
using extract::Knowledge;

/// A mail in base64, as `base64 -w0` writes it: To: bot5@example.com, "Your code is 482913".
constexpr char kMail[] =
    "RnJvbTogYUBzaG9wLmV4YW1wbGUKVG86IGJvdDVAZXhhbXBsZS5jb20KU3ViamVjdDogTG9naW4KCllvdXIgY29kZSBpcyA0ODI5MTMK";

std::string answer_to(const std::string& line, const Knowledge& known = {}) { return judge(line, known).line; }

bool contains(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

TEST_CASE("ndjson: a text with a code, one without, one with two") {
  CHECK(answer_to(R"({"id":"a","channel":"sms","text":"Your code is 482913"})") ==
        R"({"id":"a","code":"482913","recipient":null,"verdict":"code","confidence":0.93,"reason":"stands directly at a word for a code"})" "\n");
  const std::string none = answer_to(R"({"id":7,"channel":"sms","text":"Hello"})");
  CHECK(contains(none, R"({"id":7,"code":null,"recipient":null,"verdict":"none","confidence":0.0,)"));
  CHECK(contains(answer_to(R"({"id":1,"channel":"sms","text":"Your code is 482913. Your code is 117744."})"),
                 R"("code":null,"recipient":null,"verdict":"ambiguous")"));
}

TEST_CASE("ndjson: a mail comes in its parts or whole") {
  CHECK(contains(answer_to(R"({"id":1,"channel":"email","subject":"482913 is your code"})"), R"("code":"482913")"));
  CHECK(contains(answer_to(R"({"id":1,"channel":"email","text":"","html":"<p>Your code is <b>482</b>913</p>"})"), R"("code":"482913")"));
  CHECK(contains(answer_to(R"({"id":1,"channel":"sms","text":"<p>Your code is <b>482</b>913</p>"})"), R"("code":null)"));
  CHECK(contains(answer_to(std::string(R"({"id":1,"channel":"email","raw_base64":")") + kMail + "\"}"),
                 R"("code":"482913","recipient":"bot5@example.com")"));
}

TEST_CASE("ndjson: the mailbox itself is the recipient of a mail that names no other") {
  Knowledge known;
  known.mail.mailbox_address = "bot5@example.com";
  const std::string line = std::string(R"({"id":1,"channel":"email","raw_base64":")") + kMail + "\"}";
  CHECK(contains(answer_to(line, known), R"("recipient":"bot5@example.com")"));
  known.mail.mailbox_address = "catchall@example.com";
  CHECK(contains(answer_to(line, known), R"("recipient":"bot5@example.com")"));
}

TEST_CASE("ndjson: --catch-all is the recipient of a mail that names no other, and of no text") {
  const auto recipient = [](const std::string& headers) {
    const std::string mail = headers + "Subject: x\n\nYour code is 482913\n";
    static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string base64;
    unsigned bits = 0, count = 0;
    for (const char c : mail) {
      bits = bits << 8 | static_cast<unsigned char>(c);
      for (count += 8; count >= 6; count -= 6) base64 += kDigits[bits >> (count - 6) & 63];
    }
    if (count > 0) base64 += kDigits[bits << (6 - count) & 63];
    while (base64.size() % 4 != 0) base64 += '=';
    TestContext test("extract", R"({"id":1,"channel":"email","raw_base64":")" + base64 + "\"}\n");
    extract::Options options;
    options.ndjson = true;
    options.catch_all = "Catch-All@example.com";
    CHECK(extract::run(options, test.context) == ExitCode::done);
    const std::size_t begin = test.out.find("\"recipient\":") + 12;
    return test.out.substr(begin, test.out.find(',', begin) - begin);
  };
  CHECK(recipient("To: catch-all@example.com\n") == "\"catch-all@example.com\"");
  CHECK(recipient("To: catch-all@example.com, bot5@example.com\n") == "\"bot5@example.com\"");
  CHECK(recipient("Delivered-To: bot6@example.com\nReceived: x\nTo: bot5@example.com\n") == "\"bot6@example.com\"");
  CHECK(recipient("From: a@shop.example\n") == "null");
  TestContext test("extract", R"({"id":1,"channel":"sms","text":"Your code is 482913"})");
  extract::Options options;
  options.ndjson = true;
  options.catch_all = "catch-all@example.com";
  CHECK(extract::run(options, test.context) == ExitCode::done);
  CHECK(contains(test.out, R"("recipient":null)"));
  options.catch_all = "nobody";
  CHECK(extract::run(options, test.context) == ExitCode::usage);
}

TEST_CASE("ndjson: lengths and rules count for every line") {
  Knowledge known;
  known.hints.lengths = code::Lengths{6, 6};
  const std::string two = R"({"id":1,"channel":"sms","text":"Your codes are 4711 and 482913. Zugang: 117744"})";
  CHECK(contains(answer_to(two, known), R"("code":"482913")"));
  known.hints.rules.push_back(*code::Rule::make("*", "", "Zugang:"));
  CHECK(contains(answer_to(two, known), R"("code":"117744","recipient":null,"verdict":"code","confidence":1.0,"reason":"your rule for *")"));
}

TEST_CASE("ndjson: a wrong line is answered with its id and what is wrong, X03 nothing of it drives a terminal") {
  const std::pair<const char*, const char*> lines[] = {
      {"x", R"({"id":null,"error":"not JSON"})"},
      {"[1]", R"({"id":null,"error":"not one JSON object"})"},
      {R"({"channel":"sms","text":"a"})", R"({"id":null,"error":"'id' is neither a text nor a whole number"})"},
      {R"({"id":{},"channel":"sms"})", R"({"id":null,"error":"'id' is neither a text nor a whole number"})"},
      {R"({"id":"b"})", R"({"id":"b","error":"'channel' is neither \"sms\" nor \"email\""})"},
      {R"({"id":"b","channel":"email","text":5})", R"({"id":"b","error":"'text' is no text"})"},
      {R"({"id":"b","channel":"email","raw_base64":"§"})", R"({"id":"b","error":"'raw_base64' is no base64"})"},
      {"{\"id\":\"\\u001b[2J\",\"channel\":\"fax\"}", R"({"id":"\u001b[2J","error":"'channel' is neither \"sms\" nor \"email\""})"}};
  for (const auto& [line, answer] : lines) {
    CHECK(answer_to(line) == std::string(answer) + "\n");
    CHECK_FALSE(judge(line, {}).good);
  }
}

TEST_CASE("ndjson: a wrong line does not end the rest, and is 65 at the end") {
  TestContext test("extract", "x\n\n{\"id\":2,\"channel\":\"sms\",\"text\":\"Your code is 482913\"}");
  extract::Options options;
  options.ndjson = true;
  CHECK(extract::run(options, test.context) == ExitCode::unreadable);
  CHECK(contains(test.out, "{\"id\":null,\"error\":\"not JSON\"}\n{\"id\":2,\"code\":\"482913\""));
  CHECK(test.err.empty());
}

TEST_CASE("lines come whole, the last one without its end, and one that is too long is passed over") {
  Source source(std::string("one\n\nlonger\nlast"));
  Lines lines(source, 4);
  const auto next = [&] { return lines.next().value().value(); };
  CHECK(next().text == "one");
  CHECK(next().text.empty());
  const InputLine longer = next();
  CHECK(longer.too_long);
  CHECK(longer.text == "long");
  const InputLine last = next();
  CHECK(last.text == "last");
  CHECK_FALSE(last.too_long);
  CHECK_FALSE(lines.next().value().has_value());
}

}  // namespace
}  // namespace otpctl::apps
