#include "base/plain_file.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>

namespace otpctl {

namespace {

tl::unexpected<Error> with_reason(int error) {
  const bool denied = error == EACCES || error == EPERM;
  const bool missing = error == ENOENT || error == ENOTDIR || error == ELOOP;
  return fail(denied ? ErrorCode::permission : missing ? ErrorCode::not_found : ErrorCode::config, std::strerror(error));
}

}  // namespace

Result<PlainFile> read_plain_file(const std::string& path, std::size_t limit) {
  // Without O_NONBLOCK the open of a FIFO waits for its writer.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    // A socket cannot be opened at all.
    const int error = errno;
    if (error == ENXIO) return fail(ErrorCode::config, "it is no plain file");
    return with_reason(error);
  }
  if (S_ISDIR(status.st_mode)) return fail(ErrorCode::config, "it is a folder");
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::config, "it is no plain file");
  PlainFile file{{}, status.st_mode};
  char buffer[16 * 1024];
  while (file.text.size() < limit) {
    const ssize_t got = ::read(fd.get(), buffer, std::min(sizeof buffer, limit - file.text.size()));
    if (got == 0) break;
    if (got > 0) file.text.append(buffer, static_cast<std::size_t>(got));
    else if (errno != EINTR) return with_reason(errno);
  }
  ::explicit_bzero(buffer, sizeof buffer);
  return file;
}

}  // namespace otpctl
