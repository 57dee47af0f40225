#include "io/secrets.hpp"

#include "base/text.hpp"
#include "base/fd.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace otpctl::io {
namespace {

Result<Secret> first_line(int fd, const std::string& what) {
  std::string text(64 * 1024, '\0');
  const ssize_t n = ::read(fd, text.data(), text.size());
  if (n < 0) {
    return fail(ErrorCode::config, "cannot read " + what + ": " + std::strerror(errno));
  }
  std::string_view line(text.data(), static_cast<std::size_t>(n));
  line = line.substr(0, line.find('\n'));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  Secret secret{std::string(line)};  // spaces at its ends may belong to it
  wipe(text);
  if (secret.empty()) return fail(ErrorCode::config, what + " is empty");
  return secret;
}

}  // namespace

Result<Secret> read_secret_file(const std::string& path) {
  const std::string what = "secret file " + printable(path);
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    const bool full = errno == EMFILE || errno == ENFILE;  // ours for the moment, not the file's
    const auto code = full ? ErrorCode::busy : errno == EACCES ? ErrorCode::permission : ErrorCode::config;
    return fail(code, "cannot open " + what + ": " + std::strerror(errno));
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::permission, what + " is not a plain file");
  }
  if (status.st_mode & 077) {
    return fail(ErrorCode::permission, what + " can be read by others; run: chmod 600 " + printable(path));
  }
  if (status.st_uid != ::geteuid() && status.st_uid != 0) {
    return fail(ErrorCode::permission, what + " belongs to another user");
  }
  return first_line(fd.get(), what);
}

Result<Secret> read_credential(const std::string& name) {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (!folder || name.empty() || name.find('/') != name.npos) {
    return fail(ErrorCode::config, "credential '" + printable(name, 80) +
                                       "' needs CREDENTIALS_DIRECTORY (systemd LoadCredential=)");
  }
  // systemd guards the folder itself and gives the files modes of its own.
  const std::string path = std::string(folder) + "/" + name;
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return fail(ErrorCode::config, "no credential '" + printable(name, 80) + "': " + std::strerror(errno));
  return first_line(fd.get(), "credential '" + printable(name, 80) + "'");
}

Result<Secret> read_secret_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (!value || !*value) {
    return fail(ErrorCode::config,
                "the variable " + printable(name, 80) + " is not set for the agent; set it and run: otpctl agent restart");
  }
  return Secret(value);
}

}  // namespace otpctl::io
