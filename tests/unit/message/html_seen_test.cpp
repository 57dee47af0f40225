// What a person sees and what stands out: layout, hiding, emphasis, quotes.
#include "message/html.hpp"

#include <doctest/doctest.h>
#include <string>
#include <vector>

using otpctl::message::see;
using otpctl::message::visible_text;
using otpctl::message::Visible;

namespace {

/// What stands out, "a|b".
std::string standing_out(std::string_view html) {
  const Visible seen = see(html);
  std::string out;
  std::size_t last = 0;
  for (const auto& span : seen.emphasis) {
    CHECK(span.begin >= last);
    CHECK(span.end > span.begin);
    CHECK(span.end <= seen.text.size());
    last = span.end;
    out += (out.empty() ? "" : "|") + seen.text.substr(span.begin, span.end - span.begin);
  }
  return out;
}

std::string quoted(std::string_view html) {
  const Visible seen = see(html);
  std::string out;
  for (const auto& span : seen.quotes)
    out += (out.empty() ? "" : "|") + seen.text.substr(span.begin, span.end - span.begin);
  return out;
}

}  // namespace

TEST_CASE("cells of a row stay on its line whatever they are wrapped in") {
  CHECK(visible_text("<table><tr><td><p>4</p></td> <td><div>8</div></td><td><h1>2</h1></tr></table>") == "4\t8\t2");
  CHECK(visible_text("<table><tr><td>4</td><td>&nbsp;</td><td>8</td></tr></table>") == "4\t8");
  const std::string digit = "<td><table><tbody><tr><td>7</td></tr></tbody></table></td>";
  CHECK(visible_text("<table><tr>" + digit + digit + digit + "</tr></table>x") == "7\t7\t7\nx");
  CHECK(visible_text("<table><tr><td>a<table><tr><td>b</table><td>c</table>") == "a\nb\nc");
}

TEST_CASE("a cell of several lines does not run into the next one") {
  CHECK(visible_text("<table><tr><td><p>one</p><p>two</p></td><td>three</td></tr></table>") == "one\ntwo\nthree");
  CHECK(visible_text("<table><tr><td>Item<td>Price<tr><td>Tea<td>3<tr><td>Cake<td>4</table>") ==
        "Item\tPrice\nTea\t3\nCake\t4");
}

TEST_CASE("CSS decides about lines: display") {
  CHECK(visible_text("<div style='display:inline-block'>4</div><div style=display:inline-block>8</div>") == "48");
  CHECK(visible_text("a<span style='display:block'>482913</span>b") == "a\n482913\nb");
  CHECK(visible_text("<div style='display: table-cell'>4</div><div style='display:table-cell'>8</div>") == "4\t8");
  CHECK(visible_text("a<div style=display:none>b</div>c") == "ac");
}

TEST_CASE("shown as text: textarea, xmp, plaintext, and white-space of CSS") {
  CHECK(visible_text("a<textarea>4 8\n<b>&amp;</textarea>c") == "a\n4 8\n<b>&\nc");
  CHECK(visible_text("<xmp>&amp;<b></xmp>c") == "&amp;<b>\nc");
  CHECK(visible_text("a<plaintext></p>b") == "a\n</p>b");
  CHECK(visible_text("<div style='white-space: pre-wrap'>a\nb<p style='white-space:normal'>c\nd") == "a\nb\nc d");
}

TEST_CASE("F17 rules of a style block for one class or id hide") {
  const std::string style = "<style>/* { */ .preheader , td.x{ color:red; DISPLAY: none !important } #pre{opacity:0}\n"
                            "@media screen { .code{display:none} } .a .code{display:none} .code:hover{display:none}"
                            "@import 'x'; .late{visibility:hidden}</style>";
  CHECK(visible_text(style + "<div class='big Preheader'>1</div>2") == "2");
  CHECK(visible_text(style + "<div class=preheader style='display:block'>1</div>2") == "2");
  CHECK(visible_text(style + "<div class=x>1</div><table><tr><td class=x>3</table>2") == "1\n2");
  CHECK(visible_text(style + "<p id=pre>1</p><p class=code>2</p><p class=late>3") == "2");
  CHECK(visible_text("<style>.a{display:none}.a{display:block}</style><p class=a>1") == "1");
  CHECK(visible_text("<style>.a{display:none}</style><p class=a style='display:block'>1") == "1");
  CHECK(visible_text("<style>.a{</style><p class=a>1<style>}}}{{{</style>2") == "12");
}

TEST_CASE("F17 hidden in other ways") {
  for (const char* style :
       {"line-height:0;overflow:hidden", "max-height:0px;max-width:0;overflow:hidden;mso-hide:all", "mso-hide:all",
        "text-indent:-9999px", "position:absolute;left:-10000px", "visibility:collapse", "font:0px/0 Arial",
        "display:none;display:none", "opacity:0.00", "font-size:0%"}) {
    CAPTURE(style);
    CHECK(visible_text("a<p style=\"" + std::string(style) + "\">1</p>b").find('1') == std::string::npos);
  }
  for (const char* style : {"opacity:0;opacity:1", "max-height:0", "height:0;height:auto;overflow:hidden",
                            "margin-left:-10px", "line-height:0", "max-width:0;overflow:hidden", "display:nonsense"}) {
    CAPTURE(style);
    CHECK(visible_text("a<p style=\"" + std::string(style) + "\">1</p>b").find('1') != std::string::npos);
  }
  CHECK(visible_text("a<dialog>1</dialog><dialog open>2</dialog>") == "a\n2");
  CHECK(visible_text("<video>1</video><svg><text>2</text></svg><rp>3</rp>x") == "x");
}

TEST_CASE("Outlook's conditional comments in every form") {
  CHECK(visible_text("<!--[if mso]><table><tr><td>1<![endif]-->2<!--[if mso]></table><![endif]-->") == "2");
  CHECK(visible_text("<!--[if !mso]><!-->1<!--<![endif]-->2") == "12");
  CHECK(visible_text("<!--[if !mso]> -->1<!-- <![endif]-->2") == "12");
  CHECK(visible_text("<!--[if gte mso 9]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]-->2") == "2");
  CHECK(visible_text("<![if !mso]>1<![endif]>2") == "12");
  CHECK(visible_text("a<!-- 1 --!>b") == "ab");
  CHECK(visible_text("a<o:p>&nbsp;</o:p>b") == "a b");
}

TEST_CASE("a hidden element ends where a browser ends it") {
  CHECK(visible_text("<p hidden>1<div>2</div>") == "2");
  CHECK(visible_text("<div hidden><table><tr><td></div>1</td></tr></table>2</div>3") == "3");
  CHECK(visible_text("<span hidden>1<div></span>2</div>3</span>4") == "4");
  CHECK(visible_text("<h2 hidden>1</h3>2") == "2");
  CHECK(visible_text("<p><b hidden>1</p>2</b>3") == "3");
  CHECK(visible_text("<b hidden><p>1</b>2") == "2");
  CHECK(visible_text("<ul><li hidden>1<ul><li>2</ul><li>3</ul>") == "3");
  CHECK(visible_text("<x-y hidden>1<x-z>2</x-z>3</x-y>4") == "4");
  CHECK(visible_text("<svg>1<div>2</div>") == "2");
  CHECK(visible_text("<select><div>1</div><option>2</select>3") == "3");
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<div>";
  CHECK(visible_text("<div hidden>" + deep + "1</div></div></div>2") == "");
}

TEST_CASE("all named characters, the longest name first") {
  CHECK(visible_text("&notit; &notin; &not; &NotEqualTilde; &CounterClockwiseContourIntegral; &fjlig;&sup;&sup1;") ==
        "¬it; ∉ ¬ ≂̸ ∳ fj⊃¹");
  CHECK(visible_text("&zwj;&Zscr;&AElig&AMP") == "\u200D𝒵Æ&");
  CHECK(visible_text("&numsp;4&NewLine;8&Tab;2&ensp;9") == "4 8 2 9");
  CHECK(visible_text("&nonsense; &ltx &Aacutex") == "&nonsense; <x Áx");
}

TEST_CASE("emphasis: bold, headings, size, spacing, fixed width") {
  CHECK(standing_out("Your <b>code</b> is <strong>482913</strong>.") == "code|482913");
  CHECK(standing_out("<h2>482913</h2>x<p style='font-size:32px'>4829</p>") == "482913|4829");
  CHECK(standing_out("<span style='font-size:19px'>1</span><span style='font-size:15pt'>2</span>"
                     "<i style='font-size:1.2em'>3</i><i style='font-size:1.5em'>4</i><i style='font-size:150%'>5</i>"
                     "<i style='font-size:x-large'>6</i><i style='font:bold 12px Arial'>7</i>") == "2|456|7");
  CHECK(standing_out("<p style='letter-spacing:8px'>4 8 2</p><p style='letter-spacing:.2em'>9</p>"
                     "<p style='letter-spacing:1px'>1") == "4 8 2|9");
  CHECK(standing_out("<code>1</code><i style=\"font-family:'Courier New', monospace\">2</i>"
                     "<i style='font-family:Arial,sans-serif'>3</i><font face='Courier'>4</font>"
                     "<font size=6>5</font>") == "12|4|5");
  CHECK(standing_out("<b>a<i style='font-weight:normal'>b</i></b>") == "a");
  CHECK(standing_out("<style>.otp{font-size:36px}</style><div class=otp>482913</div>") == "482913");
}

TEST_CASE("emphasis: a short text in a box of its own, not a long one") {
  CHECK(standing_out("<td style='background:#f4f4f4;padding:8px'>482913</td>") == "482913");
  CHECK(standing_out("<table><tr><td bgcolor='#eeeeee'><p>482913</p></td><td bgcolor=#ffffff>1</td></table>") ==
        "482913");
  CHECK(standing_out("<div style='border:1px solid #ccc'>4 <b>8</b></div><div style='border:0'>1</div>") == "4 8");
  CHECK(standing_out("<div style='border:1px solid'>Somebody asked for a code for this account today.</div>") == "");
  CHECK(standing_out("<div style='border:1px solid'>a<br>b</div><span style='border:1px solid'>c</span>") == "");
}

TEST_CASE("emphasis: a box that begins with a character of several bytes") {
  CHECK(standing_out("x <div style='border:1px solid'>ş4</div>") == "ş4");
}

TEST_CASE("emphasis over lines and cells is several, over spans it is one") {
  CHECK(standing_out("<b>Your code<br>482913</b>") == "Your code|482913");
  CHECK(standing_out("<b>4</b><b>8</b><span> <b>2</b></span>") == "48 2");
  CHECK(standing_out("<table><tr><td><b>4</b><td><b>8</b></table>") == "4|8");
  CHECK(standing_out("<h1>Code <span style='letter-spacing:4px'>482913</span></h1>") == "Code|482913");
}

TEST_CASE("spans are bounded and lie within what was written") {
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "<b>x</b> y <blockquote type=cite>z</blockquote>";
  const Visible seen = see(many);
  CHECK(seen.emphasis.size() == otpctl::message::kSpans);
  CHECK(seen.quotes.size() == otpctl::message::kSpans);
  CHECK(see("<b>482913</b>", 3).emphasis == std::vector<otpctl::message::Span>{{0, 3}});
}

TEST_CASE("what mail programs mark as the mail that is answered") {
  CHECK(quoted("Thanks!<div class=gmail_quote><div class=gmail_attr>On Friday x wrote:</div><blockquote>111222"
               "</blockquote></div>Bye") == "On Friday x wrote:\n111222");
  CHECK(quoted("a<blockquote type='cite'>b</blockquote>c") == "b");
  CHECK(quoted("Your code is<blockquote>482913</blockquote>") == "");
}
