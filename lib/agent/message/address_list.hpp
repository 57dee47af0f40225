// An address field (RFC 5322 3.4) → its addresses. Groups, comments, quoted and encoded names by
// GMime.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::message {

struct AddressList {
  std::vector<std::string>
      addresses;  // normalised (address.hpp), in order, repeats included; what is none is left out
  bool only_mailboxes = true;  // false: a group, or something that is no address
  bool refused = false;        // more than kGroupMarks colons: not looked at
};

/// `raw` as in Header::value; at most `limit` addresses.
AddressList parse_addresses(std::string_view raw, std::size_t limit);

}  // namespace otpctl::message
