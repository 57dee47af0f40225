// What a person sees of an HTML document by way of a real tree: an HTML5 tree builder that is not ours (gumbo) and a
// plain walk over what it built. Slow and recursive, and so only for tests.
#pragma once

#include "message/html_sheet.hpp"
#include "message/html_style.hpp"

#include <gumbo.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::message::test {

class Oracle {
 public:
  explicit Oracle(const std::string& html) {
    GumboOptions options = kGumboDefaultOptions;
    options.max_errors = 0;
    GumboOutput* const output = gumbo_parse_with_options(&options, html.data(), html.size());
    walk(output->root, Style{});
    gumbo_destroy_output(&options, output);
  }

  /// One blank, or one line end where a block begins or ends, between words.
  std::string text() const { return regular(text_, true); }
  /// The words alone, with one blank between them.
  std::string words() const { return regular(text_, false); }

  bool fostered() const { return fostered_; }  // something written in a table stands in front of it
  bool adopted() const { return adopted_; }    // a block left the inline elements that it was written in
  std::size_t cells() const { return cells_; }
  std::size_t rows() const { return rows_; }

  static std::string regular(std::string_view text, bool lines) {
    std::string out;
    char gap = 0;
    for (const char c : text) {
      if (c == ' ' || c == '\n' || c == '\t') {
        gap = lines && (c == '\n' || gap == '\n') ? '\n' : ' ';
        continue;
      }
      if (gap != 0 && !out.empty()) out += gap;
      gap = 0;
      out += c;
    }
    return out;
  }

 private:
  static std::string name_of(const GumboNode& node) {
    const GumboElement& element = node.v.element;
    if (element.tag != GUMBO_TAG_UNKNOWN) return gumbo_normalized_tagname(element.tag);
    GumboStringPiece piece = element.original_tag;
    gumbo_tag_from_original_text(&piece);
    std::string out(piece.data ? piece.data : "", piece.data ? piece.length : 0);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    return out;
  }

  static std::string attribute(const GumboNode& node, const char* name) {
    const GumboAttribute* const found = gumbo_get_attribute(&node.v.element.attributes, name);
    return found ? found->value : "";
  }

  static bool has(const GumboNode& node, const char* name) {
    return gumbo_get_attribute(&node.v.element.attributes, name) != nullptr;
  }

  static bool is_block(const std::string& name) {
    static const std::set<std::string> kBlocks = {
        "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog",
        "dir",
        "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
        "head", "header", "hgroup", "hr", "html", "legend", "li", "listing", "main", "marquee", "menu", "nav", "ol",
        "optgroup", "option", "p", "plaintext", "pre", "search", "section", "summary", "table", "tbody", "textarea",
        "tfoot", "thead", "tr", "ul", "xmp"};
    return kBlocks.count(name) > 0;
  }

  static bool is_never_shown(const std::string& name) {
    static const std::set<std::string> kNever = {
        "audio", "canvas", "datalist", "iframe", "math", "noembed", "noframes", "object", "rp", "script", "select",
        "style", "svg", "template", "title", "video"};
    return kNever.count(name) > 0;
  }

  void walk(const GumboNode* node, const Style& around) {
    switch (node->type) {
      case GUMBO_NODE_DOCUMENT: children(node->v.document.children, around); return;
      case GUMBO_NODE_ELEMENT:
      case GUMBO_NODE_TEMPLATE: element(*node, around); return;
      case GUMBO_NODE_TEXT:
      case GUMBO_NODE_CDATA:
      case GUMBO_NODE_WHITESPACE:
        fostered_ = fostered_ || (node->parse_flags & GUMBO_INSERTION_FOSTER_PARENTED) != 0;
        if (around.visible()) add(node->v.text.text, around);
        return;
      case GUMBO_NODE_COMMENT: return;
    }
  }

  void children(const GumboVector& nodes, const Style& style) {
    for (unsigned i = 0; i < nodes.length; ++i) walk(static_cast<const GumboNode*>(nodes.data[i]), style);
  }

  void element(const GumboNode& node, const Style& around) {
    const std::string name = name_of(node);
    fostered_ = fostered_ || (node.parse_flags & GUMBO_INSERTION_FOSTER_PARENTED) != 0;
    adopted_ = adopted_ || (node.parse_flags & GUMBO_INSERTION_ADOPTION_AGENCY_MOVED) != 0;
    Style style = around;
    Box box;
    if (name == "pre" || name == "textarea" || name == "xmp" || name == "plaintext" || name == "listing") {
      style.preformatted = true;
    }
    const std::string classes = attribute(node, "class"), id = attribute(node, "id");
    sheet_.apply(name, id, classes, style, box, Weight::normal);
    apply_style(attribute(node, "style"), style, box);
    sheet_.apply(name, id, classes, style, box, Weight::important);
    settle_box(box, style);
    const bool displayed = box.display != Display::unset && box.display != Display::none;
    if ((has(node, "hidden") || (name == "dialog" && !has(node, "open"))) && !displayed) style.hidden = true;
    if (is_never_shown(name)) style.hidden = true;
    if (name == "style") read_sheet(node);
    const bool cell = name == "td" || name == "th" || box.display == Display::cell;
    if (name == "td" || name == "th") ++cells_;
    if (name == "tr") ++rows_;
    const bool block = name == "br" || box.display == Display::block ||
                       (box.display == Display::unset && is_block(name));
    if (!style.hidden) text_ += block ? "\n" : cell ? "\t" : "";
    children(node.v.element.children, style);
    if (!style.hidden) text_ += block ? "\n" : "";
  }

  void read_sheet(const GumboNode& node) {
    const GumboVector& inside = node.v.element.children;
    for (unsigned i = 0; i < inside.length; ++i) {
      const auto* const child = static_cast<const GumboNode*>(inside.data[i]);
      if (child->type == GUMBO_NODE_TEXT) sheet_.read(child->v.text.text);
    }
  }

  /// White space of every kind as what it is for the layout; control characters leave nothing.
  void add(std::string_view text, const Style& style) {
    static const std::vector<std::string_view> kBlanks = {
        "\u00A0", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
        "\u2009", "\u200A", "\u202F", "\u205F", "\u3000"};
    for (std::size_t i = 0; i < text.size();) {
      std::size_t blank = 0;
      for (const std::string_view one : kBlanks) {
        if (text.substr(i).starts_with(one)) blank = one.size();
      }
      const unsigned char c = static_cast<unsigned char>(text[i]);
      if (c == '\n' || c == '\r') {
        text_ += style.preformatted ? '\n' : ' ';
      } else if (blank > 0 || c == ' ' || c == '\t' || c == '\f') {
        text_ += ' ';
      } else if (c > ' ' && c != 0x7F && !(c == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0)) {
        text_ += text[i];
      } else if (c == 0xC2) {
        ++i;
      }
      i += blank > 0 ? blank : 1;
    }
  }

  std::string text_;
  Sheet sheet_;
  bool fostered_ = false;
  bool adopted_ = false;
  std::size_t cells_ = 0, rows_ = 0;
};

}  // namespace otpctl::message::test
