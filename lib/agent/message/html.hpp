// HTML → the text that a person sees. A tokenizer without a tree: one pass, no recursion, linear in its input.
#pragma once

#include <string>
#include <string_view>

namespace otpctl::message {

/// `html` is UTF-8 (invalid bytes are replaced). Block elements and <br> end a line, runs of white space fold to one
/// space, table cells are separated, script, style, head, comments and hidden elements leave nothing, entities are
/// decoded. Stops after `limit` bytes of output.
std::string visible_text(std::string_view html, std::size_t limit = 256 * 1024);

}  // namespace otpctl::message
