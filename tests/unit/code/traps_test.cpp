// What other extractors fall for, by the numbers of the list of traps: another number is nearer or
// shaped better (1-8), position (9-12), shape (13-20), script and encoding (21-27), HTML (28-31), no
// code at all (32-36), the message as a whole (37-40).
#include "cases.hpp"

#include "message/message.hpp"

using namespace otpctl::code;
using namespace otpctl::code::test;

namespace {

otpctl::message::Message html(const std::string& body, const std::string& subject = "Example") {
  return otpctl::message::read_letter({subject, "", body});
}

}  // namespace

TEST_CASE("trap 1: a transaction number stands in front of the code or behind it") {
  check({
      {"Ma GD 1533, ma OTP 572123, so tien 50000 VND", "572123"},
      {"OTP 771808 for transaction no 7709", "771808"},
      {"Transaction 99120, OTP: 482913", "482913"},
  });
}

TEST_CASE("trap 2: the tail of a card or an account") {
  check({
      {"OTP for card XXXX1245 is 811739", "811739"},
      {"OTP for XXXXXX (XX1245) is 811739", "811739"},
      {"Your code for A/c No. ending 2483 at Example Ltd is 34037008", "34037008"},
      {"Code for card no 123456******6789 is: '287633'", "287633"},
      {"Purchase with your card ending in 4832. Verification code: 482913", "482913"},
  });
}

TEST_CASE("trap 3: an amount") {
  check({
      {"OTP 482913 for Rs. 4500 at Example Shop", "482913"},
      {"150.51€ at Example Shop. Code: 482913", "482913"},
      {"Your code is 482913 to pay EUR 2.916,24", "482913"},
      {"Pay 6000000 VND with OTP 482913", "482913"},
  });
  check_none({"Your code: 1234.56 EUR were paid", "Code for a refund of $4829"});
}

TEST_CASE("trap 4: an order in the same sentence") {
  check({{"Your verification code for order 99887766 is 482913", "482913"}});
}

TEST_CASE("trap 5: a reference beside the code") {
  check({
      {"OTP=482913 [Ref:1068506182]", "482913"},
      {"Your OTP is 482913 (Ref: 533B09D).", "482913"},
      {"<Ref. HV7B> Your OTP is 482913", "482913"},
      {"REF:9085 OTP:482913", "482913"},
      {"Compare SSLW with your screen: SSLW - 482913 is your verification code", "482913"},
      {"Use SGD-482913 within 3 minutes to authorize this transaction", "482913"},
  });
}

TEST_CASE("trap 6: a phone number in any format") {
  check({
      {"Your code is 482913. Questions? 1.800.463.3339", "482913"},
      {"Your code is 482913. Call 888-228-6654", "482913"},
      {"Code 482913, call (888) 888-8888 for help", "482913"},
      {"Your code is 888-8888", "8888888"},
      {"482913 is your code. Not you? +1 555 010 9999", "482913"},
  });
  check_none({"Call 888-888-8888 about your security code", "Security code? Our number is 1-800-555-0199"});
}

TEST_CASE("trap 7: how long it lives and how many digits it has") {
  check({
      {"Your 6-digit code is 482913 and lives 300 seconds", "482913"},
      {"Code 4829, expires in 10 Mins", "4829"},
      {"Your code expires in 5m0s: 482913", "482913"},
  });
  check_none({"Enter the 6-digit code within 10 minutes"});
}

TEST_CASE("trap 8: an old code, and two that live") {
  check({
      {"Your code is 111222. Previous code 333444 has expired.", "111222"},
      {"Your codes are 1234 and 567890. Use 567890 to log in.", "567890"},
      {"Your codes are 111222 and 333444.", "111222|333444"},
  });
}

TEST_CASE("trap 9: the code first, or last after long legal words") {
  check({
      {"482913 (Example verification code)", "482913"},
      {"482913 - your verification code", "482913"},
      {"[482913] is your Example code", "482913"},
      {"[Example] 482913 is your login code", "482913"},
      {"We will never ask you for your code. Use it on our site only. Your code is 482913", "482913"},
  });
}

TEST_CASE("trap 10: the code on a line of its own, in cells, in the subject alone") {
  check({
      {"Your verification code\n\n\n482913", "482913"},
      {"482913\n\nEnter this code to continue", "482913"},
  });
  CHECK(answer(mail("482913 is your Example code", "Hello\n\nSee the subject.")) == "482913");
  CHECK(answer(mail("Your login code", "Hello\n\n482913\n\nThanks")) == "482913");
  CHECK(answer(mail("Login", "See the HTML part.", "Your code is 482913")) == "482913");
  CHECK(answer(html("<table><tr><td>4</td><td>8</td><td>2</td><td>9</td><td>1</td><td>3</td></tr></table>",
                    "Your verification code")) == "482913");
}

TEST_CASE("trap 11: no word for a code, but a request") {
  check({
      {"Use 482913 to sign in to Example", "482913"},
      {"Enter 482913 to verify your number", "482913"},
      {"Use 4829 to verify your account", "4829"},
      {"Please enter 482913 into Example within the next 30 mins.", "482913"},
  });
  check_none({"Use 482913 points today", "Type 482913 screws, to order call us"});
}

TEST_CASE("trap 12: another word for the code") {
  check({{"Your PASSWORD is 1099", "1099"}, {"Please enter TAN 927711 for the order 10751532", "927711"}});
}

TEST_CASE("trap 13: a code in groups") {
  check({
      {"Your code is 482 913", "482913"},
      {"Your code is 482-913", "482913"},
      {"Your code is 4829 1377", "48291377"},
      {"Your code is 48 29 13", "482913"},
      {"Your code is 48-29-13", "482913"},
      {"Your code is 4 8 2 9 1 3", "482913"},
      {"Your code is 482\u00A0913", "482913"},
      {"Your code is 482\u2009913", "482913"},
  });
}

TEST_CASE("trap 14: zeros in front, three, seven and eight digits, never cut") {
  check({
      {"Your code is 047977", "047977"},
      {"Please enter code 548 on Example", "548"},
      {"Your code is 4829137", "4829137"},
      {"Your code is 48291377", "48291377"},
  });
  check_none({"Your code is 4829137755", "Your code 12345678901"});
}

TEST_CASE("trap 15: letters and digits") {
  check({
      {"Your code is GW7C", "GW7C"},
      {"Verification code: 1ILO0Z5P", "1ILO0Z5P"},
      {"Your login code: g4zy75", "g4zy75"},
      {"code 123G5", "123G5"},
      {"Use code GH56TY to verify your email address", "GH56TY"},
      {"Your code: tt226-5398x", "tt226-5398x"},
      {"Your code:\na u 8 k 2 f\nBye", "au8k2f"},
      {"Your code isV482913", ""},
      {"Your code is 48291Ó", ""},
      {"Your code is 482\uFFFD13", ""},
      {"Your code is 48291\uFFFD", ""},
      {"Your code:\nä u 8 k 2 f\nBye", ""},
      {"Your verification code is below.\n\nDJZ-TLX\n", "DJZ-TLX"},
  });
}

TEST_CASE("trap 16: letters only where they can be nothing else") {
  check({{"Example verification code: QGFDAE", "QGFDAE"}});
  check_none({
      "Your code has EXPIRED", "Your code is NEVER to be shared", "Your code is Your secret",
      "Do not share this code. Code: NEVER", "FRAUD? Your security code is safe", "Your ChatGPT code was used",
  });
}

TEST_CASE("trap 18: prefixes") {
  check({
      {"G-482913 is your Example code", "482913"},
      {"Your code is FOOD-1156", "1156"},
      {"RTW-482913 is your Example verification code", "482913"},
  });
  check_none({"Model PER-110 has arrived"});
}

TEST_CASE("trap 19: years and dates") {
  check({
      {"Your verification code is 2048.", "2048"},
      {"Welcome to 2026! Your code is 482913", "482913"},
      {"1-1-01 is the date of your code T3425", "T3425"},
  });
  check_none({"Your code was used on 20261120", "© 2026 Example, code of conduct", "Your code of 20-11-2026 was used"});
}

TEST_CASE("trap 20: repeated and sequential digits are codes") {
  check({{"Your code is 000000", "000000"}, {"Your code is 123456", "123456"}});
}

TEST_CASE("trap 21: a code glued to letters of a script without spaces") {
  check({
      {"验证码482913，10分钟内有效", "482913"},
      {"ใช้รหัสOTP482913เพื่อเข้าสู่ระบบ", "482913"},
      {"인증번호[482913]를 입력해 주세요", "482913"},
  });
}

TEST_CASE("trap 22: digits of every script") {
  check({
      {"Your code is ４８２９１３", "482913"},
      {"Your code is ٤٨٢٩١٣", "482913"},
      {"Your code is ۴۸۲۹۱۳", "482913"},
      {"Your code is ४८२९१३", "482913"},
      {"Your code is ৪৮২৯১৩", "482913"},
      {"Your code is ๔๘๒๙๑๓", "482913"},
  });
}

TEST_CASE("trap 23: what has no width between the digits") {
  check({
      {"Your code is 4\u200B8\u200B2\u200B9\u200B1\u200B3", "482913"},
      {"Your code is 482\u00AD913", "482913"},
      {"Your code is 482\u2060913", "482913"},
      {"Your code is 482\u034F913", "482913"},
      {"Your code is \u202B482913\u202C.", "482913"},
  });
}

TEST_CASE("trap 24: a comma that ends a clause, and one in an amount") {
  check({{"Code: 4829, valid for 10 minutes", "4829"}, {"验证码：4829，10分钟", "4829"}});
  check_none({"Your code saves you 2.916,24 EUR"});
}

TEST_CASE("trap 25: a word for a code inside another word") {
  check_none({
      "Barcode 482913", "vscode 482913", "Unicode 482913", "Postcode 482913", "encode 482913", "The author 482913",
      "some codex is 482913", "Backspin 482913",
  });
}

TEST_CASE("trap 27: angle brackets in a text are no tags") {
  check({{"<OTP 439753>", "439753"}, {"Your code is <482913>", "482913"}, {"<#> Your code is 482913", "482913"}});
  check({{"<p>Your code is <b>482913</b></p>", "482913"}});
  check_none({"<p>Your code is <b>482</b>913</p>"});
}

TEST_CASE("trap 28: what HTML never shows") {
  CHECK(answer(html("<style>.a{width:560123}</style><p>Your security code was changed</p>")) == "");
  CHECK(answer(html("<!--[if mso]>code 960001<![endif]--><p style='color:#202123'>Your code is 482913</p>")) == "482913");
  CHECK(answer(html("<div style='display:none'>Your code is 111222</div><p>Your code is 482913</p>")) == "482913");
  CHECK(answer(html("<p>Your code</p><img alt='482913' width=600100><a href='https://x.example/?code=777888'>go</a>")) == "");
}

TEST_CASE("trap 29: blocks end a line, inline tags do not, cells of digits join, prices do not") {
  CHECK(answer(html("<p>Your code is 48<b>29</b>13</p>")) == "482913");
  CHECK(answer(html("<p>Your code is <span>4</span><span>8</span><span>2</span><span>9</span></p>")) == "4829");
  CHECK(answer(html("<p>Code word</p><table><tr><td>1200</td><td>3400</td></tr></table>", "Prices")) == "");
}

TEST_CASE("trap 30: digits of links and addresses") {
  check({
      {"Your code is 482913, or open https://x.example/?code=777888", "482913"},
      {"Your code is 482913. v.example.com/105876", "482913"},
      {"Your code for tester@123456.example is 482913", "482913"},
      {"bigboss97@mail.example, your code is 482913", "482913"},
  });
  check_none({"Your code: https://x.example/verify/482913", "Security code mail to tester@123456.example"});
}

TEST_CASE("trap 31: the footer") {
  check({
      {"Your code is 482913\n\nExample Inc, 548 Market Street, San Francisco, CA 94104\n© 2026", "482913"},
      {"Your code is 482913\nFrom 192.0.2.10, Chrome 131.0 on Windows 11 at 14:30", "482913"},
  });
  check_none({"Your code of conduct\n\nExample Inc, 1 Road, CA 94104"});
}

TEST_CASE("trap 32: codes of another kind") {
  check_none({
      "Use code SAVE2026 at checkout", "Promo code: SKIN15", "Your coupon code SPRING25 is waiting",
      "Discount code 482913", "Voucher code: 48291377", "Gift code 482913", "Referral code: AB12CD",
      "Zip code is 90210", "Postal code 482913", "Area code 4829", "Country code 0049", "Error code 482913",
      "Source code 482913", "Tracking code 482913", "Order code 482913", "Booking code: AB12CD",
      "Reference code 482913", "QR code 482913", "The PDF password is your date of birth",
  });
}

TEST_CASE("trap 33: messages that speak of a code and have none") {
  check_none({
      "We sent a code to your phone ending 5678", "We will never ask for your code. Call 4829",
      "Your code has expired. Ask for a new one on 2026-11-20", "Your recovery codes are running low: 3 of 10 left",
      "Two-factor authentication was turned off at 14:30", "New sign-in at 10:45 from 192.0.2.7",
      "Your password was changed on 20 November 2026",
  });
}

TEST_CASE("trap 34: deliveries, seats, queues, news and parcels") {
  check_none({
      "Your pick-up code is 3-7-2468", "Boarding: seat 12A, gate 4829", "Queue number 4829", "Puzzle 1027 4/6",
      "1181 new features for $2999/month", "Invoice 20260115", "Parcel 7153853481 is on its way",
  });
}

TEST_CASE("trap 36: two different codes with the same evidence are ambiguous") {
  check({{"Login code: 111222\nConfirmation code: 333444", "111222|333444"}});
}

TEST_CASE("trap 37: the purpose tells two codes of one sender apart") {
  CHECK(extract(mail("Your login code", "Your code is 482913"), {}).codes.at(0).purpose == "login");
  CHECK(extract(mail("Verify your email", "Your code is 482913"), {}).codes.at(0).purpose == "verify");
}

TEST_CASE("trap 39: the newest part of a thread counts, a forwarded code counts") {
  using otpctl::message::read_letter;
  CHECK(answer(read_letter({"Re: code", "Your new code is 482913\n\n> Your code is 111222\n", ""})) == "482913");
  CHECK(answer(read_letter({"Fwd: code", "> Your code is 111222\n", ""})) == "111222");
}

TEST_CASE("trap 40: long texts: the head and what is around the words") {
  const std::string padding(300'000, 'x');
  CHECK(answer(sms("Your code is 482913 " + padding)) == "482913");
  CHECK(answer(sms(padding.substr(0, 100'000) + "\nYour code is 482913")) == "482913");
}
