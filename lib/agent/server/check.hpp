// What an agent looks at before it starts, beyond the text of its configuration: one truth for otpctl-agentd and its
// --check, for `otpctl config check` and `otpctl doctor`.
#pragma once

#include "base/result.hpp"
#include "code/pattern.hpp"
#include "config/config.hpp"

#include <functional>
#include <string>
#include <vector>

namespace otpctl::server {

/// The file at `path`. When there is none and it was not `named` by the user: what the environment asks for, else the
/// embedded default. `config` when it cannot be read or is wrong; `problems` (if given) gets all that is wrong.
Result<config::Config> read_config(const std::string& path, bool named,
                                   const std::function<std::string(const char*)>& env,
                                   std::vector<Error>* problems = nullptr);

/// All that an agent would refuse to start with, in the order of the file, each with file:line: a secret file that
/// others can read, a pattern that cannot be used, a region that no telephone has. A secret that is missing is no
/// problem: it may be mounted later, and the mailbox tells it as its state.
std::vector<Error> config_problems(const config::Config& config);

/// The first of them.
Result<void> check_config(const config::Config& config);

/// The user's patterns; `config` with file:line when one is wrong.
Result<std::vector<code::Pattern>> compile_patterns(const config::Config& config);

}  // namespace otpctl::server
