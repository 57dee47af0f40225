// From the program's start to its end: signals are handed on, its session is held, codes are given.
#pragma once

#include "client/holder.hpp"
#include "run/giver.hpp"
#include "run/signals.hpp"
#include "shared/context.hpp"

#include <optional>
#include <sys/types.h>

namespace otpctl::apps::run {

struct Supervised {
  pid_t program = 0;
  const Relay& relay;
  client::Holder* holder = nullptr;  // none: --env, and the session could not be registered
  Giver* giver = nullptr;            // --fd
  bool quiet = false;
};

/// Returns the program's wait status (wait(2)). Reaps whatever else ends as our child: as process 1 of a container
/// that is everybody's orphans.
int supervise(const Supervised& all, Context& context);

}  // namespace otpctl::apps::run
