#include "message/message.hpp"

#include "base/text.hpp"

#include <doctest/doctest.h>
#include <string>

using namespace otpctl;
using namespace otpctl::message;

namespace {

Message read(const std::string& bytes) { return read_mail({{}, bytes}, {}); }

const std::string kAlternative =
    "Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\npreamble\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nplain text\r\n"
    "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>html "
    "<b>text</b></p>\r\n--b--\r\nepilogue\r\n";

}  // namespace

TEST_CASE("the plain parts of a mail: sender, subject, id, date") {
  const Message message = read(
      "From: \"Example Shop\" <No-Reply@Shop.Example>\r\nSubject: =?utf-8?Q?Do=C4=9Frulama?=\r\n "
      "=?utf-8?B?IGtvZHU=?=\r\n"
      "Message-ID: <abc@shop.example>\r\nDate: Fri, 20 Nov 2026 12:33:58 +0300\r\n\r\nhello\r\n");
  CHECK(message.channel == Channel::email);
  CHECK(message.sender == "no-reply@shop.example");
  CHECK(message.sender_domain == "shop.example");
  CHECK(message.subject == "Doğrulama kodu");
  CHECK(message.message_id == "abc@shop.example");
  REQUIRE(message.sent);
  CHECK(message.sent->time_since_epoch() == std::chrono::seconds(1'795'167'238));
  CHECK(message.text == "hello");
  CHECK(message.html_text.empty());
  CHECK(message.problems.empty());
  CHECK_FALSE(message.bounce);
}

TEST_CASE("a sender is only who is alone in one From field") {
  CHECK(read("From: a@example.com\r\nFrom: b@example.com\r\n\r\n").sender == "");
  CHECK(read("From: a@example.com, b@example.com\r\n\r\n").sender == "");
  CHECK(read("From: g: a@example.com;\r\n\r\n").sender == "");
  CHECK(read("From: someone\r\n\r\n").sender == "");
  CHECK(read("To: a@example.com\r\n\r\n").sender == "");
  CHECK(read("From: a@example.com (Example)\r\n\r\n").sender == "a@example.com");
}

TEST_CASE("a subject is one line of at most 1,000 bytes") {
  CHECK(read("Subject: a\x1b[1m\tb =?utf-8?q?c=0Ad?=\r\n\r\n").subject == "a [1m b c d");
  CHECK(read("Subject: caf\xe9\r\n\r\n").subject == "café");
  CHECK(read("Subject: " + std::string(5000, 'x') + "\r\n\r\n").subject.size() == 1000);
  CHECK(read("\r\nx").subject == "");
}

TEST_CASE("of two alternatives the plain text is the text and the HTML stands beside it") {
  const Message message = read(kAlternative);
  CHECK(message.text == "plain text");
  CHECK(message.html_text == "html text");
}

TEST_CASE("HTML is the text when there is no plain text or an empty one") {
  CHECK(read("Content-Type: text/html\r\n\r\n<p>a</p><style>x</style>").text == "a");
  std::string bytes = kAlternative;
  bytes.replace(bytes.find("plain text"), 10, " \r\n ");
  const Message message = read(bytes);
  CHECK(message.text == "html text");
  CHECK(message.html_text.empty());
}

TEST_CASE("transfer encodings are undone, also with breaks inside a code") {
  CHECK(read("Content-Transfer-Encoding: Quoted-Printable\r\n\r\ncode 48=\r\n29=31=33\r\n").text ==
        "code 482913");
  CHECK(read("Content-Transfer-Encoding: base64\r\n\r\nY29kZSA0\r\nODI5MTM=\r\n").text ==
        "code 482913");
  CHECK(read("Content-Transfer-Encoding: 7bit\r\n\r\ncode =34\r\n").text == "code =34");
}

TEST_CASE("charsets become UTF-8") {
  const auto body = [](const std::string& charset, const std::string& bytes) {
    return read("Content-Type: text/plain; charset=" + charset + "\r\n\r\n" + bytes).text;
  };
  CHECK(body("utf-8", "şifre 4829") == "şifre 4829");
  CHECK(body("iso-8859-9",
             "\xfe"
             "ifre 4829") == "şifre 4829");
  CHECK(body("windows-1254", "do\xf0rulama") == "doğrulama");
  CHECK(body("\"koi8-r\"", "\xcb\xcf\xc4") == "код");
  CHECK(body("gb18030", "\xd1\xe9\xd6\xa4\xc2\xeb") == "验证码");
  CHECK(body("iso-2022-jp", "\x1b$BG'>Z\x1b(B 4829") == "認証 4829");
}

TEST_CASE("M14 bad charsets: the ASCII around them is still found") {
  const auto body = [](const std::string& charset, const std::string& bytes) {
    const Message message =
        read("Content-Type: text/plain; charset=" + charset + "\r\n\r\n" + bytes);
    CHECK(is_utf8(message.text));
    return message.text;
  };
  CHECK(body("x-unknown", "482913 caf\xe9") == "482913 café");
  CHECK(body("x-nobody-knows", "482913 caf\xe9") == "482913 café");
  CHECK(body("us-ascii", "482913 \xc5\x9f") == "482913 ş");
  CHECK(body("utf-8", "482913 \xc5") == "482913 \uFFFD");
  CHECK(body("../../etc/passwd", "482913") == "482913");
  CHECK(body("utf-8//translit", "482913") == "482913");
  CHECK(body("utf-7", "482913 +AGE-").find("482913") != std::string::npos);
  CHECK(body("iso-2022-jp", "482913 \x1b$B\xff\xff").find("482913") != std::string::npos);
  CHECK(body("utf-16", "482913").size() < 100);
  CHECK(body("utf-8", std::string("48\0"
                                  "2913",
                                  7)) == "482913");
  CHECK(body(std::string(5000, 'x'), "482913") == "482913");
}

TEST_CASE("M14 loops of encoded words end") {
  std::string subject = "Subject: ";
  while (subject.size() < 60'000) subject += "=?utf-8?q?=?= =?=?utf-7?b?";
  CHECK(is_utf8(read(subject + "\r\n\r\n482913").subject));
}

TEST_CASE("attachments, file names and attached messages are not text") {
  const auto mixed = [](const std::string& part) {
    return read("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\n" +
                part + "\r\n--b--\r\n")
        .text;
  };
  CHECK(mixed("Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\n111111") ==
        "hello");
  CHECK(mixed("Content-Type: text/plain; name=111111.txt\r\n\r\n111111") == "hello");
  CHECK(
      mixed("Content-Type: text/plain\r\nContent-Disposition: inline; filename=a\r\n\r\n111111") ==
      "hello");
  CHECK(mixed("Content-Type: text/calendar\r\n\r\n111111") == "hello");
  CHECK(
      mixed("Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nMTExMTEx") ==
      "hello");
  CHECK(mixed("Content-Type: text/plain\r\n\r\nworld") == "hello\nworld");
}

TEST_CASE("the parts of a digest are messages unless they say otherwise") {
  CHECK(read("Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: "
             "x\r\n\r\n111111\r\n--b--")
            .text == "x\n111111");
}

TEST_CASE("M13 boundaries: prefix tricks, folded parameters, a missing end, trailing white space") {
  CHECK(
      read("Content-Type: multipart/mixed;\r\n\tboundary=\"ab\"\r\n\r\n--abc\r\n\r\n111111\r\n--ab "
           "\t\r\n\r\nhello")
          .text == "hello");
  CHECK(read("Content-Type: multipart/mixed; "
             "boundary=b\n\n--b\n\nhello\n--bb\nstill\n--b-\nyes\n--b--\n--b\n\n111111")
            .text == "hello\n--bb\nstill\n--b-\nyes");
  // the outer boundary ends what is open inside
  CHECK(read("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; "
             "boundary=i\n\n"
             "--i\n\none\n--o\n\ntwo\n--i\nstill two\n--o--\n")
            .text == "one\ntwo\n--i\nstill two");
}

TEST_CASE("a multipart without boundary is a problem, no text") {
  const Message message = read("Content-Type: multipart/mixed\r\n\r\n482913\r\n");
  CHECK(message.text == "");
  CHECK(message.problems == std::vector<std::string>{"a multipart without a usable boundary"});
  CHECK(read("Content-Type: multipart/mixed; boundary=\" \"\r\n\r\n-- \r\n\r\n482913\r\n").text ==
        "");
}

TEST_CASE("a broken Content-Type means plain text (RFC 2045 5.2)") {
  CHECK(read("Content-Type: garbage\r\n\r\n482913").text == "482913");
  CHECK(read("Content-Type:\r\n\r\n482913").text == "482913");
  CHECK(read("Content-Type: text\r\n\r\n482913").text == "482913");
}

TEST_CASE("bounces and automatic replies carry no code, generated mail does") {
  CHECK(read("Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n")
            .bounce);
  CHECK(read("Auto-Submitted: auto-replied (vacation)\r\n\r\n").bounce);
  CHECK(read("X-Failed-Recipients: a@example.com\r\n\r\n").bounce);
  CHECK(read("X-Autoreply: yes\r\n\r\n").bounce);
  CHECK(read("Precedence: auto_reply\r\n\r\n").bounce);
  CHECK(read("Return-Path: <>\r\nFrom: MAILER-DAEMON@example.com\r\n\r\n").bounce);
  CHECK_FALSE(read("Auto-Submitted: auto-generated\r\nPrecedence: bulk\r\nReturn-Path: <>\r\nFrom: "
                   "no-reply@example.com\r\n\r\n")
                  .bounce);
}

TEST_CASE("M13 a mail that is cut off anywhere is a message with less in it") {
  const std::string whole =
      "From: a@example.com\r\nSubject: =?utf-8?q?x=C5=9F?=\r\n" + kAlternative;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const Message message = read(whole.substr(0, size));
    CHECK(is_utf8(message.text));
  }
  CHECK(read(whole.substr(0, whole.find("<b>"))).html_text == "html");
}
