#include "message/html_elements.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace otpctl::message {

namespace {

struct Named {
  std::string_view name;
  Tag tag;
  unsigned traits;
};

constexpr unsigned kBox = kBlock | kClosesP | kSpecial;
constexpr unsigned kHead = kBox | kHeading | kBold | kLeavesForeign;
constexpr unsigned kPart = kBlock | kSpecial | kTablePart;
constexpr unsigned kTextBox = kBox | kLeavesForeign;
constexpr unsigned kInline = kFormatting | kLeavesForeign;

// clang-format off
constexpr Named kNames[] = {
    {"a", Tag::a, kFormatting}, {"abbr", Tag::abbr, 0}, {"address", Tag::address, kBox},
    {"applet", Tag::applet, kSpecial | kBarrier}, {"area", Tag::area, kVoid}, {"article", Tag::article, kBox},
    {"aside", Tag::aside, kBox}, {"audio", Tag::audio, kNeverShown}, {"b", Tag::b, kInline | kBold},
    {"base", Tag::base, kVoid}, {"big", Tag::big, kInline}, {"blockquote", Tag::blockquote, kTextBox},
    {"body", Tag::body, kBlock | kLeavesForeign}, {"br", Tag::br, kBlock | kVoid | kLeavesForeign},
    {"button", Tag::button, kSpecial}, {"canvas", Tag::canvas, kNeverShown},
    {"caption", Tag::caption, kBlock | kSpecial | kBarrier}, {"center", Tag::center, kTextBox},
    {"code", Tag::code, kInline | kMonospace}, {"col", Tag::col, kVoid}, {"colgroup", Tag::colgroup,
    kSpecial | kTablePart},
    {"datalist", Tag::datalist, kNeverShown}, {"dd", Tag::dd, kTextBox | kItem}, {"details", Tag::details, kBox},
    {"dialog", Tag::dialog, kBox}, {"dir", Tag::dir, kBox}, {"div", Tag::div, kTextBox}, {"dl", Tag::dl, kTextBox},
    {"dt", Tag::dt, kTextBox | kItem}, {"em", Tag::em, kInline}, {"embed", Tag::embed, kVoid | kLeavesForeign},
    {"fieldset", Tag::fieldset, kBox}, {"figcaption", Tag::figcaption, kBox}, {"figure", Tag::figure, kBox},
    {"font", Tag::font, kFormatting}, {"footer", Tag::footer, kBox}, {"foreignobject", Tag::foreign_object,
    kSpecial | kBarrier},
    {"form", Tag::form, kBox}, {"frame", Tag::frame, kVoid}, {"frameset", Tag::frameset, 0}, {"h1", Tag::h1, kHead},
    {"h2", Tag::h2, kHead}, {"h3", Tag::h3, kHead}, {"h4", Tag::h4, kHead}, {"h5", Tag::h5, kHead},
    {"h6", Tag::h6, kHead}, {"head", Tag::head, kBlock | kLeavesForeign}, {"header", Tag::header, kBox},
    {"hgroup", Tag::hgroup, kBox}, {"hr", Tag::hr, kBlock | kVoid | kClosesP | kLeavesForeign},
    {"html", Tag::html, kBlock}, {"i", Tag::i, kInline}, {"iframe", Tag::iframe, kRawText | kNeverShown},
    {"image", Tag::image, kVoid}, {"img", Tag::img, kVoid | kLeavesForeign}, {"input", Tag::input, kVoid},
    {"kbd", Tag::kbd, kMonospace}, {"keygen", Tag::keygen, kVoid}, {"legend", Tag::legend, kBlock},
    {"li", Tag::li, kTextBox | kItem}, {"link", Tag::link, kVoid}, {"listing", Tag::listing, kTextBox | kMonospace},
    {"main", Tag::main, kBox}, {"marquee", Tag::marquee, kBlock | kSpecial | kBarrier},
    {"math", Tag::math, kNeverShown}, {"menu", Tag::menu, kTextBox}, {"meta", Tag::meta, kVoid | kLeavesForeign},
    {"nav", Tag::nav, kBox}, {"nobr", Tag::nobr, kInline}, {"noembed", Tag::noembed, kRawText | kNeverShown},
    {"noframes", Tag::noframes, kRawText | kNeverShown}, {"object", Tag::object, kNeverShown | kSpecial | kBarrier},
    {"ol", Tag::ol, kTextBox}, {"optgroup", Tag::optgroup, kBlock}, {"option", Tag::option, kBlock},
    {"p", Tag::p, kTextBox}, {"param", Tag::param, kVoid}, {"plaintext", Tag::plaintext, kBox | kMonospace},
    {"pre", Tag::pre, kTextBox | kMonospace}, {"rp", Tag::rp, kNeverShown}, {"s", Tag::s, kInline},
    {"samp", Tag::samp, kMonospace}, {"script", Tag::script, kRawText | kNeverShown}, {"search", Tag::search, kBox},
    {"section", Tag::section, kBox}, {"select", Tag::select, kNeverShown | kSpecial}, {"small", Tag::small, kInline},
    {"source", Tag::source, kVoid}, {"span", Tag::span, kLeavesForeign}, {"strike", Tag::strike, kInline},
    {"strong", Tag::strong, kInline | kBold}, {"style", Tag::style, kRawText | kNeverShown},
    {"summary", Tag::summary, kBox}, {"svg", Tag::svg, kNeverShown},
    {"table", Tag::table, kBlock | kClosesP | kSpecial | kBarrier | kLeavesForeign}, {"tbody", Tag::tbody, kPart},
    {"td", Tag::td, kSpecial | kBarrier | kCell}, {"template", Tag::template_, kNeverShown | kSpecial | kBarrier},
    {"textarea", Tag::textarea, kRawText}, {"tfoot", Tag::tfoot, kPart}, {"th", Tag::th, kSpecial | kBarrier | kCell},
    {"thead", Tag::thead, kPart}, {"title", Tag::title, kRawText | kNeverShown}, {"tr", Tag::tr, kPart},
    {"track", Tag::track, kVoid}, {"tt", Tag::tt, kInline | kMonospace}, {"u", Tag::u, kInline},
    {"ul", Tag::ul, kTextBox}, {"video", Tag::video, kNeverShown}, {"wbr", Tag::wbr, kVoid},
    {"xmp", Tag::xmp, kRawText | kBox | kMonospace},
};
// clang-format on

constexpr std::size_t kSlots = 512;
constexpr std::size_t kLongest = 13;  // foreignobject

constexpr char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

constexpr std::size_t slot_of(std::string_view name) {
  std::size_t hash = name.size();
  for (const char c : name) hash = hash * 31 + static_cast<unsigned char>(small(c));
  return (hash ^ (hash >> 9)) % kSlots;
}

/// Open addressing: the index in kNames plus one.
constexpr std::array<std::uint8_t, kSlots> kTable = [] {
  std::array<std::uint8_t, kSlots> table{};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    std::size_t slot = slot_of(kNames[i].name);
    while (table[slot] != 0) slot = (slot + 1) % kSlots;
    table[slot] = static_cast<std::uint8_t>(i + 1);
  }
  return table;
}();

}  // namespace

Element element_of(std::string_view name) {
  if (name.size() > kLongest) return {};
  for (std::size_t slot = slot_of(name); kTable[slot] != 0; slot = (slot + 1) % kSlots) {
    const Named& entry = kNames[kTable[slot] - 1U];
    if (equals_ignoring_case(entry.name, name)) return {entry.tag, entry.traits};
  }
  return {};
}

}  // namespace otpctl::message
