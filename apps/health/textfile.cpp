#include "health/textfile.hpp"

#include "base/fd.hpp"
#include "base/text.hpp"
#include "shared/context.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>

namespace otpctl::apps::health {

namespace {

tl::unexpected<Error> cannot(const std::string& path) {
  return fail(ErrorCode::storage, printable(path) + ": " + std::strerror(errno));
}

}  // namespace

Result<void> replace_file(const std::string& path, const std::string& text) {
  struct stat info {};
  if (lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return fail(ErrorCode::permission, printable(path) + " is no file: it is not replaced");
  std::string name = path + ".XXXXXX";  // the collector reads *.prom only
  const Fd file(mkostemp(name.data(), O_CLOEXEC));
  if (!file) return cannot(path);
  const bool written = Sink(file.get()).write(text) && fchmod(file.get(), 0644) == 0 &&
                       fsync(file.get()) == 0 && rename(name.c_str(), path.c_str()) == 0;
  if (!written) {
    const auto error = cannot(path);
    unlink(name.c_str());
    return error;
  }
  return {};  // after a power cut the old one or the new one, and the next run writes it anew
}

}  // namespace otpctl::apps::health
