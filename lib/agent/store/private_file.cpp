#include "store/private_file.hpp"

#include "base/text.hpp"
#include "base/fd.hpp"
#include "base/private_folder.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace otpctl::store {

namespace {

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

std::string quoted(const std::string& path) { return "'" + printable(path, 1000) + "'"; }

tl::unexpected<Error> failed(const char* what, const std::string& path, int error) {
  const bool denied = error == EACCES || error == EPERM || error == ELOOP;
  return fail(
      denied ? ErrorCode::permission : ErrorCode::storage,
      std::string(what) + " " + quoted(path) + ": " + std::generic_category().message(error));
}

tl::unexpected<Error> unsafe(const std::string& path, const std::string& reason) {
  return fail(ErrorCode::permission, quoted(path) + " " + reason);
}

Result<void> check_file(const std::string& path, const struct stat& info) {
  if (S_ISLNK(info.st_mode))
    return unsafe(path, "is a symbolic link; remove it or choose another folder");
  if (!S_ISREG(info.st_mode))
    return unsafe(path, "is no plain file; remove it or choose another folder");
  if (info.st_uid != geteuid())
    return unsafe(path, "belongs to another user (uid " + std::to_string(info.st_uid) + ")");
  if (info.st_mode & kOthers) return unsafe(path, "is open to other users; chmod 600 it");
  return {};
}

Result<void> sync_folder(const std::string& folder) {
  const Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || fsync(fd.get()) != 0) return failed("cannot sync", folder, errno);
  return {};
}

/// O_EXCL refuses a symlink too, dangling or not.
Result<Fd> create(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (fd.get() < 0) return failed("cannot make", path, errno);
  if (fchmod(fd.get(), S_IRUSR | S_IWUSR) != 0) return failed("cannot protect", path, errno);
  return fd;
}

Result<void> write_all(const Fd& fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd.get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return failed("cannot write", path, errno);
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(fd.get()) != 0) return failed("cannot sync", path, errno);
  return {};
}

}  // namespace

Result<bool> check_private_file(const std::string& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return false;
    return failed("cannot look at", path, errno);
  }
  if (auto safe = check_file(path, info); !safe) return fail(safe.error());
  return true;
}

Result<void> check_own_rights(const std::string& path) {
  if (::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0 || errno != EACCES) return {};
  return unsafe(path, "may not be read and written by this user; chmod 600 it");
}

Result<void> create_private_file(const std::string& path) {
  if (auto made = create(path); !made) return fail(made.error());
  return sync_folder(folder_of(path));
}

Result<std::string> read_private_file(const std::string& path, std::size_t limit) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0 && errno == EACCES) return unsafe(path, "may not be read by this user; chmod 600 it");
  if (fd.get() < 0) return failed("cannot open", path, errno);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return failed("cannot look at", path, errno);
  if (auto safe = check_file(path, info); !safe) return fail(safe.error());
  std::string bytes(limit, '\0');
  std::size_t have = 0;
  while (have < limit) {
    const ssize_t got = read(fd.get(), bytes.data() + have, limit - have);
    if (got == 0) break;
    if (got < 0 && errno != EINTR) return failed("cannot read", path, errno);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

Result<bool> publish_private_file(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".new";
  unlink(temporary.c_str());  // what a crash left; the folder is ours alone
  const auto fd = create(temporary);
  if (!fd) return fail(fd.error());
  auto written = write_all(*fd, bytes, temporary);
  const bool published = written && link(temporary.c_str(), path.c_str()) == 0;
  const int error = errno;
  unlink(temporary.c_str());
  if (!written) return fail(written.error());
  if (!published && error == EEXIST) return false;
  if (!published) return failed("cannot make", path, error);
  if (auto synced = sync_folder(folder_of(path)); !synced) return fail(synced.error());
  return true;
}

}  // namespace otpctl::store
