// What a sender writes for machines: no guessing there.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace otpctl::code {

struct DomainBound {
  std::string host;  // lower case
  std::string code;
  std::size_t begin = 0;  // of the code in the text
  std::size_t end = 0;
};

/// The last line "@host #code" or "@host #code @embedded-host" (WICG "Delivering origin-bound
/// one-time codes over SMS"); an app hash line may stand below it. Exactly one space; the code ends
/// at white space or a further '#'.
std::optional<DomainBound> find_domain_bound(std::string_view text);

/// `text` without what the SMS Retriever adds for the app: a leading "<#>" stays, the last line or
/// word of eleven base64 characters goes. Offsets stay good.
std::string_view without_app_hash(std::string_view text);

}  // namespace otpctl::code
