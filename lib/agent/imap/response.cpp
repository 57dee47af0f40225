#include "imap/response.hpp"

#include "base/text.hpp"
#include "imap/cursor.hpp"
#include "imap/fetch.hpp"
#include "imap/wire.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::imap {

namespace {

Malformed malformed(std::string_view reason) { return Malformed{true, reason}; }

bool is_any_of(std::string_view word, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return equals_ignoring_case(word, name); });
}

std::optional<StatusResponse::Kind> status_kind(std::string_view word) {
  using Kind = StatusResponse::Kind;
  constexpr std::pair<std::string_view, Kind> kKinds[] = {{"OK", Kind::ok},
                                                          {"NO", Kind::no},
                                                          {"BAD", Kind::bad},
                                                          {"BYE", Kind::bye},
                                                          {"PREAUTH", Kind::preauth}};
  for (const auto& [name, kind] : kKinds) {
    if (equals_ignoring_case(word, name)) return kind;
  }
  return std::nullopt;
}

/// `[CODE arguments] text`, the code may be missing. A bracket that never closes is text.
StatusResponse parse_status(StatusResponse::Kind kind, std::string tag, std::string_view rest) {
  StatusResponse status;
  status.kind = kind;
  status.tag = std::move(tag);
  std::size_t close = rest.find(']');
  if (!rest.empty() && rest.front() == '[' && close != std::string_view::npos) {
    std::string_view code = rest.substr(1, close - 1);
    std::size_t space = std::min(code.find(' '), code.size());
    status.code = to_upper(code.substr(0, space));
    status.arguments = trim(code.substr(space));
    rest.remove_prefix(close + 1);
  }
  status.text = trim(rest);
  return status;
}

Response parse_search(Cursor& cursor) {
  SearchResult result;
  for (cursor.skip_spaces(); !cursor.at_end(); cursor.skip_spaces()) {
    if (cursor.next_is('(')) break;  // (MODSEQ n), RFC 7162
    auto number = cursor.take_number32();
    if (!number) return malformed("SEARCH without numbers");
    result.numbers.push_back(*number);
  }
  return result;
}

/// `(TAG "a1") UID COUNT 3 ALL 4:5,9` (RFC 4731): the set of ALL, spelled out.
Response parse_esearch(Cursor& cursor) {
  SearchResult result;
  cursor.skip_spaces();
  if (cursor.next_is('(') && !cursor.skip_value()) return malformed("ESEARCH");
  for (cursor.skip_spaces(); !cursor.at_end(); cursor.skip_spaces()) {
    std::string_view name = cursor.take_word();
    if (name.empty()) return malformed("ESEARCH");
    if (equals_ignoring_case(name, "UID")) continue;
    cursor.skip_spaces();
    if (!equals_ignoring_case(name, "ALL")) {
      if (!cursor.skip_value()) return malformed("ESEARCH");
      continue;
    }
    auto numbers = expand_set(cursor.take_word(), kSetLimit);
    if (!numbers) return malformed("ESEARCH with a set over the limit");
    result.numbers = std::move(*numbers);
  }
  return result;
}

Response parse_folder_status(Cursor& cursor) {
  FolderStatus status;
  cursor.skip_spaces();
  auto mailbox = cursor.take_astring();
  cursor.skip_spaces();
  if (!mailbox || !cursor.take('(')) return malformed("STATUS");
  status.mailbox = std::move(*mailbox);
  for (cursor.skip_spaces(); !cursor.take(')'); cursor.skip_spaces()) {
    std::string name = to_upper(cursor.take_word());
    cursor.skip_spaces();
    auto number = cursor.take_number();
    if (name.empty() || !number) return malformed("STATUS");
    if (*number > UINT32_MAX) continue;  // HIGHESTMODSEQ, SIZE
    auto value = static_cast<std::uint32_t>(*number);
    if (name == "MESSAGES") status.messages = value;
    if (name == "RECENT") status.recent = value;
    if (name == "UIDNEXT") status.uid_next = value;
    if (name == "UIDVALIDITY") status.uid_validity = value;
    if (name == "UNSEEN") status.unseen = value;
  }
  return status;
}

Response parse_vanished(Cursor& cursor) {
  Vanished vanished;
  cursor.skip_spaces();
  if (cursor.next_is('(')) vanished.earlier = cursor.skip_value();
  cursor.skip_spaces();
  auto count = count_set(cursor.take_word());
  if (!count) return malformed("VANISHED");
  vanished.count = *count;
  return vanished;
}

/// `* 23 EXISTS`, `* 23 FETCH (…)`
Response parse_numbered(Cursor& cursor, std::uint32_t number) {
  cursor.skip_spaces();
  std::string_view keyword = cursor.take_word();
  if (equals_ignoring_case(keyword, "EXISTS")) return Exists{number};
  if (equals_ignoring_case(keyword, "RECENT")) return Recent{number};
  if (equals_ignoring_case(keyword, "EXPUNGE")) return Expunge{number};
  if (!equals_ignoring_case(keyword, "FETCH")) return OtherData{to_upper(keyword)};
  auto fetch = parse_fetch(cursor, number);
  if (!fetch) return malformed("FETCH");
  return std::move(*fetch);
}

Response parse_untagged(Cursor& cursor) {
  if (auto number = cursor.take_number32()) return parse_numbered(cursor, *number);
  std::string_view keyword = cursor.take_word();
  if (keyword.empty()) return malformed("an untagged response without a name");
  if (auto kind = status_kind(keyword)) {
    cursor.skip_spaces();
    return parse_status(*kind, "", cursor.rest());
  }
  if (equals_ignoring_case(keyword, "CAPABILITY")) return parse_capabilities(cursor.rest());
  if (equals_ignoring_case(keyword, "SEARCH")) return parse_search(cursor);
  if (equals_ignoring_case(keyword, "ESEARCH")) return parse_esearch(cursor);
  if (equals_ignoring_case(keyword, "STATUS")) return parse_folder_status(cursor);
  if (equals_ignoring_case(keyword, "VANISHED")) return parse_vanished(cursor);
  return OtherData{to_upper(keyword)};
}

Response parse_tagged(Cursor& cursor) {
  std::string_view tag = cursor.take_word();
  cursor.skip_spaces();
  std::string_view word = cursor.take_word();
  auto kind = status_kind(word);
  if (tag.empty() || !kind || !is_any_of(word, {"OK", "NO", "BAD"})) {
    return Malformed{false, "neither a reply nor data"};
  }
  cursor.skip_spaces();
  return parse_status(*kind, std::string(tag), cursor.rest());
}

}  // namespace

bool CapabilityList::has(std::string_view name) const {
  return std::find(names.begin(), names.end(), name) != names.end();
}

CapabilityList parse_capabilities(std::string_view words) {
  CapabilityList list;
  for (words = trim(words); !words.empty(); words = trim(words)) {
    std::size_t end = std::min(words.find(' '), words.size());
    list.names.push_back(to_upper(words.substr(0, end)));
    words.remove_prefix(end);
  }
  return list;
}

Response parse_response(RawResponse raw) {
  bool untagged = raw.text.compare(0, 2, "* ") == 0;
  if (raw.text.find('\0') != std::string::npos) return Malformed{untagged, "a NUL"};
  Cursor cursor(raw);
  if (cursor.take('+')) return Continuation{std::string(trim(cursor.rest()))};
  if (!untagged) return parse_tagged(cursor);
  cursor.take('*');
  cursor.skip_spaces();
  return parse_untagged(cursor);
}

}  // namespace otpctl::imap
