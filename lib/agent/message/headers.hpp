// The header block of a mail or of a MIME part, cut to its caps before any library sees it (RFC
// 5322 2.2). One pass; a block of any size costs no more than finding its end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::message {

struct Header {
  std::string_view name;   // as written, without white space before the colon
  std::string_view value;  // raw: what follows the colon, folds inside, without the last line end
};

/// Views into the bytes it was read from.
struct HeaderBlock {
  std::vector<Header> fields;  // topmost first; lines that are no field are left out
  std::size_t body =
      0;  // offset of the first byte behind the blank line; the size when there is none
  bool too_many = false;  // over kHeaderFields: the rest was not read
  bool too_long = false;  // over kHeaderBytes: the rest was not read

  /// Index of the topmost field of that name (ASCII case ignored), or fields.size().
  std::size_t find(std::string_view name) const;
  /// Raw value of the topmost field of that name; empty when there is none.
  std::string_view value(std::string_view name) const;
};

HeaderBlock read_headers(std::string_view bytes);

/// As read_headers; the block also ends in front of a line that begins with "--" (a boundary).
HeaderBlock read_part_headers(std::string_view bytes);

/// A raw value on one line: folds, tabs and NULs become spaces, the ends are trimmed. Nothing is
/// decoded.
std::string unfold(std::string_view raw);

}  // namespace otpctl::message
