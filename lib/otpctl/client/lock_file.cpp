#include "client/lock_file.hpp"

#include "base/text.hpp"
#include "client/channel.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace otpctl::client {

namespace {

tl::unexpected<Error> refuse(const std::string& path, const std::string& why) {
  return fail(ErrorCode::permission, printable(path) + " " + why);
}

/// Waits for the lock in a child: flock(2) knows no deadline, and a lock belongs to the open file
/// that both share.
bool lock_in_child(int file, Instant until, int cancel) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  Fd read_end = above_streams(Fd(ends[0]));
  Fd write_end = above_streams(Fd(ends[1]));
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    while (flock(file, LOCK_EX) != 0 && errno == EINTR) {
    }
    const char locked = 'L';
    _exit(write(write_end.get(), &locked, 1) == 1 ? 0 : 1);
  }
  write_end.reset();
  const bool told = pause_unless(cancel, read_end.get(), until) == Woke::ready;
  if (!told) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return told && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

bool is_let_go(const std::string& path) {
  const Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  return file && fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == geteuid() &&
         flock(file.get(), LOCK_SH | LOCK_NB) == 0;
}

Result<Fd> lock_file(const std::string& path, Instant until, int cancel) {
  Fd file = above_streams(
      Fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600)));
  if (!file && errno == EACCES) return refuse(path, "may not be read and written by this user: chmod 600 it");
  if (!file) return refuse(path, std::string("cannot be opened: ") + std::strerror(errno));
  struct stat info {};
  if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
    return refuse(path, "is no plain file");
  if (info.st_uid != geteuid()) return refuse(path, "belongs to another user");
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0 || lock_in_child(file.get(), until, cancel)) return file;
  if (is_readable(cancel)) return fail(cancelled());
  return fail(ErrorCode::busy, printable(path) + " is held by another process");
}

}  // namespace otpctl::client
