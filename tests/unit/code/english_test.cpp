#include "cases.hpp"

using namespace otpctl::code::test;

TEST_CASE("English: the code stands behind its label") {
  check({
      {"Your verification code is 482913.", "482913"},
      {"Your Acme verification code: 482913. It expires in 10 minutes.", "482913"},
      {"Acme: your login code is 048291", "048291"},
      {"Hello Jane, your one-time password is 77120934", "77120934"},
      {"OTP: 4829", "4829"},
      {"OTP 482913 for your login at Example Bank. Do not share it.", "482913"},
      {"Security code = 55123", "55123"},
      {"Your code is 482913", "482913"},
      {"PIN: 4829", "4829"},
      {"Passcode \"482913\"", "482913"},
      {"Your verification code is: *482913*", "482913"},
      {"Your two-factor authentication code is 0482913", "0482913"},
      {"Code: 482913 (valid for 5 minutes)", "482913"},
      {"Use verification code 482913 for Example authentication.", "482913"},
      {"Please enter your access code 482913 on the page.", "482913"},
      {"<#> Your Example code is: 482913 FA+9qCX9VSu", "482913"},
      {"Your sign-in code (valid 10 minutes): 482913", "482913"},
      {"The verification code for your Example account: 482913", "482913"},
      {"Your password is 1099", "1099"},
      {"Code for your payment: 482913", "482913"},
      {"Your login code for account: 12345678 is 482913", "482913"},
  });
}

TEST_CASE("English: the code stands in front of its label") {
  check({
      {"482913 is your Example verification code", "482913"},
      {"482913 is your code", "482913"},
      {"G-482913 is your Example verification code.", "482913"},
      {"482913 - Your Example verification code", "482913"},
      {"482913 (Example Verification Code)", "482913"},
      {"[Example] 482913 is your security code", "482913"},
      {"4829 is the login code for Example", "4829"},
  });
}

TEST_CASE("English: no label but a request and what it is for") {
  check({
      {"Use 482913 to sign in to Example.", "482913"},
      {"Enter 90210 to verify your phone.", "90210"},
      {"Type 482913 to confirm your new device", "482913"},
      {"Use 4829 to sign in", "4829"},
  });
  check_none({
      "Use 482913 to get a free coffee.", "Enter 482913 to win",
      "Use 4829 today to sign in",  // four digits need the aim right behind them
  });
}

TEST_CASE("English: the code stands on a line of its own") {
  check({
      {"Hi,\n\nhere is your verification code:\n\n482913\n\nThanks", "482913"},
      {"Your verification code\n482913\nIt is valid for 10 minutes.", "482913"},
      {"Enter this code to sign in:\n4829\n", "4829"},
      {"Here is your login code. Type it on the page.\n\n  482 913  \n\nBye", "482913"},
      {"482913\nis your verification code", "482913"},
      {"We got a request for a verification code.\nIf that was you, use this:\n\n482913", "482913"},
  });
}

TEST_CASE("English: grouped digits are one code, all of its digits and no more") {
  check({
      {"Your code is 482 913", "482913"},
      {"Your code is 482-913.", "482913"},
      {"Your code is 48 29 13", "482913"},
      {"Your code is 4829-1356", "48291356"},
      {"Your code is 4 8 2 9 1 3", "482913"},
      {"Your code is 482\u00A0913", "482913"},
      {"Your code is 4\u200B8\u200B2\u200B9\u200B1\u200B3", "482913"},
      {"RTW-482913 is your code", "482913"},
      {"Your code: SMS-482913", "482913"},
  });
  check_none({
      "Your code is 4829135678901",  // never cut
      "Your code is 482.913",
      "Your code is 482,913.50",
      "Your code is 48291356789-1",
      "Your code is 4829-step",
  });
}

TEST_CASE("English: letters with digits only where a label and a colon or is say so") {
  check({
      {"Your verification code is GW7C", "GW7C"},
      {"Code: T3425", "T3425"},
      {"Confirmation code: g4zy75", "g4zy75"},
      {"Your code is tt226-5398x.", "tt226-5398x"},
      {"Your login code: vM8xw", "vM8xw"},
  });
  check_none({
      "Your verification code expires in 10min",
      "Enter the code on your iPhone15",
      "The code was sent to bot5",
      "Your code is EXPIRED",
      "Your code is on its way",
      "Never share the code with anybody, call B001",
  });
}

TEST_CASE("English: of two numbers the one with the better label") {
  check({
      {"Your verification code for order 99887766 is 123456", "123456"},
      {"Ref: 906812. Your OTP is 482913.", "482913"},
      {"Your OTP is 482913 (ref 906812)", "482913"},
      {"OTP for card ending 1245 is 811739", "811739"},
      {"Amount 4500 USD. Code: 482913", "482913"},
      {"Pay Rs. 4500 with OTP 482913", "482913"},
      {"Your code is 482913. Call us at 1-800-555-0199 if this was not you.", "482913"},
      {"Your code is 111222. Previous code 333444 has expired.", "111222"},
      {"Order 123456 - your verification code: 482913", "482913"},
      {"Your code 482913 was requested on 2026-11-20 at 14:30 from 192.0.2.17", "482913"},
      {"Welcome to 2026! Your code is 888999", "888999"},
      {"© 2026 Example, 94041 Example City\nVerification code: 482913", "482913"},
      {"Verification code 482913. Ticket 55123.", "482913"},
      {"123456 - Your verification code is 482913", "482913"},
      {"We got your order. 482913 is your verification code.", "482913"},
  });
}

TEST_CASE("English: numbers that are no code") {
  check_none({
      "Your order 482913 has been shipped.",
      "Order number: 482913",
      "We sent the verification code for your order 482913.",
      "The verification code for invoice no. 482913 is on its way",
      "Use promo code 482913 at the checkout",
      "Use promo code SAVE2026 at the checkout",
      "Your discount code: SKIN15",
      "The zip code is 90210",
      "Error code: 500123",
      "Tracking number 48291356",
      "Your booking reference is 482913",
      "Invoice no. 482913 is due on 20.11.2026",
      "Call 555-0199 or 202-555-0143",
      "Call us at 5550199",
      "Your balance is 482913",
      "You paid $482913",
      "You paid 482913 USD",
      "Price: 1234.56",
      "1181 new messages, $2999/month",
      "Account ending 5678",
      "We sent a code to your phone ending 5678",
      "We will never ask for your code.",
      "Your verification code has expired.",
      "Your code expires in 10 minutes.",
      "Your 6-digit code is on the next page",
      "Two-factor authentication was turned off on 20/11/2026",
      "Your recovery codes are running low",
      "Scan the QR code 482913",
      "Parcel 7153853481 arrives today between 14:00 and 16:00",
      "https://example.com/verify?code=482913",
      "Write to 482913@example.com about your code",
      "Your code can be read at example.com/482913",
      "Room 4829, gate 4821",
      "© 2026 Example Inc.",
      "Version 10.11.4829",
      "Card 1234 5678 9012 3456",
      "Card ****4829 was used",
      "Your code will arrive by SMS at +1 202 555 0143",
      "",
      "Hello",
      "482913",
  });
}

TEST_CASE("English: a year is a code only when it says so itself") {
  check({{"Your verification code is 2048.", "2048"}, {"Code: 1987", "1987"}});
  check_none({"The verification code rules of 2026", "Verification code 2026 rules",
              "Code 20261120", "Code: 20261120"});
}

TEST_CASE("English: two codes of equal standing are ambiguous") {
  check({
      {"Your codes are 1234 and 567890.", "1234|567890"},
      {"Your login code is 111222. Your verification code is 333444.", "111222|333444"},
      {"Your code is 482913. Again: your code is 482913.", "482913"},
  });
}
