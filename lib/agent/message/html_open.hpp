// The elements that are open at a point of an HTML document: as much of the tree builder (HTML 13.2.6) as decides where
// an element ends. Every question is answered from indices that are kept with each element, so that no document makes
// it search: an element costs its own opening and closing, and no more.
#pragma once

#include "message/html_elements.hpp"
#include "message/html_style.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace otpctl::message {

/// One that is open.
struct Open {
  Tag tag = Tag::other;
  unsigned traits = 0;
  std::uint32_t name = 0;  // of an element that has no Tag: a hash
  Style style;             // what holds inside it
  Style added;             // of kFormatting: what it sets itself
  bool own_hidden = false;  // hidden by itself, whatever it stands in
  bool ends_line = false;   // as it is displayed
  bool framed = false;     // has a box of its own, which began at …
  std::size_t begin = 0;   // … this byte of the text
  std::uint8_t frozen = 0;  // of kBarrier: what Pending had frozen before it
  // Indices, -1 for none, of what lies at or below it.
  int previous = -1;  // the one before of the same tag
  int barrier = -1;   // kBarrier
  int special = -1;   // kSpecial
  int stop = -1;      // kSpecial but <p>, <div>, <address>: how far an item looks for its brother
};

std::uint32_t name_hash(std::string_view name);

class OpenElements {
 public:
  OpenElements() { last_.fill(-1); }

  const Style& style() const { return open_.empty() ? none_ : open_.back().style; }

  /// False when too deep: it is counted so that its end tag ends nothing else.
  bool push(Open element);

  bool has(Tag tag) const { return last(tag) >= 0; }
  /// Index of the innermost `tag` that an end tag here would reach, or -1.
  int in_scope(Tag tag) const;
  /// As in_scope, through the tags of a table: what lies within the innermost table.
  int in_table(Tag tag) const;
  /// The innermost table or template itself.
  int in_scope_of_tables(Tag tag) const;
  int innermost_heading() const;
  /// Innermost <li>, or <dd> or <dt>, that a new one ends; -1 for none.
  int brother(Tag tag) const;
  /// For an end tag of an ordinary inline element.
  int inline_end(Tag tag, std::uint32_t name) const;
  /// Innermost svg or math without a foreignObject inside it, or -1.
  int foreign() const;
  bool has_special_above(int index) const { return !open_.empty() && open_.back().special > index; }
  /// Index of what stands on the innermost kSpecial, or -1.
  int above_special() const {
    const int index = open_.empty() ? -1 : open_.back().special + 1;
    return index < static_cast<int>(open_.size()) ? index : -1;
  }
  bool top_is_heading() const { return !open_.empty() && (open_.back().traits & kHeading) != 0; }
  bool top_is(Tag tag) const { return !open_.empty() && open_.back().tag == tag; }

  /// Takes one that was too deep off the count.
  bool leave_deep();

  const Open& top() const { return open_.back(); }
  const Open& at(std::size_t index) const { return open_[index]; }
  std::size_t size() const { return open_.size(); }
  void pop();
  void set_frozen(std::uint8_t frozen) { open_.back().frozen = frozen; }

  /// Its end tag came while elements that it does not enclose are open: it holds no more for what comes.
  void dissolve(int index);

 private:
  int last(Tag tag) const { return last_[static_cast<std::size_t>(tag)]; }
  int barrier() const { return open_.empty() ? -1 : open_.back().barrier; }

  Style none_;
  std::vector<Open> open_;
  std::array<int, kTags> last_;
  std::size_t deep_ = 0;
};

/// Formatting elements that a block ended before their own end tag: they begin again with the next text (HTML
/// 13.2.4.3). At most kKept, so that what one letter costs stays bounded.
class Pending {
 public:
  static constexpr std::size_t kKept = 8;

  void add(const Open& element);
  /// True when one of that tag was waiting; it waits no more.
  bool drop(Tag tag);
  bool empty() const { return waiting_.size() == frozen_; }
  /// A cell begins, or what else nothing reaches into: what waits now waits behind its end. Returns what `thaw` needs.
  std::uint8_t freeze();
  /// It has ended: what waited inside it is forgotten.
  void thaw(std::uint8_t frozen);
  /// Opens them again, the outermost first.
  void reopen(OpenElements& open);

 private:
  std::vector<Open> waiting_;
  std::uint8_t frozen_ = 0;
};

}  // namespace otpctl::message
