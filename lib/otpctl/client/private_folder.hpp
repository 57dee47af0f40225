// Folders and lock files that belong to us alone.
#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "client/fd.hpp"

#include <string>

namespace otpctl::client {

/// Makes `path` and what is missing above it, mode 0700, and checks that it is a folder, ours, no symlink and
/// writable by nobody else. `permission` with the reason.
Result<void> make_private_folder(const std::string& path);

/// Opens (or makes) a lock file, 0600, never through a symlink, and locks it (flock), waiting until the deadline.
/// The lock lasts as long as the descriptor. `busy` when somebody else keeps it, `permission` when it is not ours.
Result<Fd> lock_file(const std::string& path, Instant until);

}  // namespace otpctl::client
