// Starting an agent: it gets nothing of the caller but its environment.
#pragma once

#include "base/paths.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace otpctl::client {

/// `otpctl-agentd` in the folder of the running program; $OTPCTL_AGENTD instead of it when set.
std::string agent_program(const Surroundings& surroundings);

/// Variables as execve takes them, "NAME=value".
using Variables = std::vector<std::string>;
/// Those of this process now.
Variables own_variables();

struct StartAround {
  std::shared_ptr<const Variables> inherits = {};       // null: own_variables()
  std::map<std::string, std::string> environment = {};  // over what it inherits; "": it does not get this one
  int cancel = -1;  // readable: it is not waited for any longer (`cancelled`); it starts all the same
  int leash = -1;   // the read end of a pipe: when nobody holds its other end any more the agent ends and removes its home
};

/// Starts `program --ready-fd N arguments…` in a session of its own (double fork, setsid), with "/"
/// as folder, /dev/null as its three streams and no other descriptor, and waits for the byte 'R'
/// that says that it takes connections. Fails with the agent's own error when it says one, with
/// `agent_unreachable` when it ends or says nothing until `until`. The caller holds start.lock.
Result<void> start_agent(const std::string& program, const std::vector<std::string>& arguments,
                         Instant until, const StartAround& around = {});

}  // namespace otpctl::client
