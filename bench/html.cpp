// How fast HTML becomes text: mails of 30 KB as senders of codes write them, a sweep of sizes, and documents made to
// cost time. Prints a table; exit code 1 when a size costs more than twice as much a byte as the cheapest of its row.
//   bench_html [--seconds S]
#include "message/html.hpp"
#include "message/message.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using otpctl::message::see;

double g_seconds = 0.5;  // of each measurement

std::string row(int n) {
  const std::string number = std::to_string(n);
  return "<tr><td align=\"left\" valign=\"top\" class=\"cell c" + std::to_string(n % 9) +
         "\" style=\"padding:12px 24px;font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:20px;"
         "color:#333333;border-collapse:collapse;mso-line-height-rule:exactly;\">\r\n      <p style=\"margin:0 0 8px 0;\">"
         "Item " + number + " of your order, with a <a href=\"https://example.com/t/" + number +
         "?u=0123456789abcdef&amp;v=1\" target=\"_blank\" style=\"color:#0066cc;text-decoration:none\">link to follow</a> "
         "and&nbsp;a few words that nobody reads.</p>\r\n    </td><td class=\"price\">EUR&nbsp;" + number +
         ".00</td></tr>\r\n";
}

/// A mail of about `bytes`: head with a style sheet, hidden preheader, the code, a table of rows.
std::string mail(std::size_t bytes) {
  std::string out =
      "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"><html><head><title>x</title><style>"
      ".preheader{display:none!important}.code{font-size:32px;letter-spacing:6px}@media (max-width:600px)"
      "{.cell{width:100%!important}}</style><!--[if mso]><xml><o:PixelsPerInch>96</o:PixelsPerInch></xml><![endif]-->"
      "</head><body style=\"margin:0;background:#f4f4f4\"><div class=preheader>Your code";
  for (int i = 0; i < 60; ++i) out += "&#847;&zwnj;&nbsp;";
  out += "</div><table width=600><tr><td><h1>Your code</h1><p class=code>482913</p></td></tr>";
  for (int n = 0; out.size() < bytes; ++n) out += row(n);
  return out + "</table></body></html>";
}

std::string repeat(std::string_view piece, std::size_t bytes) {
  std::string out;
  out.reserve(bytes + piece.size());
  while (out.size() < bytes) out += piece;
  return out;
}

/// Seconds that one call costs: the best of several, so that a busy machine tells little.
template <class Call>
double cost(Call call) {
  double best = 1e9;
  const auto end = Clock::now() + std::chrono::duration<double>(g_seconds);
  do {
    const auto begin = Clock::now();
    call();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
  } while (Clock::now() < end);
  return best;
}

std::size_t g_sink = 0;

void rate(const char* what, const std::string& html, bool whole) {
  const std::string bytes = "Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + html;
  const double one = cost([&] {
    g_sink += whole ? otpctl::message::read_mail({{}, bytes}, {}).text.size() : see(html).text.size();
  });
  std::printf("%-34s %9.0f a second %8.1f MB/s\n", what, 1 / one, static_cast<double>(html.size()) / one / 1e6);
}

/// Nanoseconds a byte by size; the text has no limit here, so that all of it is looked at.
bool sweep(const char* what, std::string (*make)(std::size_t)) {
  std::printf("%-34s", what);
  double least = 1e9, most = 0;
  for (const std::size_t size : {1'000UL, 10'000UL, 100'000UL, 1'000'000UL, 10'000'000UL}) {
    const std::string html = make(size);
    const double call = cost([&] { g_sink += see(html, html.size() * 4).text.size(); });
    const double byte = call / static_cast<double>(html.size());
    std::printf(" %7.2f", byte * 1e9);
    if (size < 10'000) continue;  // what one call costs by itself
    least = std::min(least, byte);
    most = std::max(most, byte);
  }
  const bool straight = most <= 2 * least;
  std::printf("  %s\n", straight ? "straight" : "NOT STRAIGHT");
  return straight;
}

struct Hostile {
  const char* what;
  std::string (*make)(std::size_t);
};

const Hostile kHostile[] = {
    {"<div>", [](std::size_t n) { return repeat("<div>", n); }},
    {"<div><div></div>", [](std::size_t n) { return repeat("<div><div></div>x", n); }},
    {"<p><b><i><u>x", [](std::size_t n) { return repeat("<p><b><i><u>x", n); }},
    {"<b><p></b>", [](std::size_t n) { return repeat("<b><p></b>x", n); }},
    {"<a><div><span>", [](std::size_t n) { return repeat("<a><div><span>x", n); }},
    {"<x-y>, never closed, </z>", [](std::size_t n) { return repeat("<x-y>", n / 2) + repeat("</z>", n / 2); }},
    {"<table><tr><td>", [](std::size_t n) { return repeat("<table><tr><td>x", n); }},
    {"<td style=\"background:red\">x", [](std::size_t n) { return repeat("<td style=\"background:red\">x", n); }},
    {"<!-- never closed <!--", [](std::size_t n) { return repeat("<!-- ", n); }},
    {"<a b='never closed", [](std::size_t n) { return repeat("<a b=' \"", n); }},
    {"style=\"/**//**/…\"", [](std::size_t n) { return repeat("<p style=\"" + repeat("/**/", 4000) + "\">x", n); }},
    {"<style>.a{} … and <b class=\"a a a\">",
     [](std::size_t n) {
       return "<style>" + repeat(".a{font-size:30px}", n / 2) + "</style>" +
              repeat("<b class=\"a a a a\">x</b>", n / 2);
     }},
    {"&CounterClockwiseContourIntegral", [](std::size_t n) { return repeat("&CounterClockwiseContourIntegra", n); }},
    {"<b>x</b> y", [](std::size_t n) { return repeat("<b>x</b> y ", n); }},
    {"<svg><svg><p>", [](std::size_t n) { return repeat("<svg><svg><p>x", n); }},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--seconds") g_seconds = std::atof(argv[2]);
  rate("30 KB of HTML", mail(30'000), false);
  rate("30 KB, the whole mail", mail(30'000), true);
  std::printf("\nns a byte, at bytes:                     1 k    10 k   100 k     1 M    10 M\n");
  bool good = sweep("mails", mail);
  for (const Hostile& hostile : kHostile) good = sweep(hostile.what, hostile.make) && good;
  return good && g_sink > 0 ? 0 : 1;
}
