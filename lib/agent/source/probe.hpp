// `probe = "auto"`: who may be asked every 20 ms.
#pragma once

#include "base/time.hpp"

#include <optional>

struct sockaddr;

namespace otpctl::source {

/// 20 ms when the other end of the socket is a loopback or private address (RFC 1918, RFC 4193, link-local): our own
/// server. Nothing elsewhere: hosted servers throttle such a thing.
std::optional<Duration> automatic_probe(int socket);
bool is_near(const sockaddr& address);

}  // namespace otpctl::source
