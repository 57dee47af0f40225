// Reads a file that somebody named. Whatever lies there, reading it never waits: a FIFO, a device or a folder is refused.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <sys/types.h>

namespace otpctl {

struct PlainFile {
  std::string text;
  mode_t mode = 0;
};

/// At most `limit` bytes of it; symlinks are followed. The message of an error is the reason alone ("it is a folder");
/// not_found: there is none, permission: it may not be opened, config: it is no plain file or cannot be read.
Result<PlainFile> read_plain_file(const std::string& path, std::size_t limit);

}  // namespace otpctl
