#include "message/html_style.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <string>

namespace otpctl::message {

namespace {

/// Lower case, without white space and comments: "display: none !important" →
/// "display:none!important".
std::string compact(std::string_view css) {
  std::string out;
  for (std::size_t i = 0; i < css.size(); ++i) {
    if (css.substr(i, 2) == "/*") {
      i = css.find("*/", i + 2);
      if (i == css.npos) break;
      ++i;
    } else if (static_cast<unsigned char>(css[i]) > ' ') {
      out += css[i];
    }
  }
  return to_lower(out);
}

/// "0", "0px", "0.0em": no digit but 0 before the unit. "0" of "0.5px" is not.
bool is_zero(std::string_view value) {
  const std::size_t end = std::min(value.find_first_not_of("0123456789."), value.size());
  return end > 0 && value.substr(0, end).find_first_not_of("0.") == value.npos;
}

struct Box {
  bool flat = false;     // height or max-height is 0
  bool clipped = false;  // overflow:hidden
};

void apply_declaration(std::string_view name, std::string_view value, Style& style, Box& box) {
  if (name == "display" && value.starts_with("none")) style.hidden = true;
  if (name == "opacity" && is_zero(value)) style.hidden = true;
  if (name == "visibility")
    style.invisible = value.starts_with("hidden") || value.starts_with("collapse");
  if (name == "font-size" || name == "font") style.no_size = is_zero(value);
  if (name == "white-space") style.preformatted = value.starts_with("pre");
  if ((name == "height" || name == "max-height") && is_zero(value)) box.flat = true;
  if (name == "overflow" || name == "overflow-y") box.clipped = value.starts_with("hidden");
}

}  // namespace

void apply_style(std::string_view css, Style& style) {
  const std::string text = compact(css);
  const std::string_view all = text;
  Box box;
  for (std::size_t pos = 0; pos < all.size();) {
    const std::size_t end = std::min(all.find(';', pos), all.size());
    const std::string_view declaration = all.substr(pos, end - pos);
    const std::size_t colon = std::min(declaration.find(':'), declaration.size());
    const std::string_view value = declaration.substr(std::min(colon + 1, declaration.size()));
    apply_declaration(declaration.substr(0, colon), value, style, box);
    pos = end + 1;
  }
  if (box.flat && box.clipped) style.hidden = true;
}

}  // namespace otpctl::message
