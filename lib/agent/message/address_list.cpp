#include "message/address_list.hpp"

#include "message/address.hpp"
#include "message/gmime.hpp"
#include "message/headers.hpp"
#include "message/limits.hpp"

#include <algorithm>

namespace otpctl::message {

namespace {

void add(AddressList& out, InternetAddress* address, std::size_t limit) {
  if (!INTERNET_ADDRESS_IS_MAILBOX(address) || out.addresses.size() == limit) {
    out.only_mailboxes = false;
    return;
  }
  const char* text = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
  const Result<std::string> normal = normalise_address(text ? text : "");
  if (normal) {
    out.addresses.push_back(*normal);
  } else {
    out.only_mailboxes = false;
  }
}

}  // namespace

AddressList parse_addresses(std::string_view raw, std::size_t limit) {
  AddressList out;
  const auto marks = static_cast<std::size_t>(std::count(raw.begin(), raw.end(), ':'));
  if (marks > kGroupMarks) {
    out.only_mailboxes = false;
    out.refused = true;
    return out;
  }
  const std::string text = unfold(raw);
  const Owned<InternetAddressList> list(internet_address_list_parse(gmime_options(), text.c_str()));
  if (!list) {
    out.only_mailboxes = text.empty();
    return out;
  }
  const int size = internet_address_list_length(list.get());
  for (int i = 0; i < size && out.addresses.size() < limit; ++i) {
    InternetAddress* address = internet_address_list_get_address(list.get(), i);
    if (!INTERNET_ADDRESS_IS_GROUP(address)) {
      add(out, address, limit);
      continue;
    }
    out.only_mailboxes = false;
    InternetAddressList* members =
        internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address));
    const int count = members ? internet_address_list_length(members) : 0;
    for (int j = 0; j < count; ++j) add(out, internet_address_list_get_address(members, j), limit);
  }
  return out;
}

}  // namespace otpctl::message
