// HTML → the text that a person sees. A tokenizer without a tree: one pass, no recursion, linear in its input.
#pragma once

#include "message/message.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::message {

inline constexpr std::size_t kSpans = 1000;  // of each kind in one text; real mails have 0 to 30

/// What a person sees of an HTML document. Spans are byte offsets into `text`, sorted, not empty, not overlapping.
struct Visible {
  std::string text;
  // What stands out: bold, a heading, 20px or 1.5 times what is around it, letters apart by 2px, all as wide, or alone
  // in a box of its own. One that reaches over a line or a cell is several; two that touch stand out differently.
  std::vector<Span> emphasis;
  std::vector<Span> quotes;  // marked up as an earlier mail by the program that wrote this one
};

/// `html` is UTF-8 (invalid bytes are replaced). Block elements and <br> end a line, runs of white space fold to one
/// space, a tab stands between the cells of a row, script, style, head, comments and hidden elements leave nothing,
/// entities are decoded. Stops after `limit` bytes of output.
Visible see(std::string_view html, std::size_t limit = 256 * 1024);

/// Only the text.
std::string visible_text(std::string_view html, std::size_t limit = 256 * 1024);

}  // namespace otpctl::message
