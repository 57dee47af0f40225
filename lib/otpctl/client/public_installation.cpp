#include "client/public_installation.hpp"

#include <cstdlib>
#include <dlfcn.h>
#include <memory>
#include <unistd.h>

namespace otpctl::client {

namespace {

constexpr char kProgram[] = "/otpctl-agentd";

/// The folder that the code of this function was loaded from, links resolved; "" when that cannot be told.
std::string own_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&installed_agent), &info) == 0 || info.dli_fname == nullptr) return {};
  const std::unique_ptr<char, void (*)(void*)> path(realpath(info.dli_fname, nullptr), std::free);
  if (!path) return {};
  const std::string file = path.get();
  return file.substr(0, file.rfind('/'));
}

}  // namespace

std::string installed_agent() {
  const std::string beside = own_folder() + "/" OTPCTL_LIBEXEC_FROM_LIB + kProgram;
  const std::unique_ptr<char, void (*)(void*)> found(realpath(beside.c_str(), nullptr), std::free);
  if (found && access(found.get(), X_OK) == 0) return found.get();
  return std::string(OTPCTL_FULL_LIBEXEC) + kProgram;
}

}  // namespace otpctl::client
