// The few declarations of a style attribute that decide whether a person sees the text inside.
#pragma once

#include <cstddef>
#include <string_view>

namespace otpctl::message {

inline constexpr std::size_t kStyleBytes = 4096;  // real ones have 20 to 500

/// What an element hands on to what stands in it.
struct Style {
  bool hidden = false;        // display:none, opacity:0, no height: nothing inside can undo it
  bool invisible = false;     // visibility:hidden: an element inside can undo it
  bool no_size = false;       // font-size:0, used for layout too: an element inside can undo it
  bool preformatted = false;  // <pre> or white-space:pre…: line ends are line ends

  bool visible() const { return !hidden && !invisible && !no_size; }
};

/// `css`: the attribute's value, decoded. Changes `style` from what was inherited to what holds
/// inside.
void apply_style(std::string_view css, Style& style);

}  // namespace otpctl::message
