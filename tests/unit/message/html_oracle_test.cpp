// Our reader of HTML against an HTML5 tree builder: the same words, and where there are no tables the same lines.
//
// Deliberate differences, each left out below where it would show:
//  - text and elements straight inside a table: browsers move them in front of it, we leave them where they are
//    written;
//  - rows and cells without a table: browsers drop the tags, we take a piece of a table for one (a mail that was cut);
//  - the attributes of a <body> that comes behind text hold from there on, not for what is before it;
//  - documents are read as those that say what they are ("no quirks"): a table ends a paragraph;
//  - an end tag of formatting that moves a block out of elements opened between them ("adoption"): what was written in
//    the block before stays where it was (an <a> in an <a> does it, so there is none in random ones);
//  - <form>: the tree builder puts text in front of its end tag behind it, so there is none here;
//  - lines in tables: we put the cells of a row on one line.
#include "mail/sample.hpp"
#include "message/html.hpp"
#include "unit/message/oracle.hpp"

#include <doctest/doctest.h>
#include <iterator>
#include <random>
#include <sstream>

using namespace otpctl;
using message::visible_text;
using message::test::Oracle;

namespace {

std::size_t count(const std::string& text, std::string_view piece) {
  std::size_t out = 0;
  for (std::size_t at = text.find(piece); at != text.npos; at = text.find(piece, at + 1)) ++out;
  return out;
}

bool has_tables(const Oracle& oracle) { return oracle.cells() + oracle.rows() > 0; }

std::vector<std::string> sorted_words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out{std::istream_iterator<std::string>(in), {}};
  std::sort(out.begin(), out.end());
  return out;
}

/// True when it could be compared.
bool compare(const std::string& html, std::size_t cells, std::size_t rows) {
  const Oracle oracle(html);
  if (oracle.fostered() || oracle.cells() != cells || oracle.rows() < rows) return false;
  const std::string ours = visible_text(html);
  INFO(html);
  if (has_tables(oracle) && Oracle::regular(ours, false) != oracle.words()) {
    return sorted_words(ours) == sorted_words(oracle.words());  // moved, and nothing says so
  }
  if (oracle.adopted() && Oracle::regular(ours, false) != oracle.words()) return false;
  CHECK(Oracle::regular(ours, false) == oracle.words());
  if (!has_tables(oracle)) CHECK(ours == oracle.text());
  return true;
}

}  // namespace

TEST_CASE("oracle: documents written to be difficult") {
  for (const char* html : {
           "<p>a<p>b<div>c</p>d</div>e",
           "<b>1<p>2</b>3</p>4",
           "<p><b hidden>1</p>2</b>3",
           "<b hidden><p>1</b>2</p>3",
           "<a hidden>1<a>2</a>3",
           "<div><a hidden>1<div>2</a>3</div>4",
           "<span hidden>1<div>2</span>3</div>4</span>5",
           "<div hidden>1<p>2</div>3",
           "<ul><li>1<li hidden>2<ul><li>3</ul><li>4</ul>5",
           "<dl><dt>1<dd hidden>2<dt>3</dl>4",
           "<li hidden>1<div><li>2</div>3",
           "<h1>1<h2 hidden>2</h1>3",
           "<button hidden>1<button>2</button>3",
           "<select><option>1<p>2</select>3",
           "<select>1<input>2",
           "<svg>1<title>2</title><p>3</svg>4",
           "<math><mi>1</mi></math>2<svg><foreignObject><p>3</p></foreignObject></svg>4",
           "<template>1<div>2</div></template>3",
           "<textarea>\n1 <b> &amp;\n2</textarea>3",
           "<pre>\n1\n  2\n</pre>3",
           "<title>1</title>2<style>.x{display:none}</style><p class=x>3</p>4",
           "<noscript>1</noscript>2<noframes>3</noframes><iframe>4</iframe>5",
           "1<plaintext>2</plaintext><b>3",
           "<xmp>1<b></xmp>2",
           "<!--1-->2<!-->3<!--->4<!--5--!>6<!-- -- >7",
           "<!DOCTYPE html PUBLIC '>1'>2",
           "<?php 1 ?>2</ 3>4</>5</6>7",
           "a<b", "a</b", "a<", "a</", "a<!-- b", "a<b c='d>e", "<a b=c/d>e</a>", "<a/b>c",
           "&lt;&ampx&notit;&notin;&#x41;&#65&#128;&#xD800;&#0;&nosuch;&Aacute",
           "<table><tr><td>1<td>2<tr><td>3</table>4",
           "<table><tr><td hidden>1<table><tr><td>2</table>3<td>4</table>5",
           "<table><tr><td><div hidden>1</td><td>2</div>3</td></tr></table>4",
           "<table><tr><td><b hidden>1</td><td>2</b>3</td></tr></table>4",
           "<table><caption hidden>1<tr><td>2</table>3",
           "<table><thead hidden><tr><th>1<tbody><tr><td>2</table>3",
           "<div hidden><table><tr><td></div>1</table></div>2",
           "<p hidden>1<table><tr><td>2</table>3",
           "<body style='display:none'>1", "<html><head></head><body>1</body></html>2",
           "<div style='display:inline'>1</div><span style='display:block'>2</span>3",
           "<o:p hidden>1</o:p>2<x><y hidden>3</x>4</y>5",
           "<br hidden>1</br>2</p>3",
           "<center hidden>3</center><address>4",
           "<nobr hidden>1<nobr>2</nobr>3",
           "<font hidden>1<p>2</font>3",
           "<i hidden>1<b>2</i>3</b>4",
           "<p>1<i hidden>2<div>3</i>4</div>5",
       }) {
    const std::string whole = std::string("<!DOCTYPE html>") + html;
    const Oracle oracle(whole);
    INFO(whole);
    CHECK(Oracle::regular(visible_text(whole), false) == oracle.words());
    if (!has_tables(oracle)) CHECK(visible_text(whole) == oracle.text());
  }
}

TEST_CASE("oracle: the mails of tests/mail") {
  std::size_t seen = 0;
  for (const auto& sample : test::mail_samples()) {
    const std::size_t html = std::min(sample.bytes.find("<html"), sample.bytes.find("<p"));
    if (html == sample.bytes.npos) continue;
    const std::string source = "<!DOCTYPE html>" + sample.bytes.substr(html);
    const Oracle oracle(source);
    INFO(sample.name);
    CHECK(Oracle::regular(visible_text(source), false) == oracle.words());
    ++seen;
  }
  CHECK(seen >= 3);
}

TEST_CASE("oracle: documents made of pieces in random order, from a fixed seed") {
  const std::vector<std::string> pieces = {
      "<p>", "</p>", "<p hidden>", "<div>", "</div>", "<div style='display:none'>", "<div class=gone>", "<span>",
      "</span>",
      "<span hidden>", "<b>", "</b>", "<b style=\"visibility:hidden\">", "<i>", "</i>", "<font color=red>", "</font>",
      "<u>", "</u>",
      "<s hidden>", "<ul>", "</ul>", "<li>", "</li>", "<li hidden>", "<h1>", "</h1>", "<h2 style='opacity:0'>", "</h2>",
      "<br>", "<wbr>", "<hr>", "<blockquote>", "</blockquote>", "<center>", "</center>", "<pre>", "</pre>", "<o:p>",
      "</o:p>",
      "<o:p hidden>", "<button>", "</button>", "<!-- c -->", "<!--[if mso]>x<![endif]-->",
      "<style>.gone{display:none}</style>",
      "&nbsp;", "&amp;", "&eacute", " ", "\n", " ", "<dl>", "<dt>", "<dd hidden>", "</dl>", "<select>", "<option>",
      "</select>",
      "<span style='font-size:0'>", "<span style='font-size:9px;display:block'>", "<svg>", "</svg>", "<template>",
      "</template>",
      "<table><tr><td>", "</td></tr></table>", "</td><td>", "</td></tr><tr><td hidden>", "<tr>", "<td>", "</td>",
      "</table>",
      "<textarea>", "</textarea>", "<title>t</title>", "<s>", "</s>", "<section>", "</section>"};
  std::mt19937 random(20261120);  // NOLINT: the same documents every time
  std::size_t compared = 0;
  for (int n = 0; n < 8000; ++n) {
    std::string html = "<!DOCTYPE html>";
    const std::size_t size = 4 + random() % 28;
    for (std::size_t i = 0; i < size; ++i) {
      html += pieces[random() % pieces.size()];
      if (random() % 2 == 0) html += "w" + std::to_string(i) + (random() % 3 == 0 ? " " : "");
    }
    if (compare(html, count(html, "<td"), count(html, "<tr"))) ++compared;
  }
  MESSAGE(compared, " of 8000 documents compared");
  CHECK(compared > 3000);
}
