#include "message/html.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "message/entities.hpp"
#include "message/html_style.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace otpctl::message {

namespace {

// What an element is; one search a tag.
constexpr unsigned kBlock = 1;  // begins and ends a line
constexpr unsigned kVoid = 2;   // has no end tag
constexpr unsigned kRaw = 4;          // text up to its own end tag (HTML 13.2.5.2), never shown
constexpr unsigned kNeverShown = 8;   // has ordinary content that is not shown
constexpr unsigned kSelfEnding = 16;  // ends by itself when the next of its kind begins
constexpr unsigned kCell = 32;

struct Element {
  std::string_view name;
  unsigned traits;
};

// clang-format off
constexpr std::array<Element, 70> kElements = {{
    {"address", kBlock}, {"area", kVoid}, {"article", kBlock}, {"aside", kBlock}, {"base", kVoid},
    {"blockquote", kBlock}, {"body", kBlock}, {"br", kBlock | kVoid}, {"caption", kBlock},
    {"center", kBlock}, {"col", kVoid}, {"datalist", kNeverShown}, {"dd", kBlock | kSelfEnding},
    {"details", kBlock}, {"div", kBlock}, {"dl", kBlock}, {"dt", kBlock | kSelfEnding},
    {"embed", kVoid}, {"figure", kBlock}, {"footer", kBlock}, {"form", kBlock}, {"frame", kVoid},
    {"h1", kBlock}, {"h2", kBlock}, {"h3", kBlock}, {"h4", kBlock}, {"h5", kBlock}, {"h6", kBlock},
    {"head", kBlock}, {"header", kBlock}, {"hr", kBlock | kVoid}, {"html", kBlock},
    {"iframe", kRaw}, {"img", kVoid}, {"input", kVoid}, {"legend", kBlock},
    {"li", kBlock | kSelfEnding}, {"link", kVoid}, {"main", kBlock}, {"math", kNeverShown},
    {"meta", kVoid}, {"nav", kBlock}, {"noembed", kRaw}, {"noframes", kRaw},
    {"object", kNeverShown}, {"ol", kBlock}, {"option", kBlock}, {"p", kBlock | kSelfEnding},
    {"param", kVoid}, {"pre", kBlock}, {"script", kRaw}, {"section", kBlock},
    {"select", kNeverShown}, {"source", kVoid}, {"style", kRaw}, {"summary", kBlock},
    {"table", kBlock}, {"tbody", kBlock}, {"td", kSelfEnding | kCell}, {"template", kNeverShown},
    {"textarea", kRaw}, {"tfoot", kBlock}, {"th", kSelfEnding | kCell}, {"thead", kBlock},
    {"title", kRaw}, {"tr", kBlock | kSelfEnding}, {"track", kVoid}, {"ul", kBlock}, {"wbr", kVoid},
    {"xmp", kRaw},
}};
// clang-format on

unsigned traits_of(std::string_view name) {
  const auto before = [](const Element& element, std::string_view wanted) {
    return element.name < wanted;
  };
  const auto* at = std::lower_bound(kElements.begin(), kElements.end(), name, before);
  return at != kElements.end() && at->name == name ? at->traits : 0;
}

constexpr std::size_t kOpenElements = 1000;  // deeper ones inherit, they are not remembered
constexpr std::size_t kSearchDepth = 64;     // how far up an end tag looks for its begin

bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_white(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }

/// What stands between two pieces of text; the strongest one asked for is written.
enum class Gap { none, space, cell, line };

class Reader {
 public:
  Reader(std::string_view html, std::size_t limit) : html_(html), limit_(limit) {}

  std::string run() {
    while (pos_ < html_.size() && out_.size() < limit_) {
      if (html_[pos_] == '<') {
        markup();
      } else {
        text();
      }
    }
    return std::move(out_);
  }

 private:
  struct Open {
    std::string name;
    Style style;  // what holds inside it
  };

  Style style() const { return open_.empty() ? Style{} : open_.back().style; }
  char peek(std::size_t ahead) const {
    return pos_ + ahead < html_.size() ? html_[pos_ + ahead] : '\0';
  }

  /// Moves behind the next `mark`, or to the end.
  void skip_behind(std::string_view mark, std::size_t from) {
    const std::size_t at = html_.find(mark, from);
    pos_ = at == html_.npos ? html_.size() : at + mark.size();
  }

  void markup() {
    if (is_letter(peek(1))) {
      begin_tag();
    } else if (peek(1) == '/' && is_letter(peek(2))) {
      end_tag();
    } else if (html_.substr(pos_, 4) == "<!--") {
      comment();
    } else if (peek(1) == '!' || peek(1) == '?' || peek(1) == '/') {
      skip_behind(">", pos_);
    } else {
      put("<");
      ++pos_;
    }
  }

  /// "<!-->" and "<!--->" are whole comments too (HTML 13.2.5.43).
  void comment() {
    const std::string_view rest = html_.substr(pos_ + 4);
    if (rest.starts_with('>') || rest.starts_with("->")) {
      skip_behind(">", pos_ + 4);
    } else {
      skip_behind("-->", pos_ + 4);
    }
  }

  std::string tag_name() {
    const std::size_t begin = pos_;
    while (pos_ < html_.size() && !is_white(html_[pos_]) && html_[pos_] != '>' &&
           html_[pos_] != '/')
      ++pos_;
    return to_lower(html_.substr(begin, std::min<std::size_t>(pos_ - begin, 32)));
  }

  void end_tag() {
    pos_ += 2;
    const std::string name = tag_name();
    skip_behind(">", pos_);
    if (traits_of(name) & kBlock) ask(Gap::line);
    close(name, kSearchDepth);
  }

  void close(std::string_view name, std::size_t depth) {
    for (std::size_t i = open_.size(); i-- > 0 && depth-- > 0;) {
      if (open_[i].name != name) continue;
      open_.resize(i);
      return;
    }
  }

  void begin_tag() {
    ++pos_;
    const std::string name = tag_name();
    const unsigned traits = traits_of(name);
    if (traits & kSelfEnding) end_unclosed(name, (traits & kCell) != 0);
    Style inside = attributes(style());
    if (traits & kBlock) ask(Gap::line);
    if (traits & kCell) ask(Gap::cell);
    if (traits & kRaw) {
      skip_raw(name);
    } else if (!(traits & kVoid) && open_.size() < kOpenElements) {
      inside.hidden = inside.hidden || (traits & kNeverShown) != 0;
      inside.preformatted = inside.preformatted || name == "pre";
      open_.push_back({name, inside});
    }
  }

  /// <li> after an unclosed <li>, within the same list or table only.
  void end_unclosed(std::string_view name, bool is_cell) {
    for (std::size_t i = open_.size(), n = 0; i-- > 0 && n < 8; ++n) {
      const std::string& other = open_[i].name;
      if (other == "table" || other == "ul" || other == "ol" || other == "div") return;
      if (other != name && !(is_cell && (other == "td" || other == "th"))) continue;
      open_.resize(i);
      return;
    }
  }

  /// Reads up to and with '>' and returns what holds inside the element.
  Style attributes(Style outer) {
    Style out = outer;
    while (pos_ < html_.size() && html_[pos_] != '>') {
      if (is_white(html_[pos_]) || html_[pos_] == '/') {
        ++pos_;
        continue;
      }
      const std::size_t begin = pos_++;
      while (pos_ < html_.size() && !is_white(html_[pos_]) && html_[pos_] != '=' &&
             html_[pos_] != '>' && html_[pos_] != '/') {
        ++pos_;
      }
      const std::string_view name = html_.substr(begin, pos_ - begin);
      const std::string_view value = attribute_value();
      if (equals_ignoring_case(name, "hidden")) out.hidden = true;
      if (equals_ignoring_case(name, "style"))
        apply_style(decode(value.substr(0, kStyleBytes)), out);
    }
    if (pos_ < html_.size()) ++pos_;
    return out;
  }

  std::string_view attribute_value() {
    std::size_t at = pos_;
    while (at < html_.size() && is_white(html_[at])) ++at;
    if (at == html_.size() || html_[at] != '=') return {};
    ++at;
    while (at < html_.size() && is_white(html_[at])) ++at;
    pos_ = at;
    if (at == html_.size()) return {};
    if (html_[at] == '"' || html_[at] == '\'') {
      const std::size_t end = std::min(html_.find(html_[at], at + 1), html_.size());
      pos_ = std::min(end + 1, html_.size());
      return html_.substr(at + 1, end - at - 1);
    }
    while (pos_ < html_.size() && !is_white(html_[pos_]) && html_[pos_] != '>') ++pos_;
    return html_.substr(at, pos_ - at);
  }

  static std::string decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
      const std::size_t taken = text[i] == '&' ? decode_entity(text, i, out) : 0;
      if (taken == 0) out += text[i];
      i += std::max<std::size_t>(taken, 1);
    }
    return out;
  }

  void skip_raw(std::string_view name) {
    while (pos_ < html_.size()) {
      skip_behind("</", pos_);
      const char next = peek(name.size());
      if (!equals_ignoring_case(html_.substr(pos_, name.size()), name)) continue;
      if (next == '>' || next == '/' || next == '\0' || is_white(next)) break;
    }
    skip_behind(">", pos_);
  }

  void ask(Gap gap) {
    if (!style().hidden) gap_ = std::max(gap_, gap);
  }

  void text() {
    const bool shown = style().visible();
    const bool keeps_lines = style().preformatted;
    std::string decoded;
    while (pos_ < html_.size() && html_[pos_] != '<' && out_.size() < limit_) {
      const char c = html_[pos_];
      if (is_white(c)) {
        if (shown) ask(keeps_lines && c == '\n' ? Gap::line : Gap::space);
        ++pos_;
      } else if (c == '&') {
        decoded.clear();
        const std::size_t taken = decode_entity(html_, pos_, decoded);
        pos_ += std::max<std::size_t>(taken, 1);
        if (shown) put_character(taken > 0 ? std::string_view(decoded) : "&");
      } else {
        const std::size_t size = utf8_at(html_, pos_).size;
        if (shown) put_character(html_.substr(pos_, size));
        pos_ += size;
      }
    }
  }

  /// One character, perhaps a white one (&nbsp;) or a broken one.
  void put_character(std::string_view c) {
    const Utf8Char read = utf8_at(c, 0);
    if (read.point == 0xA0 || (read.point >= 0x2000 && read.point <= 0x200A) ||
        read.point == 0x202F || read.point == 0x3000 || read.point == ' ' || read.point == '\n' ||
        read.point == '\t') {
      ask(Gap::space);
    } else if (!read.valid) {
      put("\uFFFD");
    } else if (read.point >= 0x20 && read.point != 0x7F) {
      put(c);
    }
  }

  void put(std::string_view piece) {
    if (!style().visible()) return;
    const std::size_t gap = gap_ == Gap::none || out_.empty() ? 0 : 1;
    if (out_.size() + gap + piece.size() > limit_) {
      limit_ = 0;  // full: ends run()
      return;
    }
    if (gap > 0) out_ += gap_ == Gap::line ? '\n' : gap_ == Gap::cell ? '\t' : ' ';
    gap_ = Gap::none;
    out_ += piece;
  }

  std::string_view html_;
  std::size_t limit_;
  std::size_t pos_ = 0;
  std::string out_;
  Gap gap_ = Gap::none;
  std::vector<Open> open_;
};

}  // namespace

std::string visible_text(std::string_view html, std::size_t limit) {
  return Reader(html, limit).run();
}

}  // namespace otpctl::message
