#include "client/agent_file.hpp"

#include "base/fd.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace otpctl::client {

std::optional<rpc::AgentFile> agent_file(const Paths& paths) {
  const Fd file(open(paths.agent_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (!file || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid())
    return std::nullopt;
  std::string text(8192, '\0');
  const ssize_t got = read(file.get(), text.data(), text.size());
  if (got <= 0) return std::nullopt;
  const auto known =
      rpc::read_agent_file(trim(std::string_view(text).substr(0, static_cast<std::size_t>(got))));
  if (!known) return std::nullopt;
  return *known;
}

}  // namespace otpctl::client
