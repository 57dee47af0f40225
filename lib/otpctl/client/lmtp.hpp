// Handing a whole message to the agent over its LMTP socket (RFC 2033), as Postfix does.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace otpctl::client {

struct LmtpReply {
  std::string recipient;
  int code = 0;      // 250; 4xx: try later; 5xx: never
  std::string text;  // one printable line
};

struct LmtpPatience {
  Duration command = std::chrono::seconds(10);  // connection, greeting and each command in front of the message
  Duration message = std::chrono::seconds(60);  // the message and each answer behind its final dot
};

/// `usage` for what cannot stand in an envelope. Whether an address exists is the agent's to say.
Result<void> check_addresses(const std::string& sender, const std::vector<std::string>& recipients);

/// `message` as it comes: bare LF and CR become CRLF, lines that begin with a dot are stuffed.
/// `sender` "" is the null sender. One reply a recipient, in order, also for those refused at RCPT.
/// Error: that of check_addresses; the agent is not there (`agent_unreachable`), or hung up, or did not answer in time.
Result<std::vector<LmtpReply>> deliver(const std::string& socket, const std::string& sender,
                                       const std::vector<std::string>& recipients,
                                       std::string_view message, const LmtpPatience& patience = {});

/// What stands between DATA and the final dot: CRLF lines, dots stuffed, the last line ended. Pure.
std::string to_lmtp_data(std::string_view message);

}  // namespace otpctl::client
