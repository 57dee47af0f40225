// A folder that belongs to us alone: the store's, the socket's.
#pragma once

#include "base/result.hpp"

#include <string>

namespace otpctl {

/// Makes `path` and what is missing above it, mode 0700, and checks that it is a folder, ours, no symlink and
/// writable by nobody else. `permission` with the reason. What is inside has modes of its own (0600).
Result<void> make_private_folder(const std::string& path);

/// "/a/b" of "/a/b/c"; "/" of "/c"; "." of "c".
std::string folder_of(const std::string& path);

}  // namespace otpctl
