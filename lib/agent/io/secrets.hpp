// Fetches a secret from where the configuration says it is.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <string>

namespace otpctl::io {

/// The first line of a file that only its owner can read (0600 or 0400, ours or root's, a plain file; symlinks are
/// followed, as secret stores use them). `permission` or `config` with the fix.
Result<Secret> read_secret_file(const std::string& path);

/// $CREDENTIALS_DIRECTORY/name, as systemd's LoadCredential= gives it.
Result<Secret> read_credential(const std::string& name);

/// The variable as it was when the agent started.
Result<Secret> read_secret_variable(const std::string& name);

}  // namespace otpctl::io
