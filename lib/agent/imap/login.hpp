// How to sign in: chosen from what the server offers, as a short script of lines.
#pragma once

#include "imap/response.hpp"
#include "imap/session.hpp"

#include <string>
#include <vector>

namespace otpctl::imap {

struct LoginScript {
  Secret command;               // without tag and CRLF
  std::vector<Secret> answers;  // one for each "+" of the server, without CRLF
  /// For one "+" more than that: how a client ends the exchange so that the tagged NO can come. The
  /// servers tell the reason of a refused token this way. "" is an empty line (XOAUTH2).
  std::string dismissal = "*";
};

/// A token: OAUTHBEARER (RFC 7628), else XOAUTH2 (all that Microsoft has). A password: AUTHENTICATE
/// PLAIN (RFC 4616), else LOGIN. An initial response goes with the command where the server has
/// SASL-IR (RFC 4959). Errors: `config` for credentials that cannot be sent, `auth_rejected` when
/// both sides know no common way.
Result<LoginScript> script_login(const Credentials& credentials, const CapabilityList& offered,
                                 const Options& options);

}  // namespace otpctl::imap
