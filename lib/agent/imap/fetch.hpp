// The FETCH response: the only one that nests and the only one that carries a message.
#pragma once

#include "imap/cursor.hpp"
#include "imap/response.hpp"

#include <optional>

namespace otpctl::imap {

/// Reads `(UID 5 BODY[]<0> {…} …)` at the cursor. Items that nobody asked for are skipped, whatever
/// they are; of an item that comes twice the first one counts. Nothing: the grammar is broken.
std::optional<Fetch> parse_fetch(Cursor& cursor, std::uint32_t number);

}  // namespace otpctl::imap
