// Files that only we may read, in a folder that only we may change (client/private_folder.hpp makes
// and checks it). Nothing is followed or changed: a symlink, FIFO or folder where a file of ours is
// due is refused and stays as it is.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace otpctl::store {

/// True: a plain file of ours with no right for others. False: nothing is there. Else `permission`.
Result<bool> check_private_file(const std::string& path);

/// `permission`, with what to do, when a file of ours that is there may not be read and written: somebody took our own
/// rights away.
Result<void> check_own_rights(const std::string& path);

/// Makes an empty file of mode 0600 whatever the umask says; it must not be there yet. The folder
/// is synced.
Result<void> create_private_file(const std::string& path);

/// The whole file, checked as above also after opening; at most `limit` bytes are read.
Result<std::string> read_private_file(const std::string& path, std::size_t limit);

/// Puts `bytes` there at once and for good (temporary file, fsync, link, fsync of the folder).
/// False: something was there already and stays.
Result<bool> publish_private_file(const std::string& path, std::string_view bytes);

}  // namespace otpctl::store
