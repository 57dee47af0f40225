// The elements of HTML and what a reader of mails has to know of each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace otpctl::message {

enum class Tag : std::uint8_t {
  other, a, abbr, address, applet, area, article, aside, audio, b, base, big, blockquote, body, br, button, canvas,
  caption, center, code, col, colgroup, datalist, dd, details, dialog, dir, div, dl, dt, em, embed, fieldset,
  figcaption, figure, font, footer, foreign_object, form, frame, frameset, h1, h2, h3, h4, h5, h6, head, header,
  hgroup, hr, html, i, iframe, image, img, input, kbd, keygen, legend, li, link, listing, main, marquee, math, menu,
  meta, nav, nobr, noembed, noframes, object, ol, optgroup, option, p, param, plaintext, pre, rp, s, samp, script,
  search, section, select, small, source, span, strike, strong, style, summary, svg, table, tbody, td, template_,
  textarea,
  tfoot, th, thead, title, tr, track, tt, u, ul, video, wbr, xmp,
};
inline constexpr std::size_t kTags = static_cast<std::size_t>(Tag::xmp) + 1;

// Traits.
inline constexpr unsigned kBlock = 1;          // begins and ends a line
inline constexpr unsigned kVoid = 2;           // has no end tag
inline constexpr unsigned kRawText = 4;        // its content is text up to its own end tag (HTML 13.2.5.2)
inline constexpr unsigned kNeverShown = 8;     // what stands in it is not shown
inline constexpr unsigned kFormatting = 16;    // goes on behind a block that ended too early (HTML 13.2.4.3)
inline constexpr unsigned kClosesP = 32;       // ends an open <p>
inline constexpr unsigned kSpecial = 64;       // an end tag of an inline element does not reach through it
inline constexpr unsigned kBarrier = 128;      // no end tag reaches through it ("scope", HTML 13.2.4.2)
inline constexpr unsigned kTablePart = 256;    // a row or a group of rows
inline constexpr unsigned kCell = 512;         // td, th
inline constexpr unsigned kHeading = 1024;     // h1 to h6
inline constexpr unsigned kItem = 2048;        // li, dd, dt: ends its brother
inline constexpr unsigned kLeavesForeign = 4096;  // ends an <svg> that nobody closed
inline constexpr unsigned kMonospace = 8192;
inline constexpr unsigned kBold = 16384;

struct Element {
  Tag tag = Tag::other;
  unsigned traits = 0;
};

/// `name` in any case.
Element element_of(std::string_view name);

}  // namespace otpctl::message
