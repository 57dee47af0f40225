// The MIME tree of a mail, walked without building it (RFC 2046 5.1). GMime's own parser recurses
// once a level and makes an object of every part, so 10,000 levels or a million empty parts cost it
// the stack or a second; here a stack of at most kDepth boundaries and one pass over the lines do.
// What is inside a part is GMime's again.
#pragma once

#include "message/headers.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace otpctl::message {

struct Leaf {
  std::string type;         // lower case "text/plain"; that also when none is given
  std::string charset;      // as given, or empty
  std::string encoding;     // Content-Transfer-Encoding, lower case, or empty
  bool attachment = false;  // Content-Disposition says so
  bool named = false;       // has a file name
  std::string_view body;    // still encoded; a view into the mail
};

struct PartTree {
  std::string type;          // of the mail itself: "multipart/report"
  std::vector<Leaf> leaves;  // in order; message/rfc822 is one leaf
};

/// Adds to `problems` what was left out.
PartTree walk_parts(std::string_view mail, const HeaderBlock& headers,
                    std::vector<std::string>& problems);

/// The text of a text part: transfer encoding undone, UTF-8. Unknown charsets and broken bytes cost
/// single characters, never the ASCII around them. At most kDecodedPart bytes.
std::string decode_text(const Leaf& leaf);

/// The mail in a message/rfc822 part, its transfer encoding undone.
std::string decode_message(const Leaf& leaf);

}  // namespace otpctl::message
