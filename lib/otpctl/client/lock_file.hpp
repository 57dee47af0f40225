// A lock file that belongs to us alone.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

#include <string>

namespace otpctl::client {

/// The lock file is there, it is ours, and nobody holds its lock. Looks by holding it (shared) for a moment, which an agent
/// that just starts waits for.
bool is_let_go(const std::string& path);

/// Opens (or makes) a lock file, 0600, never through a symlink, and locks it (flock), waiting until the deadline.
/// The lock lasts as long as the descriptor. `busy` when somebody else keeps it, `permission` when it is not ours, `cancelled` once
/// `cancel` (-1: none) is readable.
Result<Fd> lock_file(const std::string& path, Instant until, int cancel = -1);

}  // namespace otpctl::client
