// What an agent looks at before it starts, beyond the text of its configuration: one truth for otpctl-agentd and its
// --check, for `otpctl config check` and `otpctl doctor`.
#pragma once

#include "base/result.hpp"
#include "code/hints.hpp"
#include "config/config.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace otpctl::server {

using Environment = std::function<std::string(const char*)>;

/// The file at `path`, with the mailbox of the environment when it names none itself. When there is no file and it was
/// not `named` by the user: what the environment asks for, else the embedded default. `config` when it cannot be read or
/// is wrong, or lies where nobody may look whether there is one; `problems` (if given) gets all that is wrong.
Result<config::Config> read_config(const std::string& path, bool named, const Environment& env,
                                   std::vector<Error>* problems = nullptr);

/// The file names mailboxes, and the environment another one, or one that cannot be meant: who of the two is right? An
/// agent is not started with them.
std::optional<Error> other_mailbox(const config::Config& config, const Environment& env);

/// All that an agent would refuse to start with, in the order of the file, each with file:line: a secret file that
/// others can read, a pattern or rule that cannot be used, a region that no telephone has. A secret that is missing is no
/// problem: it may be mounted later, and the mailbox tells it as its state. Last, without a line, the other_mailbox().
std::vector<Error> config_problems(const config::Config& config, const Environment& env);

/// The first of them.
Result<void> check_config(const config::Config& config, const Environment& env);

/// The user's patterns and rules; `config` with file:line when one is wrong.
Result<code::Hints> compile_hints(const config::Config& config);

}  // namespace otpctl::server
