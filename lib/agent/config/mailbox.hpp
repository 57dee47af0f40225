// One [[mailbox]] table → Mailbox.
#pragma once

#include "config/config.hpp"
#include "config/section.hpp"

namespace otpctl::config {

/// `only` is true when it is the only one: it may go without a name.
Mailbox read_mailbox(Section& section, bool only);

/// Host names and addresses as they may stand in a URL; no port, no brackets but those of IPv6.
bool is_host(std::string_view host);

/// Something in front of and behind one @, nothing that could end a line or a command.
bool is_mail_address(std::string_view address);

}  // namespace otpctl::config
