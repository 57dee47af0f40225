// Which text of a mail counts: parts that lie about themselves, mails in mails, what is quoted.
#include "base/text.hpp"
#include "message/message.hpp"
#include "message/quotes.hpp"

#include <doctest/doctest.h>
#include <string>

using namespace otpctl;
using namespace otpctl::message;

namespace {

Message read(const std::string& bytes) { return read_mail({{}, bytes}, {}); }

/// What is left of the text when the quotes are taken away, "a|b".
std::string own(const std::string& text, const std::vector<Span>& quotes) {
  std::string out;
  std::size_t pos = 0;
  const auto add = [&](std::size_t end) {
    const std::string piece(trim(std::string_view(text).substr(pos, end - pos)));
    if (!piece.empty()) out += (out.empty() ? "" : "|") + piece;
  };
  for (const Span& quote : quotes) {
    CHECK(quote.begin >= pos);
    CHECK(quote.end > quote.begin);
    CHECK(quote.end <= text.size());
    add(quote.begin);
    pos = quote.end;
  }
  add(text.size());
  return out;
}

std::string own_plain(const std::string& subject, const std::string& body) {
  const Message message = read("Subject: " + subject + "\n\n" + body);
  return own(message.text, message.text_quotes);
}

std::string own_html(const std::string& subject, const std::string& body) {
  const Message message = read("Subject: " + subject + "\nContent-Type: text/html; charset=utf-8\n\n" + body);
  return own(message.text, message.text_quotes);
}

std::string mixed(const std::string& text, const std::string& part) {
  return "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + text + "\n--b\n" + part + "\n--b--\n";
}

}  // namespace

TEST_CASE("plain text that begins with CSS, or is the source of an HTML document") {
  CHECK(read("\nbody { margin: 0; }\n@media (max-width: 9px) { .a { width: 100px } }\n/* x */ p.b{color:#202123}\n"
             "Your code is 4829").text == "Your code is 4829");
  CHECK(read("\n<!DOCTYPE html><html><body><p>Your code</p><b>4829</b></body></html>").text == "Your code\n4829");
  CHECK(read("\n<OTP 439753> is yours </end>").text == "<OTP 439753> is yours </end>");
  CHECK(read("\nHello {name}, your code: 4829").text == "Hello {name}, your code: 4829");
  CHECK(read("\nbody {").text == "body {");
}

TEST_CASE("a plain text that shows nothing is none") {
  CHECK(read("Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n"
             "\xC2\xA0\xE2\x80\x8B \n--b\nContent-Type: text/html\n\n<b>4829</b>\n--b--\n").text == "4829");
}

TEST_CASE("a text with a file name counts where there is no other") {
  CHECK(read("Content-Type: text/plain; name=body.txt\nContent-Disposition: inline\n\n4829").text == "4829");
  CHECK(read("Content-Type: text/plain; name=body.txt\nContent-Disposition: attachment\n\n4829").text == "");
}

TEST_CASE("emphasis comes with the text it belongs to") {
  const Message html = read("Content-Type: text/html\n\nCode: <b>4829</b>");
  CHECK(html.text_emphasis == std::vector<Span>{{6, 10}});
  CHECK(html.html_emphasis.empty());
  const Message both = read(
      "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: text/html\n\n<b>a</b>\n--b\n"
      "Content-Type: text/html\n\nc <b>d</b>\n--b--\n");
  CHECK(both.html_text == "a\nc d");
  CHECK(both.html_emphasis == std::vector<Span>{{0, 1}, {4, 5}});
  CHECK(both.text_emphasis.empty());
  CHECK(read_letter({"", "", "<b>4829</b>"}).text_emphasis == std::vector<Span>{{0, 4}});
}

TEST_CASE("a mail that is passed on as an attachment counts, one beside a text does not") {
  const std::string inner = "Content-Type: message/rfc822\nContent-Disposition: attachment; filename=a.eml\n\n"
                            "Subject: =?utf-8?q?Your_code?=\nContent-Type: text/html\n\n<p>It is <b>482913</b>";
  const Message passed = read(mixed("FYI", inner));
  CHECK(passed.text == "FYI\nYour code\nIt is 482913");
  CHECK(passed.text_emphasis == std::vector<Span>{{20, 26}});
  CHECK(read(mixed("", inner)).text == "Your code\nIt is 482913");
  CHECK(read(mixed("Here are the papers you asked for.", inner)).text == "Here are the papers you asked for.");
  CHECK(read("Subject: Fwd: x\n" + mixed("This is what I got this morning, Ann", inner)).text ==
        "This is what I got this morning, Ann\nYour code\nIt is 482913");
  CHECK(read(mixed("Code 5512", inner)).text == "Code 5512");
  CHECK(read("Content-Type: multipart/report; boundary=b\n\n--b\n" + inner + "\n--b--\n").text == "");
  CHECK(read(mixed("FYI", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKNDgyOQ=="))
            .text == "FYI\nx\n4829");
}

TEST_CASE("F17 quoted lines are told from what is new") {
  CHECK(own_plain("Re: x", "New: 4829\n\nOn 20 Nov 2026, A <a@example.com> wrote:\n> Old: 1112\n>\n> x\nBye") ==
        "New: 4829|Bye");
  CHECK(own_plain("Re: x", "New\n\n-----Original Message-----\nFrom: a@example.com\nSent: 1 May\nTo: b\nSubject: s\n\nOld 1112")
        == "New");
  CHECK(own_plain("AW: x", "Neu\n\nVon: A <a@example.com>\nGesendet: Freitag\nAn: b\nBetreff: s\n\nAlt 1112") == "Neu");
  CHECK(own_plain("Re: x", "Neu\n\n________________________________\nVon: A\nGesendet: 1\nBetreff: s\n\nAlt") == "Neu");
  CHECK(own_plain("Re: x", "Merci\n\nLe ven. 20 nov. 2026 à 12:33, A <a@example.com>\na écrit :\n\n1112") == "Merci");
  CHECK(own_plain("Re: x", "Tack\n\nDen 20 nov 2026 skrev A <a@example.com>:\n\n1112") == "Tack");
  CHECK(own_plain("Re: x", "はい\n\n2026年11月20日 A <a@example.com> のメール:\n\n1112") == "はい");
  CHECK(own_plain("YNT: x", "Tamam\n\nKimden: A\nGönderildi: 20 Kasım\nKime: b\nKonu: Kod\n\n1112") == "Tamam");
  CHECK(own_plain("Re: x", "Ok\n\n----- Qualcosa di nuovo -----\nX: a@example.com\nY: 1\nZ: 2\n\n1112") == "Ok");
}

TEST_CASE("what is passed on is no quote, and neither is all there is") {
  const std::string head = "From: A <a@example.com>\nDate: 20 Nov\nSubject: Code\nTo: b@example.com\n\nYour code is 4829";
  CHECK(own_plain("Fwd: Code", "---------- Forwarded message ---------\n" + head).find("4829") != std::string::npos);
  CHECK(own_plain("Code", "FYI\n\n---------- Forwarded message ---------\n" + head).find("4829") != std::string::npos);
  CHECK(own_plain("WG: Code", "-----Ursprüngliche Nachricht-----\n" + head).find("4829") != std::string::npos);
  CHECK(own_plain("Code", "See below\n\n-----Original Message-----\n" + head).find("4829") != std::string::npos);
  CHECK(own_plain("Re: Code", "> Your code is 4829\n") == "> Your code is 4829");
  CHECK(own_plain("Code", "Begin forwarded message:\n\n> From: A <a@example.com>\n>\n> Your code is 4829").find("4829") !=
        std::string::npos);
  CHECK(own_html("Fwd: c", "FYI<div class=gmail_quote><div class=gmail_attr>---------- Forwarded message ---------<br>"
                           "From: A</div>4829</div>").find("4829") != std::string::npos);
}

TEST_CASE("a notice whose lines look like the head of a mail is no quote") {
  const std::string notice = "A new sign-in\n\nAccount: a@example.com\nTime: 20 Nov 2026 12:33\nDevice: Laptop\n"
                             "Place: Example\nCode: 482913";
  CHECK(own_plain("Sign-in", notice) == notice);
  const std::string line = "To sign in as a@example.com at 12:33 use this code:\n482913";
  CHECK(own_plain("Sign-in", line) == line);
  const std::string rule = "Example\n----------------\nYour code: 482913\nSent to: a@example.com\nDate: 20 Nov";
  CHECK(own_plain("Code", rule).find("482913") != std::string::npos);
}

TEST_CASE("quotes that HTML marks") {
  CHECK(own_html("Re: c", "New 4829<div class=gmail_quote>On 20 Nov A &lt;a@example.com&gt; wrote:<blockquote>1112"
                          "</blockquote></div>") == "New 4829");
  CHECK(own_html("Re: c", "New<blockquote type=cite>1112</blockquote>after") == "New|after");
  CHECK(own_html("Re: c", "New<div id=divRplyFwdMsg><b>From:</b> A<br><b>Sent:</b> 1<br><b>To:</b> b<br>"
                          "<b>Subject:</b> c</div><div>1112</div>") == "New");
  CHECK(own_html("c", "Your code:<blockquote>4829</blockquote>") == "Your code:\n4829");
}

TEST_CASE("where a mail stands in a conversation") {
  for (const char* subject : {"Fwd: x", "FW: x", "WG:x", "TR : x", "İLT: x", "转发：x", "Fwd[2]: x"}) {
    CAPTURE(subject);
    CHECK(chain_place(subject) == ChainPlace::forward);
  }
  for (const char* subject : {"Re: x", "RE[3]: x", "AW: x", "SV: x", "回复：x", "Odp: x"}) {
    CAPTURE(subject);
    CHECK(chain_place(subject) == ChainPlace::reply);
  }
  for (const char* subject : {"", "Your code: 1", "Example: Re: x", ":", "Re"}) {
    CHECK(chain_place(subject) == ChainPlace::unknown);
  }
}

TEST_CASE("M14 charsets that are declared wrongly, or not at all") {
  const auto body = [](const std::string& type, const std::string& bytes) {
    const Message message = read("Content-Type: " + type + "\n\n" + bytes);
    CHECK(is_utf8(message.text));
    return message.text;
  };
  CHECK(body("text/plain; charset=utf-16", "Your code is 482913") == "Your code is 482913");
  CHECK(body("text/plain; charset=utf-8", std::string("\xFF\xFE" "4\0008\0002\0009\000", 10)) == "4829");
  CHECK(body("text/plain; charset=utf-16le", std::string("4\0008\0002\0009\000", 8)) == "4829");
  CHECK(body("text/plain", std::string("\0004\0008\0002\0009", 8)) == "4829");
  CHECK(body("text/plain; charset=utf-8", "\xEF\xBB\xBFşifre 4829") == "şifre 4829");
  CHECK(body("text/plain; charset=iso-8859-1", "\x93" "4829\x94") == "“4829”");
  CHECK(body("text/plain; charset=iso-8859-1", "doğrulama 4829") == "doğrulama 4829");
  CHECK(body("text/plain; charset=windows-1251", "код 4829") == "код 4829");
  CHECK(body("text/plain; charset=windows-1251", "\xea\xee\xe4 4829") == "код 4829");
  CHECK(body("text/html", "<meta charset='koi8-r'>\xcb\xcf\xc4 4829") == "код 4829");
  CHECK(body("text/html", "<meta http-equiv=Content-Type content='text/html; charset=windows-1254'>\xfe" "ifre") ==
      "şifre");
  CHECK(body("text/plain; charset=ks_c_5601-1987", "\xc0\xce\xc1\xf5 4829") == "인증 4829");
  CHECK(body("text/plain; charset=euc-kr", "\xc0\xce\xc1\xf5 4829") == "인증 4829");
  CHECK(body("text/plain; charset=gb2312", "\xd1\xe9\xd6\xa4\xc2\xeb 4829") == "验证码 4829");
  CHECK(body("text/plain; charset=big5", "\xc5\xe7\xc3\xd2\xbd\x58 4829") == "驗證碼 4829");
  CHECK(body("text/plain; charset=shift_jis", "\x94\x46\x8f\xd8 4829") == "認証 4829");
  CHECK(body("text/plain; charset=utf-7", "K+APY-d 4829") == "Köd 4829");
  CHECK(body("text/plain; charset=tis-620", "\xc3\xcb\xd1\xca 4829") == "รหัส 4829");
  CHECK(body("text/plain; charset=iso-8859-7", "\xea\xf9\xe4 4829") == "κωδ 4829");
  CHECK(body("text/plain; charset=iso-8859-8-i", "\xf7\xe5\xe3 4829") == "קוד 4829");
  CHECK(body("text/plain; charset=windows-1256", "\xd1\xe3\xd2 4829") == "رمز 4829");
  CHECK(body("text/plain; charset=windows-1258", "m\xe3 4829").find("4829") != std::string::npos);
}
