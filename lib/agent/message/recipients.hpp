// Whom a mail was meant for: stamps of the receiving server, else what the sender claims.
//
// What counts as a stamp. A server prepends its trace fields, so only what stands above the topmost
// `Received:` was written after the mail had left the sender's hands; below it everything is the
// sender's text. A mail without any `Received:` (handed over locally) has no such mark: there only
// the unbroken run of trace fields at the very top counts (Return-Path, Delivered-To, …), because a
// server that prepends nothing but stamps looks like that and a sender's own From, To or Subject
// ends the run.
#pragma once

#include "message/headers.hpp"
#include "message/message.hpp"

#include <string>
#include <vector>

namespace otpctl::message {

/// `door`: recipients of the transport itself (Envelope::recipients); when one of them is not the
/// mailbox itself they alone decide and the header is not asked. Adds to `problems` what was left
/// out.
Recipients find_recipients(const std::vector<std::string>& door, const HeaderBlock& headers,
                           const MailOptions& options, std::vector<std::string>& problems);

}  // namespace otpctl::message
