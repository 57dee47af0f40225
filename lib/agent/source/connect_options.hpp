// A configured mailbox as io::Connecting wants it.
#pragma once

#include "config/config.hpp"
#include "io/connect.hpp"

namespace otpctl::source {

inline io::ConnectOptions connect_options(const config::Mailbox& mailbox) {
  io::ConnectOptions options;
  options.host = mailbox.host;
  options.port = mailbox.port;
  switch (mailbox.tls) {
    case config::Tls::implicit: options.tls = io::ConnectOptions::Tls::implicit; break;
    case config::Tls::starttls: options.tls = io::ConnectOptions::Tls::starttls; break;
    case config::Tls::none: options.tls = io::ConnectOptions::Tls::none; break;
  }
  options.ca_file = mailbox.ca_file;
  options.proxy = mailbox.proxy;
  return options;
}

}  // namespace otpctl::source
