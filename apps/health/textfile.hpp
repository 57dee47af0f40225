// A file for node_exporter's textfile collector: whoever reads it sees the old or the new one, whole.
#pragma once

#include "base/result.hpp"

#include <string>

namespace otpctl::apps::health {

/// Replaces `path`; its mode stays, that of a new one is 0644 whatever the umask. `permission` for a path that is something else than a
/// file, `storage` when it cannot be written; then the old one is as it was.
Result<void> replace_file(const std::string& path, const std::string& text);

}  // namespace otpctl::apps::health
