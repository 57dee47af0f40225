#include "config/files.hpp"

#include "base/private_folder.hpp"
#include "client/agent_file.hpp"

#include <sys/stat.h>

namespace otpctl::apps::config {

namespace {

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

struct Sockets {
  std::string agent;
  std::string lmtp;
};

Sockets sockets_of(const Paths& paths) {
  const Sockets usual{paths.socket, paths.lmtp_socket};
  const auto known = client::agent_file(paths);
  if (!known || !exists(known->socket)) return usual;
  return {known->socket, known->lmtp.empty() ? paths.lmtp_socket : known->lmtp};
}

}  // namespace

std::vector<OwnFile> own_files(const Paths& paths, const std::string& log_file) {
  const Sockets sockets = sockets_of(paths);
  std::vector<OwnFile> files{
      {"config", paths.config, "the configuration"},
      {"state", paths.state, "folder of what the agent keeps"},
      {"store", paths.store, "codes, sessions and the timeline, encrypted"},
      {"store-wal", paths.store + "-wal", "the store's last changes"},
      {"store-shm", paths.store + "-shm", "the store's shared memory"},
      {"key", paths.key, "key of the store"},
      {"agent-file", paths.agent_file, "names the living agent"},
      {"agent-lock", paths.agent_lock, "held by the living agent"},
      {"start-lock", paths.start_lock, "held while an agent is started"},
      {"log", log_file.empty() ? paths.state + "/agent.log" : log_file, "log of the agent"},
      {"runtime", folder_of(sockets.agent), "folder of the sockets"},
      {"socket", sockets.agent, "the agent's socket"},
      {"lmtp-socket", sockets.lmtp, "takes whole messages"},
  };
  for (OwnFile& file : files) file.exists = exists(file.path);
  return files;
}

}  // namespace otpctl::apps::config
