// A verified connection to a mail server: libcurl does names, proxy, TLS with verification and STARTTLS (which it
// refuses when bytes wait behind the OK), reads the greeting and CAPABILITY, and stops (CURLOPT_CONNECT_ONLY without
// credentials). From there on the bytes are ours.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/loop.hpp"
#include "io/stream.hpp"

#include <functional>
#include <memory>
#include <string>

namespace otpctl::io {

struct ConnectOptions {
  std::string host;
  int port = 993;
  enum class Tls { implicit, starttls, none } tls = Tls::implicit;
  std::string ca_file;  // empty: $SSL_CERT_FILE, else the system's
  std::string proxy;    // empty: what the environment says
  Duration within = std::chrono::seconds(30);
};

/// One attempt under way; destroying it gives it up.
class Connecting {
 public:
  /// Calls `done` once, from the loop. Errors: network (name, refused, proxy), tls (certificate, handshake, STARTTLS
  /// refused or injected), timeout, protocol (PREAUTH: refused). The message holds the server's words if any.
  Connecting(Loop& loop, const ConnectOptions& options,
             std::function<void(Result<std::unique_ptr<Stream>>)> done);
  ~Connecting();
  Connecting(const Connecting&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace otpctl::io
