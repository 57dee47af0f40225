// F17, F20, F21: what is in a mail but not for its reader to see is no code; what is printed is plain.
#include "unit/code/cases.hpp"

using namespace otpctl;

namespace {

std::string answer_of(const std::string& mail) {
  return code::test::answer(message::read_mail({{}, mail}, {"catchall@example.com", {}}));
}

std::string html_mail(const std::string& body) {
  return answer_of("Subject: Your login code\nContent-Type: text/html; charset=utf-8\n\n" + body);
}

/// A mail whose text is `text` and that has `part` beside it.
std::string mixed(const std::string& text, const std::string& part) {
  return answer_of("Subject: Example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n" + text +
                   "\n--b\n" + part + "\n--b--\n");
}

}  // namespace

TEST_CASE("F17 a code that is hidden in the HTML is not there") {
  for (const char* hidden : {
           "<!-- Your login code is 111222 -->",
           "<div style=\"display:none\">Your login code is 111222</div>",
           "<div style=\"font-size:0\">Your login code is 111222</div>",
           "<div style=\"visibility:hidden\">Your login code is 111222</div>",
           "<div style=\"opacity:0\">Your login code is 111222</div>",
           "<div style=\"max-height:0;overflow:hidden\">Your login code is 111222</div>",
           "<p hidden>Your login code is 111222</p>",
           "<style>.x{display:none}</style><p class=x>Your login code is 111222</p>",
           "<!--[if mso]><p>Your login code is 111222</p><![endif]-->",
           "<script>Your login code is 111222</script>",
           "<title>Your login code is 111222</title>",
           "<template>Your login code is 111222</template>",
           "<img src=a.png alt=\"Your login code is 111222\">",
           "<input type=hidden value=\"Your login code is 111222\">",
           "<a href=\"https://example.com/?text=Your login code is 111222\">Open</a>",
       }) {
    CAPTURE(hidden);
    CHECK(html_mail(std::string("<p>Welcome to Example.</p>") + hidden) == "");
    CHECK(html_mail(std::string("<p>Your login code is 482913.</p>") + hidden) == "482913");
    CHECK(html_mail(hidden + std::string("<p>Your login code is 482913.</p>")) == "482913");
  }
}

TEST_CASE("F17 a code in a quoted reply, an attached mail, a calendar or a file name is not the mail's") {
  const std::string text = "Thank you, I have received everything that I had asked for.";
  for (const char* part : {
           "Content-Type: message/rfc822\n\nSubject: Your login code is 111222\n\nYour login code is 111222.",
           "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nSUMMARY:Your login code is 111222\nEND:VCALENDAR",
           "Content-Type: text/plain; name=\"Your login code is 111222.txt\"\n\nnothing",
           "Content-Type: text/plain\nContent-Disposition: attachment\n\nYour login code is 111222.",
           "Content-Type: application/json\n\n{\"Your login code\": 111222}",
       }) {
    CAPTURE(part);
    CHECK(mixed(text, part) == "");
    CHECK(mixed("Your login code is 482913.", part) == "482913");
  }
  const std::string quote = "\n\nOn 20 Nov 2026, Example <a@example.com> wrote:\n> Your login code is 111222.\n";
  CHECK(answer_of("Subject: Re: Example\n\n" + text + quote) == "");
  CHECK(answer_of("Subject: Re: Example\n\nYour login code is 482913." + quote) == "482913");
}

TEST_CASE("F20 names in the header are no place for a code") {
  const std::string body = "\n\nWelcome to Example. There is nothing that you have to do.\n";
  for (const char* header : {"From: \"Your login code is 111222\" <a@example.com>",
      "From: Login code 111222 <111222@example.com>",
                             "To: \"Your login code is 111222\" <a@example.com>",
                             "Reply-To: \"code 111222\" <a@example.com>",
                             "Message-ID: <login.code.111222@example.com>", "X-Code: Your login code is 111222",
                             "Date: Fri, 20 Nov 2026 12:33:58 +0000 (Your login code is 111222)"}) {
    CAPTURE(header);
    CHECK(answer_of(std::string(header) + "\nSubject: Welcome" + body) == "");
  }
}

TEST_CASE("F21 digits of other scripts and what is in between them without being seen: the code is plain digits") {
  for (const char* written : {"４８２９１３", "٤٨٢٩١٣", "۴۸۲۹۱۳", "४८२९१३", "48\u200B29\u200B13", "48\u00AD2913",
                              "\u202A482913\u202C", "\u200E482913\u200F", "4\u20608\u20602\u20609\u20601\u20603",
                              "\uFEFF482913", "4\u034F8\u034F2\u034F9\u034F1\u034F3"}) {
    CAPTURE(written);
    const std::string text = std::string("Your login code is ") + written;
    CHECK(answer_of("Subject: x\nContent-Type: text/plain; charset=utf-8\n\n" + text) == "482913");
    CHECK(html_mail("<p>" + text + "</p>") == "482913");
  }
}
