#include "message/html.hpp"

#include "base/text.hpp"

#include <chrono>
#include <doctest/doctest.h>
#include <string>

using otpctl::message::visible_text;

TEST_CASE("block elements and <br> end a line, inline elements do not") {
  CHECK(visible_text("<p>Hello</p><div>Your code</div>482<b>913</b><br>bye") ==
        "Hello\nYour code\n482913\nbye");
  CHECK(visible_text("<h1>A</h1><ul><li>B<li>C</ul>") == "A\nB\nC");
  CHECK(visible_text("a<wbr>b<span>c</span>") == "abc");
}

TEST_CASE("runs of white space fold to one space") {
  CHECK(visible_text("  a \r\n\t b&nbsp;&nbsp;c\u2003d  ") == "a b c d");
  CHECK(visible_text("a <b> b</b>") == "a b");
}

TEST_CASE("table cells are separated, rows are lines") {
  CHECK(visible_text("<table><tr><td>Code</td><td>482913</td></tr><tr><td>Order</td><td>7</td></"
                     "tr></table>") == "Code\t482913\nOrder\t7");
  CHECK(visible_text("<table><tr><td>4<td>8<tr><td>2</table>") == "4\t8\n2");
}

TEST_CASE("a layout table does not tear a paragraph from its cell") {
  CHECK(visible_text("<table><tr><td><p>one</p></td></tr></table><p>two</p>") == "one\ntwo");
}

TEST_CASE("script, style, title and comments leave nothing") {
  CHECK(visible_text("<head><title>111111</title><style>a{color:#202123}</style></head>x") == "x");
  CHECK(visible_text("<script>if (a</b) 222222</script>x") == "x");
  CHECK(visible_text("a<!-- 333333 <p> -->b<!-->c<!--->d") == "abcd");
  CHECK(visible_text("<!DOCTYPE html><?xml v?>a</3>b") == "ab");
}

TEST_CASE("Outlook's conditional comments: hidden ones leave nothing, revealed ones are text") {
  CHECK(visible_text("<!--[if mso]><td>444444</td><![endif]-->x<![if !mso]>y<![endif]>") == "xy");
}

TEST_CASE("only the same end tag ends a style, and an unclosed one hides the rest") {
  CHECK(visible_text("<style>a</b></styles>b</STYLE >c") == "c");
  CHECK(visible_text("a<style>123456").find("123456") == std::string::npos);
  CHECK(visible_text("a<!-- 123456") == "a");
}

TEST_CASE("F17 hidden elements leave nothing") {
  for (const char* open :
       {"<div style=\"display:none\">", "<div style='DISPLAY : none !important'>", "<div hidden>",
        "<div style=\"color:red;display:/* */none\">", "<div style=\"display&#58;none\">",
        "<div style=visibility:hidden>", "<div style=\"font-size:0\">",
        "<div style=\"font-size:0px\">", "<div style=\"opacity:0\">",
        "<div style=\"max-height:0;overflow:hidden\">",
        "<div style=\"overflow:hidden;height:0px\">", "<template>", "<div style=\"font:0/0 a\">"}) {
    CAPTURE(open);
    const std::string name = std::string(open).starts_with("<template") ? "template" : "div";
    CHECK(visible_text("a" + std::string(open) + "111111<p>222222</p></" + name + ">b")
              .find("1111") == std::string::npos);
    CHECK(visible_text("a" + std::string(open) + "111111<p>222222</p></" + name + ">b")
              .find("2222") == std::string::npos);
    CHECK(visible_text("a" + std::string(open) + "111111</" + name + ">b").back() == 'b');
  }
}

TEST_CASE("nested elements of the same name do not end a hidden one") {
  CHECK(visible_text("<div hidden>1<div>2</div>3</div>4") == "4");
}

TEST_CASE("small is not hidden, and a layout's font-size:0 can be undone inside") {
  CHECK(visible_text("<p style=\"font-size:0.5px;opacity:0.9;display:block\">a</p>") == "a");
  CHECK(
      visible_text("<td style=\"font-size:0px\"><div style=\"font-size:13px\">482913</div></td>") ==
      "482913");
  CHECK(visible_text("<p style=\"visibility:hidden\">a<b style=\"visibility:visible\">b</b></p>") ==
        "b");
  CHECK(visible_text("<div style=\"display:none\"><b style=\"display:block\">x</b></div>") == "");
  CHECK(visible_text("<div style=\"max-height:0\">a</div>") == "a");
}

TEST_CASE("an unclosed hidden paragraph ends where the next begins") {
  CHECK(visible_text("<div><p hidden>1<p>2</div>") == "2");
  CHECK(visible_text("<table><tr><td style=display:none>1<td>2</table>") == "2");
}

TEST_CASE("attributes are never text") {
  CHECK(visible_text(
            "<img alt=\"111111\" width=560><a href='https://example.com/?c=222222&x=\">'>go</a>") ==
        "go");
  CHECK(visible_text("<input type=text value=333333>x") == "x");
}

TEST_CASE("entities: named, numeric, without semicolon, and what is none") {
  CHECK(visible_text("&lt;&amp;&gt;&quot;&apos;&Uuml;&euro;&hellip;") == "<&>\"'Ü€…");
  CHECK(visible_text("&#52;&#x38;2&#50") == "4822");
  CHECK(visible_text("&copy2026 &nbspx &uumlber") == "©2026 x über");
  CHECK(visible_text("&#150;&#x80;") == "–€");  // windows-1252 numbers
  CHECK(visible_text("a & b &; &foo; &#; &#x; &#xg;") == "a & b &; &foo; &#; &#x; &#xg;");
  CHECK(visible_text("&#0;&#xD800;&#x110000;&#99999999999999999999;") ==
        "\uFFFD\uFFFD\uFFFD\uFFFD");
  CHECK(visible_text("&hellipx &euro5") ==
        "&hellipx &euro5");  // not of the old list: needs its semicolon
}

TEST_CASE("broken markup is read as browsers read it") {
  CHECK(visible_text("1 < 2 <3> <") == "1 < 2 <3> <");
  CHECK(visible_text("a<b") == "a");
  CHECK(visible_text("a<a href=\"never closed>b</a>c") == "a");
  CHECK(visible_text("</nothing>a</p></p>b") == "a\nb");
  CHECK(visible_text("<p/>a<br/>b<br / >c") == "a\nb\nc");
  CHECK(visible_text("<DIV STYLE=DISPLAY:NONE>x</DIV>y") == "y");
  CHECK(visible_text("<a b=c>d</a><e f = 'g' h>i") == "di");
}

TEST_CASE("preformatted text keeps its lines") {
  CHECK(visible_text("<pre>a\nb  c</pre>") == "a\nb c");
  CHECK(visible_text("<p style=\"white-space:pre-line\">a\nb</p>") == "a\nb");
}

TEST_CASE("invalid bytes are replaced, control characters dropped") {
  CHECK(visible_text("a\xFF"
                     "b") == "a\uFFFDb");
  CHECK(visible_text(std::string("a\0b\x1b[1m", 7)) == "ab[1m");
  CHECK(otpctl::is_utf8(visible_text("<p>\xE2\x82</p>\xC3")));
}

TEST_CASE("the output stops at the limit and never inside a character") {
  CHECK(visible_text("abcdef", 3) == "abc");
  CHECK(visible_text("ab ş", 4) == "ab");
  CHECK(visible_text("abc", 0) == "");
  CHECK(visible_text(std::string(1 << 20, 'x')).size() == 256 * 1024);
}

TEST_CASE("digits in spans of their own join, digits in cells are separated") {
  CHECK(visible_text("<span>4</span><span>8</span><span>2</span>") == "482");
  CHECK(visible_text("<span>4</span> <span>8</span>") == "4 8");
  CHECK(visible_text("<tr><td>4</td><td>8</td></tr>") == "4\t8");
}

TEST_CASE("a select or a template hides until its own end") {
  CHECK(visible_text("<select><option>1<option>2</select>3") == "3");
}

TEST_CASE("zero-width characters and soft hyphens stay for who reads on") {
  CHECK(visible_text("48&shy;29\u200B13") == "48\u00AD29\u200B13");
}

TEST_CASE("an empty document is an empty text") {
  CHECK(visible_text("") == "");
  CHECK(visible_text("<html><body></body></html>") == "");
  CHECK(visible_text("&nbsp; <br><br> &nbsp;") == "");
}

TEST_CASE("M13 hostile documents take linear time and no stack") {
  const auto repeat = [](std::string_view piece, std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += piece;
    return out;
  };
  const auto begin = std::chrono::steady_clock::now();
  for (const char* piece : {"<div>",
                            "</div>",
                            "<div style=\"font-size:0\">",
                            "<!--",
                            "<!-- -->",
                            "<style>",
                            "</",
                            "<a b=\"",
                            "<a b='\">",
                            "&",
                            "&#",
                            "&#x",
                            "&#9999999999",
                            "<",
                            "< ",
                            "<td>",
                            "<p>",
                            "<li>",
                            "</li>",
                            "<style></styl",
                            "<![if x]>",
                            "<b></i>",
                            "\xE2\x80\x8B",
                            " ",
                            "<a ",
                            "<a =",
                            "<p><b><i><u>x",
                            "<b><p></b>x",
                            "<a><div><span>x",
                            "<x-y>x</z>",
                            "<svg><svg><p>x",
                            "<table><tr><td style='background:red'>x",
                            "<select><option>x",
                            "<style>.a{display:none;}</style><b class='a a a a'>x</b>",
                            "<blockquote type=cite>x</blockquote>y",
                            "<p style=\"/**//**//**//**//**//**//**//**/\">x",
                            "<b hidden></b>"}) {
    CAPTURE(piece);
    CHECK(visible_text(repeat(piece, 1'000'000)).size() <= 256 * 1024);
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took < std::chrono::seconds(10));  // 37 documents of 1 MB, sanitizers included
}
