#include "health/textfile.hpp"

#include "base/fd.hpp"
#include "base/text.hpp"
#include "shared/context.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace otpctl::apps::health {

namespace {

tl::unexpected<Error> cannot(const std::string& path) {
  return fail(ErrorCode::storage, printable(path) + ": " + std::strerror(errno));
}

}  // namespace

Result<void> replace_file(const std::string& path, const std::string& text) {
  struct stat info {};
  const bool is_there = lstat(path.c_str(), &info) == 0;
  if (is_there && !S_ISREG(info.st_mode))
    return fail(ErrorCode::permission, printable(path) + " is no file: it is not replaced");
  // Always the same name: what a run that was killed has left is in nobody's way and gone with the next one. The
  // collector reads *.prom only.
  const std::string name = path + ".otpctl-new";
  const Fd file(open(name.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!file) return cannot(path);
  struct stat next {};
  if (fstat(file.get(), &next) != 0 || !S_ISREG(next.st_mode) || next.st_uid != geteuid() || next.st_nlink != 1)
    return fail(ErrorCode::permission, printable(name) + " is no plain file of ours; move it away");
  // Another run that writes at the same moment, or has just put this one in place, says the same.
  struct stat named {};
  const bool locked = flock(file.get(), LOCK_EX | LOCK_NB) == 0 && lstat(name.c_str(), &named) == 0 &&
                      named.st_ino == next.st_ino && named.st_dev == next.st_dev;
  if (!locked) return {};
  const mode_t mode = is_there ? info.st_mode & 0777 : 0644;
  const bool written = ftruncate(file.get(), 0) == 0 && Sink(file.get()).write(text) &&
                       fchmod(file.get(), mode) == 0 && fsync(file.get()) == 0 &&
                       rename(name.c_str(), path.c_str()) == 0;
  if (!written) {
    const auto error = cannot(path);
    unlink(name.c_str());
    return error;
  }
  return {};  // after a power cut the old one or the new one, and the next run writes it anew
}

}  // namespace otpctl::apps::health
