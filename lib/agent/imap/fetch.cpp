#include "imap/fetch.hpp"

#include "base/text.hpp"
#include "imap/wire.hpp"

#include <utility>

namespace otpctl::imap {

namespace {

bool read_uid(Cursor& cursor, Fetch& fetch) {
  auto uid = cursor.take_number32();
  if (!uid || *uid == 0) return false;
  if (!fetch.uid) fetch.uid = uid;
  return true;
}

bool read_size(Cursor& cursor, Fetch& fetch) {
  auto size = cursor.take_number();
  if (!size) return false;
  if (!fetch.size) fetch.size = size;
  return true;
}

/// A date that is none is as good as no date: the message is worth having all the same.
bool read_date(Cursor& cursor, Fetch& fetch) {
  if (cursor.take_nil()) return true;
  auto text = cursor.take_string();
  if (!text) return false;
  if (!fetch.internal_date) fetch.internal_date = parse_internal_date(*text);
  return true;
}

bool read_body(Cursor& cursor, Fetch& fetch) {
  if (cursor.take_nil()) {
    fetch.body_nil = !fetch.body;
    return true;
  }
  auto bytes = cursor.take_string();
  if (!bytes) return false;
  if (!fetch.body) fetch.body = std::move(bytes);
  fetch.body_nil = false;
  return true;
}

/// `BODY[]`, `BODY[]<0>`: the whole message from its first byte on. Other sections are read past.
bool read_body_item(Cursor& cursor, Fetch& fetch) {
  auto section = cursor.take_section();
  if (!section) return false;
  std::string_view origin = cursor.take_word();  // "<0>" or nothing
  cursor.skip_spaces();
  if (section->empty() && (origin.empty() || origin == "<0>")) return read_body(cursor, fetch);
  return cursor.skip_value();
}

bool read_item(Cursor& cursor, Fetch& fetch) {
  std::string_view name = cursor.take_word();
  if (name.empty()) return false;
  if (cursor.next_is('[')) {
    if (equals_ignoring_case(name, "BODY")) return read_body_item(cursor, fetch);
    if (!cursor.take_section()) return false;  // BINARY[…]
    cursor.take_word();
  }
  cursor.skip_spaces();
  if (equals_ignoring_case(name, "UID")) return read_uid(cursor, fetch);
  if (equals_ignoring_case(name, "RFC822.SIZE")) return read_size(cursor, fetch);
  if (equals_ignoring_case(name, "INTERNALDATE")) return read_date(cursor, fetch);
  return cursor.skip_value();
}

}  // namespace

std::optional<Fetch> parse_fetch(Cursor& cursor, std::uint32_t number) {
  Fetch fetch;
  fetch.number = number;
  cursor.skip_spaces();
  if (!cursor.take('(')) return std::nullopt;
  for (cursor.skip_spaces(); !cursor.take(')'); cursor.skip_spaces()) {
    if (!read_item(cursor, fetch)) return std::nullopt;
  }
  cursor.skip_spaces();
  if (!cursor.at_end()) return std::nullopt;
  return fetch;
}

}  // namespace otpctl::imap
