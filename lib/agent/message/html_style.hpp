// The few declarations of CSS that decide whether a person sees a text, and which text stands out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace otpctl::message {

inline constexpr std::size_t kStyleBytes = 4096;  // of one attribute; real ones have 20 to 500

/// What an element hands on to what stands in it.
struct Style {
  bool hidden = false;        // display:none, opacity:0, no height: nothing inside can undo it
  bool invisible = false;     // visibility:hidden: an element inside can undo it
  bool no_size = false;       // font-size:0, used for layout too: an element inside can undo it
  bool preformatted = false;  // <pre> or white-space:pre…: line ends are line ends
  bool quoted = false;        // of an earlier mail
  bool bold = false;
  bool large = false;      // 20px or more, or 1.5 times what is around it
  bool spaced = false;     // letter-spacing of 2px or more
  bool monospace = false;  // a font whose letters are all as wide
  float font = 16;         // px

  bool visible() const { return !hidden && !invisible && !no_size; }
};

enum class Display : std::uint8_t { unset, block, inline_, inline_block, cell, none };

/// What an element has of its own and does not hand on.
struct Box {
  Display display = Display::unset;
  bool frame = false;     // a background that is not white, or a border
  std::uint8_t flat = 0;  // properties that take the height away, one bit each
  bool clipped = false;   // overflow:hidden
  bool faded = false;     // opacity:0
  bool away = false;      // off the screen
  bool mso_hidden = false;
};

enum class Weight { normal, important };

/// Declarations as they stand in a style attribute, decoded. Changes `style` from what was inherited to what holds
/// inside; `weight` important: only those with "!important". Linear in `css`, of which kStyleBytes are read.
void apply_style(std::string_view css, Style& style, Box& box, Weight weight = Weight::normal);

/// Once all declarations of an element are applied: what follows of its box.
void settle_box(const Box& box, Style& style);

/// The declarations that apply_style would look at and those among them with "!important", both lower case.
struct Declarations {
  std::string all;
  std::string important;
};
Declarations pick_declarations(std::string_view css);

}  // namespace otpctl::message
