// Response: one logical response → what it says, typed. The second stage of reading. Never fails:
// what breaks the grammar of RFC 3501 section 9 is a Malformed value, and the stream goes on.
#pragma once

#include "base/time.hpp"
#include "imap/splitter.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace otpctl::imap {

/// `a1 OK [CODE arguments] text`, `* NO text`, `* BYE text` (RFC 3501 7.1, 5530). Text from the
/// server: show it only through printable().
struct StatusResponse {
  enum class Kind { ok, no, bad, bye, preauth };
  Kind kind = Kind::ok;
  std::string tag;        // "" = untagged
  std::string code;       // "AUTHENTICATIONFAILED", upper case, "" = none
  std::string arguments;  // of the code: "7" of [UIDNEXT 7]
  std::string text;
};

struct Continuation {  // `+ text`
  std::string text;
};

struct CapabilityList {
  std::vector<std::string> names;  // upper case
  bool has(std::string_view name) const;
};

struct Exists {
  std::uint32_t count = 0;
};
struct Recent {
  std::uint32_t count = 0;
};
struct Expunge {
  std::uint32_t number = 0;
};
struct Vanished {  // RFC 7162 3.2.10; never asked for, so only counted
  bool earlier = false;
  std::uint64_t count = 0;
};

struct Fetch {
  std::uint32_t number = 0;  // sequence number: shifts with every expunge, not to be used as a name
  std::optional<std::uint32_t> uid;
  std::optional<WallTime> internal_date;
  std::optional<std::uint64_t> size;  // RFC822.SIZE
  std::optional<std::string> body;    // BODY[] from its first byte on; literal or quoted
  bool body_nil = false;              // BODY[] NIL
};

struct SearchResult {  // SEARCH, and the ALL of ESEARCH (RFC 4731)
  std::vector<std::uint32_t> numbers;
};

struct FolderStatus {  // STATUS
  std::string mailbox;  // as the server wrote it (modified UTF-7)
  std::optional<std::uint32_t> messages, recent, uid_next, uid_validity, unseen;
};

struct OtherData {  // untagged, well begun, of no use to us: FLAGS, LIST, ENABLED, ID …
  std::string keyword;
};

struct Malformed {
  bool untagged = false;  // began with "* "
  std::string_view reason;
};

using Response = std::variant<StatusResponse, Continuation, CapabilityList, Exists, Recent, Expunge,
                              Vanished, Fetch, SearchResult, FolderStatus, OtherData, Malformed>;

/// Deeper parentheses are Malformed. BODYSTRUCTURE nests with the mail, but is never asked for.
inline constexpr int kNestingLimit = 20;
/// More numbers in one ESEARCH set are Malformed: "1:4294967295" is twelve bytes.
inline constexpr std::size_t kSetLimit = 10'000;

/// Linear in the size of `raw`, not recursive; literals are moved out, not copied.
Response parse_response(RawResponse raw);

/// The words of a CAPABILITY list, upper case.
CapabilityList parse_capabilities(std::string_view words);

}  // namespace otpctl::imap
