#include "message/html_style.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace otpctl::message {

namespace {

constexpr float kRoot = 16;         // px, what a browser begins with
constexpr float kLarge = 20;        // px
constexpr float kLargeFactor = 1.5F;
constexpr float kSpaced = 2;        // px
constexpr float kFarAway = -900;    // px: no screen reaches there
constexpr std::string_view kImportant = "!important";

/// Lower case, comments as spaces.
std::string regular(std::string_view css) {
  std::string out = to_lower(css.substr(0, kStyleBytes));
  std::size_t from = out.find("/*"), to = from;
  while (from != out.npos) {
    const std::size_t end = out.find("*/", from + 2);
    from = end == out.npos ? out.size() : end + 2;
    out[to++] = ' ';
    const std::size_t next = std::min(out.find("/*", from), out.size());
    while (from < next) out[to++] = out[from++];
    if (from == out.size()) break;
  }
  if (to != out.npos) out.resize(to);
  return out;
}

struct Length {
  float number = 0;
  std::string_view unit;
};

/// "12px", ".5em", "0"; nothing when it does not begin with a number.
std::optional<Length> length_of(std::string_view value) {
  const bool negative = value.starts_with('-');
  if (negative || value.starts_with('+')) value.remove_prefix(1);
  float number = 0, scale = 1;
  std::size_t at = 0;
  bool dot = false, digits = false;
  for (; at < value.size(); ++at) {
    if (value[at] == '.' && !dot) {
      dot = true;
    } else if (value[at] >= '0' && value[at] <= '9' && at < 30) {
      digits = true;
      scale = dot ? scale / 10 : 1;
      number = dot ? number + scale * static_cast<float>(value[at] - '0')
                   : number * 10 + static_cast<float>(value[at] - '0');
    } else {
      break;
    }
  }
  if (!digits) return std::nullopt;
  value.remove_prefix(at);
  return Length{negative ? -number : number, value.substr(0, value.find_first_of(" \t\r\n/!,;"))};
}

/// In px; `em` is the font's size.
std::optional<float> pixels(std::string_view value, float em) {
  const auto length = length_of(value);
  if (!length) return std::nullopt;
  const std::string_view unit = length->unit;
  if (unit == "px" || unit.empty()) return length->number;
  if (unit == "pt") return length->number * 4 / 3;
  if (unit == "em") return length->number * em;
  if (unit == "rem") return length->number * kRoot;
  if (unit == "%") return length->number * em / 100;
  if (unit == "ex" || unit == "ch") return length->number * em / 2;
  if (length->number == 0) return 0.0F;
  return std::nullopt;
}

bool is_zero(std::string_view value) {
  const auto length = length_of(value);
  return length && length->number == 0;
}

std::optional<float> font_pixels(std::string_view value, float em) {
  struct Keyword {
    std::string_view name;
    float size;
  };
  static constexpr Keyword kKeywords[] = {{"xx-small", 9},  {"x-small", 10}, {"small", 13},    {"medium", 16},
                                          {"large", 18},    {"x-large", 24}, {"xx-large", 32}, {"xxx-large", 48}};
  for (const Keyword& keyword : kKeywords) {
    if (value == keyword.name) return keyword.size;
  }
  if (value == "larger") return em * 1.2F;
  if (value == "smaller") return em / 1.2F;
  return pixels(value, em);
}

void set_font_size(std::string_view value, Style& style) {
  const auto size = font_pixels(value, style.font);
  if (!size || *size < 0) return;
  style.no_size = *size == 0;
  if (style.no_size) return;
  style.large = *size >= kLarge || *size >= style.font * kLargeFactor;
  style.font = *size;
}

void set_weight(std::string_view value, Style& style) {
  const auto number = length_of(value);
  style.bold = value.starts_with("bold") || (number && number->number >= 600);
}

void set_family(std::string_view value, Style& style) {
  const std::string_view first = value.substr(0, value.find(','));
  const auto has = [first](std::string_view name) { return first.find(name) != first.npos; };
  style.monospace = has("mono") || has("courier") || has("consolas") || has("menlo") || has("monaco") ||
                    value.ends_with("monospace");
}

/// "bold 32px/40px Courier, monospace": a size is the first word that begins with a digit and has a unit, or 0.
void set_font(std::string_view value, Style& style) {
  style.bold = false;
  while (!value.empty()) {
    const std::size_t end = std::min(value.find_first_of(" \t\r\n"), value.size());
    const std::string_view word = value.substr(0, end);
    const auto length = length_of(word);
    if (length && (!length->unit.empty() || length->number == 0)) {
      set_font_size(word.substr(0, word.find('/')), style);
      set_family(trim(value.substr(end)), style);
      return;
    }
    if (word.starts_with("bold") || (length && length->number >= 600)) style.bold = true;
    value = trim(value.substr(end));
  }
}

Display display_of(std::string_view value) {
  if (value.starts_with("none")) return Display::none;
  if (value.starts_with("inline-") || value.starts_with("ruby")) return Display::inline_block;
  if (value.starts_with("inline") || value.starts_with("contents")) return Display::inline_;
  if (value == "table-cell") return Display::cell;
  if (value == "initial" || value == "inherit" || value == "unset" || value == "revert") return Display::unset;
  return Display::block;
}

/// A colour or picture that is not the white of every page.
bool is_framing(std::string_view value) {
  constexpr std::string_view kNone[] = {"none",    "transparent", "inherit", "initial", "unset",
                                        "white",   "#fff",        "#ffffff", "#ffffffff", "rgb(255,255,255)",
                                        "rgb(255, 255, 255)", "rgba(0,0,0,0)", "rgba(0, 0, 0, 0)"};
  return !value.empty() && std::find(std::begin(kNone), std::end(kNone), value) == std::end(kNone);
}

bool is_border(std::string_view value) {
  return !is_zero(value) && value.find("none") == value.npos && value.find("hidden") == value.npos &&
         is_framing(value);
}

/// Properties that are inherited.
bool apply_text(std::string_view name, std::string_view value, Style& style) {
  if (name == "font-size") {
    set_font_size(value, style);
  } else if (name == "font-weight") {
    set_weight(value, style);
  } else if (name == "font-family") {
    set_family(value, style);
  } else if (name == "font") {
    set_font(value, style);
  } else if (name == "white-space") {
    style.preformatted = value.starts_with("pre") || value.starts_with("break-spaces");
  } else if (name == "letter-spacing") {
    const auto space = pixels(value, style.font);
    style.spaced = space && *space >= kSpaced;
  } else if (name == "visibility") {
    style.invisible = value.starts_with("hidden") || value.starts_with("collapse");
  } else {
    return false;
  }
  return true;
}

/// A bit of Box::flat, or 0.
std::uint8_t height_bit(std::string_view name) {
  return name == "height" ? 1 : name == "max-height" ? 2 : name == "line-height" ? 4 : 0;
}

bool apply_box(std::string_view name, std::string_view value, const Style& style, Box& box) {
  if (name == "display") {
    if (const Display display = display_of(value); display != Display::unset) box.display = display;
  } else if (name == "opacity") {
    box.faded = is_zero(value);
  } else if (name == "mso-hide") {
    box.mso_hidden = value.starts_with("all");
  } else if (const std::uint8_t bit = height_bit(name); bit != 0) {
    box.flat = static_cast<std::uint8_t>(is_zero(value) ? box.flat | bit : box.flat & ~bit);
  } else if (name == "overflow" || name == "overflow-y") {
    box.clipped = value.starts_with("hidden") || value.starts_with("clip");
  } else if (name == "text-indent" || name == "left" || name == "top" || name == "margin-left") {
    const auto where = pixels(value, style.font);
    box.away = box.away || (where && *where < kFarAway);
  } else if (name == "background" || name == "background-color") {
    box.frame = box.frame || is_framing(value);
  } else if (name == "border") {
    box.frame = box.frame || is_border(value);
  } else {
    return false;
  }
  return true;
}

bool may_matter(std::string_view name) {
  return name.size() >= 3 && std::string_view("bdfhlmotvw").find(name.front()) != std::string_view::npos;
}

/// Calls `use(name, value, important)` for each declaration of `css`, which is lower case.
template <class Use>
void each_declaration(std::string_view css, Use use) {
  for (std::size_t pos = 0; pos < css.size();) {
    const std::size_t end = std::min(css.find(';', pos), css.size());
    const std::string_view declaration = css.substr(pos, end - pos);
    pos = end + 1;
    const std::size_t colon = declaration.find(':');
    if (colon == declaration.npos) continue;
    const std::string_view name = trim(declaration.substr(0, colon));
    if (!may_matter(name)) continue;
    std::string_view value = trim(declaration.substr(colon + 1));
    const std::size_t mark = value.rfind('!');
    const bool important = mark != value.npos && trim(value.substr(mark + 1)) == kImportant.substr(1);
    if (important) value = trim(value.substr(0, mark));
    use(name, value, important);
  }
}

}  // namespace

void apply_style(std::string_view css, Style& style, Box& box, Weight weight) {
  const std::string text = regular(css);
  each_declaration(text, [&](std::string_view name, std::string_view value, bool important) {
    if (weight == Weight::important && !important) return;
    if (!apply_text(name, value, style)) apply_box(name, value, style, box);
  });
}

void settle_box(const Box& box, Style& style) {
  const bool no_height = box.flat != 0 && box.clipped;
  if (box.display == Display::none || no_height || box.faded || box.away || box.mso_hidden) style.hidden = true;
}

Declarations pick_declarations(std::string_view css) {
  Declarations out;
  const std::string text = regular(css);
  each_declaration(text, [&](std::string_view name, std::string_view value, bool important) {
    Style style;
    Box box;
    if (!apply_text(name, value, style) && !apply_box(name, value, style, box)) return;
    std::string& into = important ? out.important : out.all;
    into.append(name).append(":").append(value).append(important ? " !important;" : ";");
  });
  out.all += out.important;
  return out;
}

}  // namespace otpctl::message
