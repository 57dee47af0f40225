// Every file and folder that belongs to us.
#pragma once

#include "base/paths.hpp"

#include <string>
#include <vector>

namespace otpctl::apps::config {

struct OwnFile {
  std::string name;  // "store": what `otpctl config path store` takes
  std::string path;
  std::string what;  // for people
  bool exists = false;
};

/// `log_file` of the configuration; empty: the usual one. The sockets are those of the living agent where the agent file
/// names some that are there, else those that an agent started now would make.
std::vector<OwnFile> own_files(const Paths& paths, const std::string& log_file);

}  // namespace otpctl::apps::config
