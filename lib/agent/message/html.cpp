#include "message/html.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"
#include "message/entities.hpp"
#include "message/html_open.hpp"
#include "message/html_scan.hpp"
#include "message/html_sheet.hpp"
#include "message/html_writer.hpp"

#include <algorithm>
#include <cstring>

namespace otpctl::message {

namespace {

constexpr std::size_t kSheetBytes = 256 * 1024;  // of all <style> blocks; real ones have up to 40 KB

bool is_white_point(char32_t point) {
  return point == 0xA0 || (point >= 0x2000 && point <= 0x200A) || point == 0x202F || point == 0x205F ||
         point == 0x3000 || point == ' ' || point == '\n' || point == '\t' || point == '\r' || point == '\f';
}

/// Bytes from '!' to '~' but '&' and '<': copied as they are.
bool is_plain(char c) { return c > ' ' && c < 0x7F && c != '&' && c != '<'; }

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t taken = text[i] == '&' ? decode_entity(text, i, out, Place::attribute) : 0;
    if (taken == 0) out += text[i];
    i += std::max<std::size_t>(taken, 1);
  }
  return out;
}

bool contains(std::string_view text, std::string_view word) { return text.find(word) != text.npos; }

/// What programs for mail write around the mail that is answered.
bool is_quote(Tag tag, const Attributes& given) {
  if (tag == Tag::blockquote && equals_ignoring_case(trim(given.type), "cite")) return true;
  for (const std::string_view name : {"gmail_quote", "yahoo_quoted", "protonmail_quote", "zmail_extra",
      "moz-cite-prefix",
                                      "tutanota_quote", "gmail_attr"}) {
    if (contains(given.classes, name)) return true;
  }
  return contains(given.id, "mail-editor-reference-message-container") || contains(given.id, "isReplyContent");
}

class Reader {
 public:
  Reader(std::string_view html, std::size_t limit) : scan_(html), writer_(limit) {}

  Visible run() {
    while (!scan_.at_end() && !writer_.full()) {
      if (scan_.peek(0) == '<') {
        markup();
      } else {
        const char* const from = scan_.rest().data();
        const auto* const mark = static_cast<const char*>(std::memchr(from, '<', scan_.rest().size()));
        const std::size_t size = mark ? static_cast<std::size_t>(mark - from) : scan_.rest().size();
        text(scan_.rest().substr(0, size), open_.style());
        scan_.move_to(scan_.pos() + size);
      }
    }
    while (open_.size() > 0) pop();
    return writer_.take();
  }

 private:
  void markup() {
    const char next = scan_.peek(1);
    if (is_html_letter(next)) {
      begin_tag();
    } else if (next == '/' && is_html_letter(scan_.peek(2))) {
      end_tag();
    } else if (scan_.rest().starts_with("<!--")) {
      scan_.skip_comment();
    } else if (next == '!' || next == '?' || (next == '/' && scan_.peek(2) != '\0')) {
      scan_.skip_behind(">");
    } else {
      text(scan_.rest().substr(0, 1), open_.style());
      scan_.move_to(scan_.pos() + 1);
    }
  }

  // ---- start tags ----------------------------------------------------------------------------

  void begin_tag() {
    scan_.move_to(scan_.pos() + 1);
    const std::string_view name = scan_.tag_name();
    Element element = element_of(name);
    Attributes given;
    if (!scan_.attributes(given)) return;
    if (open_.foreign() >= 0 && !leave_foreign(element, given)) element = {};
    if (open_.has(Tag::select) && !stays_in_select(element.tag)) return;
    if (element.tag == Tag::html || element.tag == Tag::head || element.tag == Tag::frameset) return;
    if (element.tag == Tag::body && open_.has(Tag::body)) return;
    end_what_it_ends(element);
    const bool inside_block = (element.traits & (kSpecial | kTablePart | kRawText)) == 0 && element.tag != Tag::body;
    if (inside_block) pending_.reopen(open_);
    insert(element, name, given);
  }

  /// In a drawing most elements of HTML end it (HTML 13.2.6.5); others mean nothing there.
  bool leave_foreign(const Element& element, const Attributes& given) {
    const bool old_font = element.tag == Tag::font && (given.size.data() || given.face.data() || given.colour.data());
    if (element.tag == Tag::foreign_object || element.tag == Tag::svg || element.tag == Tag::math) return true;
    if (!old_font && (element.traits & kLeavesForeign) == 0) return false;
    while (open_.foreign() >= 0) pop_to(open_.foreign());
    return true;
  }

  bool stays_in_select(Tag tag) {
    if (tag == Tag::option || tag == Tag::optgroup || tag == Tag::script || tag == Tag::template_) return true;
    if (tag == Tag::select || tag == Tag::input || tag == Tag::textarea || tag == Tag::keygen) {
      pop_to(open_.in_scope(Tag::select));
      return tag != Tag::select;
    }
    return false;
  }

  void end_what_it_ends(const Element& element) {
    const unsigned traits = element.traits;
    if (traits & (kTablePart | kCell)) return end_table_parts(element);
    if (element.tag == Tag::caption) return pop_table(Tag::caption);
    if (traits & kItem) pop_to(open_.brother(element.tag));
    if (traits & kClosesP) pop_to(open_.in_scope(Tag::p));
    if ((traits & kHeading) && open_.top_is_heading()) pop();
    if (element.tag == Tag::a || element.tag == Tag::nobr) {
      if (open_.in_scope(element.tag) >= 0 || !pending_.empty()) end_formatting(element.tag);
    }
    if (element.tag == Tag::button) pop_to(open_.in_scope(Tag::button));
    if ((element.tag == Tag::option || element.tag == Tag::optgroup) && open_.top_is(Tag::option)) pop();
  }

  void end_table_parts(const Element& element) {
    pop_table(Tag::caption);
    pop_table(Tag::colgroup);
    pop_table(Tag::td);
    pop_table(Tag::th);
    if (element.traits & kCell) return;
    pop_table(Tag::tr);
    if (element.tag == Tag::tr) return;
    for (const Tag tag : {Tag::tbody, Tag::thead, Tag::tfoot}) pop_table(tag);
  }

  void insert(const Element& element, std::string_view name, const Attributes& given) {
    Open open;
    open.tag = element.tag;
    open.traits = element.traits;
    if (element.tag == Tag::other) open.name = name_hash(name);
    open.style = open_.style();
    Box box;
    open.style.hidden = false;
    settle(element, name, given, open.style, box);
    open.own_hidden = open.style.hidden;
    open.style.hidden = open.own_hidden || open_.style().hidden;
    if (element.traits & kFormatting) {
      Box alone;
      settle(element, name, given, open.added, alone);
    }
    open.ends_line = display_block(element, box);
    const bool cell = (element.traits & kCell) != 0 || box.display == Display::cell;
    if (!open.style.hidden) lay_out(element, open, cell);
    open.framed = box.frame && (open.ends_line || cell || box.display == Display::inline_block);
    open.begin = writer_.size();
    if (element.tag == Tag::plaintext) return rest_as_text(open.style);
    if (element.traits & kRawText) return raw(element, name, open.style);
    const bool foreign = element.tag == Tag::svg || element.tag == Tag::math || open_.foreign() >= 0;
    if ((element.traits & kVoid) || (given.self_closed && foreign)) return;
    if (!open_.push(open)) return;
    if (is_marker(open)) open_.set_frozen(pending_.freeze());
    if (element.tag == Tag::table) writer_.begin_table();
  }

  void lay_out(const Element& element, const Open& open, bool cell) {
    if (element.tag == Tag::tr) {
      writer_.row();
    } else if (cell) {
      writer_.cell();
    } else if (open.ends_line) {
      writer_.line();
    }
  }

  static bool display_block(const Element& element, const Box& box) {
    switch (box.display) {
      case Display::block: return true;
      case Display::inline_:
      case Display::inline_block:
      case Display::cell: return element.tag == Tag::br;
      case Display::unset:
      case Display::none: break;
    }
    return (element.traits & kBlock) != 0;
  }

  /// The element's own style: what its name says, the rules for its classes, its attribute, rules that insist.
  void settle(const Element& element, std::string_view name, const Attributes& given, Style& style, Box& box) {
    if (element.traits & kBold) style.bold = true;
    if (element.traits & kMonospace) style.monospace = true;
    if (element.tag == Tag::pre || element.tag == Tag::textarea || element.tag == Tag::listing ||
        element.tag == Tag::xmp || element.tag == Tag::plaintext) {
      style.preformatted = true;
    }
    if (element.tag == Tag::font) font_attributes(given, style);
    if (is_quote(element.tag, given)) style.quoted = true;
    sheet_.apply(name, given.id, given.classes, style, box, Weight::normal);
    if (!given.background.empty()) apply_attribute("background:", given.background, style, box);
    if (!given.style.empty()) {
      const std::string_view css = given.style.substr(0, kStyleBytes);
      if (contains(css, "&")) {
        apply_style(decode(css), style, box);
      } else {
        apply_style(css, style, box);
      }
    }
    sheet_.apply(name, given.id, given.classes, style, box, Weight::important);
    settle_box(box, style);
    const bool shown_anyway = box.display != Display::unset && box.display != Display::none;
    if ((given.hidden && !shown_anyway) || (element.traits & kNeverShown)) style.hidden = true;
    if (element.tag == Tag::dialog && !given.open && !shown_anyway) style.hidden = true;
  }

  static void apply_attribute(std::string_view property, std::string_view value, Style& style, Box& box) {
    apply_style(std::string(property).append(value.substr(0, 100)), style, box);
  }

  /// <font size=6 face="Courier New">: sizes 5 to 7 are 24, 32 and 48 px.
  static void font_attributes(const Attributes& given, Style& style) {
    const std::string_view size = trim(given.size);
    Box box;
    if (size == "5" || size == "+2") apply_style("font-size:24px", style, box);
    if (size == "6" || size == "7" || size == "+3" || size == "+4") apply_style("font-size:32px", style, box);
    if (!given.face.empty()) apply_attribute("font-family:", given.face, style, box);
  }

  void rest_as_text(const Style& style) {
    text(scan_.rest(), style, false);
    scan_.move_to(scan_.pos() + scan_.rest().size());
  }

  void raw(const Element& element, std::string_view name, const Style& style) {
    const std::string_view content = scan_.raw_text(name);
    if (element.tag == Tag::style && css_left_ > 0) {
      sheet_.read(content.substr(0, css_left_));
      css_left_ -= std::min(css_left_, content.size());
    }
    if (style.hidden) return;
    writer_.line();
    text(content, style, element.tag == Tag::textarea);
    writer_.line();
  }

  // ---- end tags ------------------------------------------------------------------------------

  void end_tag() {
    scan_.move_to(scan_.pos() + 2);
    const std::string_view name = scan_.tag_name();
    Element element = element_of(name);
    Attributes unused;
    if (!scan_.attributes(unused)) return;
    if (open_.foreign() >= 0 && open_.inline_end(Tag::other, name_hash(name)) > open_.foreign()) element = {};
    if (open_.has(Tag::select) && element.tag != Tag::select && element.tag != Tag::option &&
        element.tag != Tag::optgroup && element.tag != Tag::template_) {
      return;
    }
    const bool lone = element.tag == Tag::br || (element.tag == Tag::p && open_.in_scope(Tag::p) < 0);
    if (lone && !open_.style().hidden) writer_.line();
    if (element.tag == Tag::body || element.tag == Tag::html || element.tag == Tag::head) return;
    if ((element.traits & (kVoid | kRawText)) || (open_.leave_deep())) return;
    if (element.traits & kFormatting) return end_formatting(element.tag);
    pop_to(index_to_end(element, name));
  }

  int index_to_end(const Element& element, std::string_view name) const {
    const unsigned traits = element.traits;
    if (traits & kHeading) return open_.innermost_heading();
    if (element.tag == Tag::table || element.tag == Tag::template_) return open_.in_scope_of_tables(element.tag);
    if (traits & (kCell | kTablePart)) return open_.in_table(element.tag);
    if (traits & (kSpecial | kClosesP | kBarrier)) return open_.in_scope(element.tag);
    return open_.inline_end(element.tag, element.tag == Tag::other ? name_hash(name) : 0);
  }

  /// As much of the "adoption agency" (HTML 13.2.6.4.7) as decides what the element still holds for.
  void end_formatting(Tag tag) {
    const int index = open_.in_scope(tag);
    if (index < 0) {
      pending_.drop(tag);
    } else if (open_.has_special_above(index)) {
      open_.dissolve(index);
      pop_to(open_.above_special());
    } else {
      pop_to(index);
    }
  }

  // ---- closing -------------------------------------------------------------------------------

  /// Formatting does not reach into it nor out of it (HTML 13.2.4.3).
  static bool is_marker(const Open& open) { return (open.traits & kBarrier) != 0 && open.tag != Tag::table; }

  void pop_table(Tag tag) { pop_to(open_.in_table(tag)); }

  /// Closes everything from `index` up; -1 closes nothing. Formatting that ends with a block waits.
  void pop_to(int index) {
    if (index < 0) return;
    const std::size_t end = static_cast<std::size_t>(index);
    while (open_.size() > end + 1) pop_waiting();
    pop();
  }

  void pop_waiting() {
    const Open gone = open_.top();
    pop();
    if (gone.traits & kFormatting) pending_.add(gone);
  }

  void pop() {
    const Open gone = open_.top();
    open_.pop();
    if (is_marker(gone)) pending_.thaw(gone.frozen);
    if (gone.framed) writer_.boxed(gone.begin);
    if (gone.tag == Tag::table) writer_.end_table();
    if (gone.style.hidden) return;
    if (gone.tag == Tag::tr) {
      writer_.row();
    } else if (gone.ends_line) {
      writer_.line();
    }
  }

  // ---- text ----------------------------------------------------------------------------------

  void text(std::string_view piece, const Style& now, bool entities = true) {
    Style style = now;
    bool opened = pending_.empty();
    for (std::size_t i = 0; i < piece.size() && !writer_.full();) {
      const char c = piece[i];
      if (is_html_white(c)) {
        white(c, style);
        ++i;
        continue;
      }
      if (!opened) {
        pending_.reopen(open_);
        style = open_.style();
        opened = true;
      }
      if (!style.visible()) return;
      i += is_plain(c) ? plain(piece.substr(i), style) : character(piece, i, style, entities);
    }
  }

  void white(char c, const Style& style) {
    if (!style.visible()) return;
    if (style.preformatted && (c == '\n' || c == '\r')) {
      writer_.line();
    } else {
      writer_.space();
    }
  }

  std::size_t plain(std::string_view piece, const Style& style) {
    std::size_t size = 1;
    while (size < piece.size() && is_plain(piece[size])) ++size;
    writer_.put(piece.substr(0, size), style, true);
    return size;
  }

  /// One character that needs a look: an entity, not ASCII, a control character, a stray '<'.
  std::size_t character(std::string_view piece, std::size_t at, const Style& style, bool entities) {
    if (piece[at] == '&' && entities) {
      decoded_.clear();
      const std::size_t taken = decode_entity(piece, at, decoded_);
      if (taken == 0) {
        writer_.put("&", style, true);
        return 1;
      }
      for (std::size_t i = 0; i < decoded_.size();) i += put_character(decoded_, i, style);
      return taken;
    }
    return put_character(piece, at, style);
  }

  std::size_t put_character(std::string_view text, std::size_t at, const Style& style) {
    const Utf8Char read = utf8_at(text, at);
    if (!read.valid) {
      writer_.put("\uFFFD", style, false);
    } else if (is_white_point(read.point)) {
      writer_.space();
    } else if (read.point >= 0x20 && (read.point < 0x7F || read.point > 0x9F)) {
      writer_.put(text.substr(at, read.size), style, false);
    }
    return read.size;
  }

  Scanner scan_;
  Writer writer_;
  OpenElements open_;
  Pending pending_;
  Sheet sheet_;
  std::size_t css_left_ = kSheetBytes;
  std::string decoded_;
};

}  // namespace

Visible see(std::string_view html, std::size_t limit) { return Reader(html, limit).run(); }

std::string visible_text(std::string_view html, std::size_t limit) { return see(html, limit).text; }

}  // namespace otpctl::message
