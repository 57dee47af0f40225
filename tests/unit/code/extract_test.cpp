#include "cases.hpp"

#include "code/conventions.hpp"
#include "message/html.hpp"

#include <chrono>

using namespace otpctl;
using namespace otpctl::code;
using namespace otpctl::code::test;

namespace {

Code only(const message::Message& message, const std::vector<Pattern>& patterns = {}) {
  const Verdict verdict = extract(message, {{}, {}, patterns, {}});
  REQUIRE(verdict.outcome == Outcome::code);
  return verdict.codes.at(0);
}

Pattern pattern(const char* regex) { return *Pattern::compile(regex); }

}  // namespace

TEST_CASE("the subject counts") {
  CHECK(answer(mail("482913 is your Example code", "Hello, see the subject.")) == "482913");
  CHECK(answer(mail("Your verification code: 482913", "")) == "482913");
  CHECK(answer(mail("Your verification code: 482913", "Your verification code: 482913")) ==
        "482913");
  CHECK(answer(mail("Your verification code: 482913", "Your verification code: 111222")) ==
        "482913|111222");
}

TEST_CASE("the subject says the word, the body only the number") {
  CHECK(answer(mail("Your Example verification code",
                    "Hi Jane,\n\n482913\n\nThe Example team, since 2019")) == "482913");
  CHECK(answer(mail("Your Example newsletter", "Hi Jane,\n\n482913\n\nThe Example team")) == "");
  CHECK(answer(mail("Your verification code", "482913\n111222\n")) == "482913|111222");
  CHECK(answer(mail("Your verification code", "Order 482913 is on its way")) == "");
}

TEST_CASE("F18 plain text and HTML that name different codes are ambiguous") {
  CHECK(answer(mail("", "Your code is 482913", "Your code is 482913")) == "482913");
  CHECK(answer(mail("", "Your code is 482913", "Your code is 111222")) == "482913|111222");
  CHECK(answer(mail("", "Please use a newer reader. © 2026", "Your code is 482913")) == "482913");
  CHECK(answer(mail("", "Your code is 482913", "Your code is in the picture")) == "482913");
}

TEST_CASE("a code in HTML: own block, cells, spans") {
  const auto html = [](const char* text) { return answer(mail("", message::visible_text(text))); };
  CHECK(html("<p>Your verification code</p><h1>482913</h1><p>Bye</p>") == "482913");
  CHECK(html("<p>Your code is <b>48</b><i>2913</i></p>") == "482913");
  CHECK(html("<table><tr><td>Login "
             "code</td><td>4829</td></tr><tr><td>Order</td><td>5512</td></tr></table>") == "4829");
  CHECK(html("<p>Your "
             "code:</p><table><tr><td>4</td><td>8</td><td>2</td><td>9</td><td>1</td><td>3</td></"
             "tr></table>") == "482913");
  CHECK(html("<div style=\"display:none\">Your code is 111222</div><p>Your code is 482913</p>") ==
        "482913");
  CHECK(html("<p style=\"color:#202123\">Your code is ready</p>") == "");
}

TEST_CASE("a bounce or an automatic reply has no code for anybody") {
  message::Message message = mail("", "Your code is 482913");
  message.bounce = true;
  CHECK(answer(message) == "");
}

TEST_CASE("quoted lines do not count where there are others") {
  CHECK(answer(otpctl::message::read_letter({"", "Your new code is 482913\n\n> Your code is 111222\n", ""})) == "482913");
  CHECK(answer(mail("", "> Your code is 111222\n>\n> Bye\n")) == "111222");
}

TEST_CASE("a line for machines names code and domain") {
  const Code code = only(sms("Your code is 747723.\n\n@Login.Example.com #747723"));
  CHECK(code.value == "747723");
  CHECK(code.domain == "login.example.com");
  CHECK(code.confidence == 1);
  CHECK(answer(sms("x\n@example.com #ab-12!z")) == "ab-12!z");
  CHECK(answer(sms("x\n@example.com #747723 @embedded.example")) == "747723");
  CHECK(answer(sms("x\n@example.com #747723 @embedded.example $more")) == "747723");
  CHECK(answer(sms("x\n@example.com #747723\nFA+9qCX9VSu")) == "747723");
  CHECK(answer(sms("x\n@localhost #747723#9")) == "747723");
  CHECK(only(sms("@a.example.com @b.example.com #747723")).domain == "b.example.com");
  CHECK(only(sms("x\n@a.example.com #747723\n@embedded.example")).domain == "a.example.com");
}

TEST_CASE("what only looks like a line for machines is none") {
  for (const char* line :
       {"@example.com  #747723", "@example.com:443 #747723", "@example.com/a #747723",
        "@a@example.com #747723", "see @example.com #747723", "@example #747723",
        "@.example.com #747723", "@example.com #", "@example.com 747723",
        "@example.com #747723 @not a host!", "#747723 @example.com"}) {
    CAPTURE(line);
    CHECK_FALSE(find_domain_bound("Hello\n" + std::string(line)));
  }
  CHECK_FALSE(find_domain_bound("@example.com #747723\nmore text"));
  CHECK_FALSE(find_domain_bound(""));
}

TEST_CASE("the app's hash is no code, an eleven-letter word is no hash") {
  CHECK(without_app_hash("code 482913\nFA+9qCX9VSu") == "code 482913");
  CHECK(without_app_hash("call 12345678901") == "call 12345678901");
  CHECK(without_app_hash("your account information") == "your account information");
  CHECK(answer(sms("<#> 482913 is your Example code\n1IofsghvRkq")) == "482913");
}

TEST_CASE("the user's own patterns come first") {
  const auto patterns = std::vector{pattern("Voucher[: ]+(\\w+)"), pattern("PIN[:\\s]+(\\d{4})")};
  const Code code = only(mail("", "Your code is 482913\nPIN: 7788"), patterns);
  CHECK(code.value == "7788");
  CHECK(code.confidence == 1);
  CHECK(only(mail("PIN 1122", "Voucher: abc"), patterns).value == "abc");
  CHECK(only(mail("PIN 1122", "nothing"), patterns).evidence.in_subject);
  CHECK(only(mail("", "nothing", "PIN 1122"), patterns).evidence.in_html);
  CHECK(only(mail("", "Your code is 482913"), patterns).value == "482913");
}

TEST_CASE("a code carries what was said of it") {
  const std::string text =
      "Sign in to Example: your login code is G-482913. It is valid for 10 minutes.";
  const Code code = only(sms(text));
  CHECK(code.value == "482913");
  CHECK(code.raw == "G-482913");
  CHECK(code.kind == Kind::digits);
  CHECK(code.purpose == "login");
  CHECK(code.expires_in == std::chrono::minutes(10));
  CHECK(text.substr(code.evidence.begin, code.evidence.end - code.evidence.begin) == "G-482913");
  CHECK(code.confidence > 0.9);
  CHECK(only(sms("Şifre sıfırlama kodunuz 482913")).purpose == "reset");
  CHECK(only(sms("Code for your payment: 482913")).purpose == "payment");
  CHECK(only(sms("Confirm your address with code 482913")).purpose == "verify");
  CHECK(only(sms("Code: GW7C")).kind == Kind::alphanumeric);
  CHECK_FALSE(only(sms("Code: 482913. We answer within 2 days.")).expires_in ==
              std::chrono::minutes(2));
}

TEST_CASE("the evidence points into the original, whatever stands before it") {
  const std::string text = "Doğrulama şifreniz\u200B 😀: 48\u200B29\u00AD13 ✓";
  const Code code = only(sms(text));
  CHECK(code.value == "482913");
  CHECK(text.substr(code.evidence.begin, code.evidence.end - code.evidence.begin) ==
        "48\u200B29\u00AD13");
  CHECK(code.raw == "48\u200B29\u00AD13");
}

TEST_CASE("digits of other scripts are digits") {
  check(
      {{"Code: ４８２９１３", "482913"}, {"Code: ٤٨٢٩١٣", "482913"}, {"Code：482913，", "482913"}});
  check_none({"Code: ①②③④⑤⑥", "Code: ⁴⁸²⁹¹³"});
}

TEST_CASE("a number glued to letters of a script without spaces is one") {
  check({{"OTP：482913（10分钟）", "482913"}});
}

TEST_CASE("letters only are never a code") {
  check_none({"Your code is QGFDAE", "Code: AAAAAAAA", "code: NEVER share it",
              "Your verification code is ChatTeam"});
}

TEST_CASE("reasons name what was missing and no number") {
  const auto reason = [](const char* text) { return extract(sms(text), {}).reason; };
  CHECK(reason("Your verification code has been sent.") ==
        "it speaks of a code, but no number belongs to it");
  CHECK(reason("Meet me at 482913 Example Street") == "its numbers are not called a code");
  CHECK(reason("Hello") == "nothing in it looks like a code");
  CHECK(extract(sms("Codes 111222 and 333444"), {}).reason ==
        "2 different numbers look like the code");
}

TEST_CASE("what may reach a stdout is one line of 1 to 64 printable characters") {
  CHECK(is_printable_code("482913"));
  CHECK(is_printable_code("correct horse battery staple"));
  CHECK(is_printable_code(std::string(64, 'x')));
  CHECK(is_printable_code("şifre"));
  for (const std::string& bad : std::vector<std::string>{
           std::string(), std::string(65, 'x'), std::string("1\n2"), std::string("1\r"),
           std::string("\x1b[1m"), std::string("a\tb"), std::string("\0", 1), std::string("\xff"),
           std::string(" 1"), std::string("1 "), std::string("1\u202E2"), std::string("\u2028")}) {
    CHECK_FALSE(is_printable_code(bad));
  }
}

TEST_CASE("names are stable") {
  CHECK(name_of(Outcome::code) == "code");
  CHECK(name_of(Outcome::none) == "none");
  CHECK(name_of(Outcome::ambiguous) == "ambiguous");
  CHECK(name_of(Kind::digits) == "digits");
  CHECK(name_of(Kind::alphanumeric) == "alphanumeric");
  CHECK(name_of(Kind::phrase) == "phrase");
  CHECK(name_of(Kind::link) == "link");
}

TEST_CASE("M19 hostile texts take linear time") {
  for (const std::string& piece : std::vector<std::string>{"1",
                                                           "-",
                                                           "1-",
                                                           "1 ",
                                                           "a1",
                                                           "a-",
                                                           " ",
                                                           "\n",
                                                           "code ",
                                                           "code: ",
                                                           "otp 482913 ",
                                                           "card ",
                                                           "order 1 ",
                                                           "is ",
                                                           "verification code x 482913 1 min ",
                                                           "@",
                                                           "/",
                                                           "a/b.c/",
                                                           ">",
                                                           "> \n",
                                                           "482913\n",
                                                           "[",
                                                           "*",
                                                           "\u200B",
                                                           "\u0301",
                                                           "é",
                                                           "verification ",
                                                           "verification\n",
                                                           "use 482913 to ",
                                                           "1 and ",
                                                           "482913 and "}) {
    CAPTURE(piece);
    std::string text;
    while (text.size() < 256 * 1024) text += piece;
    const auto begin = std::chrono::steady_clock::now();
    answer(mail(text.substr(0, 1000), text));
    CHECK(std::chrono::steady_clock::now() - begin <
          std::chrono::seconds(2));  // sanitizers included
  }
}
