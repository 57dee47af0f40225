#include "base/private_folder.hpp"

#include "base/text.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace otpctl {
namespace {

tl::unexpected<Error> refuse(const std::string& path, const std::string& why) {
  return fail(ErrorCode::permission, printable(path) + " " + why);
}

}  // namespace

Result<void> make_private_folder(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return refuse(part, std::string("cannot be made: ") + std::strerror(errno));
    }
    if (slash == path.npos) break;
  }
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0)
    return refuse(path, std::string("cannot be read: ") + std::strerror(errno));
  if (S_ISLNK(info.st_mode)) return refuse(path, "is a symbolic link, a folder is needed");
  if (!S_ISDIR(info.st_mode)) return refuse(path, "is no folder");
  if (info.st_uid != geteuid())
    return refuse(path, "belongs to another user (uid " + std::to_string(info.st_uid) + ")");
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return refuse(path, "can be written by others: chmod 700 it");
  if (faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES)
    return refuse(path, "may not be used by this user: chmod 700 it");
  return {};
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == path.npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace otpctl
