// Between the protocol's requests and delivery's commands. Pure.
#pragma once

#include "base/result.hpp"
#include "delivery/delivery.hpp"
#include "rpc/messages.hpp"

#include <string>

namespace otpctl::server {

struct Caller {
  delivery::RequestId request = 0;
  delivery::ClientId client = 0;
  int pid = 0;
  std::string region;  // for numbers without country code
};

Result<delivery::Command> command_of(const rpc::Wait& wait, const Caller& caller);
Result<delivery::Command> command_of(const rpc::SessionRegister& request, const Caller& caller);
Result<delivery::Command> command_of(const rpc::Manual& request, const Caller& caller);
delivery::Command command_of(const rpc::Ack& request, const Caller& caller);
delivery::Command command_of(const rpc::SessionMark& request, const Caller& caller);
delivery::Command command_of(const rpc::SessionRefresh& request, const Caller& caller);
delivery::Command command_of(const rpc::SessionClose& request, const Caller& caller);
delivery::Command command_of(const rpc::SessionHold& request, const Caller& caller);

/// A code as a person types it, digits alone where there are digits and separators; `usage` when it is not one printable
/// line.
Result<std::string> typed_code(std::string_view text);

/// What the caller gets for delivery's answer.
Result<rpc::Answer> answer_of(delivery::Answer answer);
rpc::Notification notification_of(const delivery::Notice& notice);

}  // namespace otpctl::server
