// Where everything that belongs to us lives: one function for the agent, its clients and `config path`.
// DESIGN "One agent per store": OTPCTL_HOME holds all together, else the XDG folders; never /tmp.
//
//   what     OTPCTL_HOME=DIR   else, in this order
//   config   DIR/config.toml   --config FILE (wins over DIR too), $CONFIGURATION_DIRECTORY,
//                              $XDG_CONFIG_HOME/otpctl, ~/.config/otpctl
//   state    DIR               $STATE_DIRECTORY, $XDG_STATE_HOME/otpctl, ~/.local/state/otpctl
//   socket   DIR               $OTPCTL_SOCKET (wins over DIR too), $RUNTIME_DIRECTORY,
//                              $XDG_RUNTIME_DIR/otpctl and /run/user/UID/otpctl when the folder
//                              around is ours, the state folder
//
// System service: systemd sets the three *_DIRECTORY variables from StateDirectory=otpctl and its
// like. They count only for a folder that is named `otpctl`: a service of somebody else that calls
// `otpctl wait` has them set too, for its own folders. `--config /etc/otpctl/config.toml` without
// them means /var/lib/otpctl and /run/otpctl; so does, with that file, the account of the service, whose ~ is
// /var/lib/otpctl, unless XDG_CONFIG_HOME or XDG_STATE_HOME says otherwise. As the XDG specification says, a relative XDG
// variable counts as unset; a relative variable of ours is refused. Without HOME, as mail servers, SMS daemons and
// some containers call us, ~ is the folder that the account has in the user database, where that is its own.
#pragma once

#include "base/result.hpp"

#include <functional>
#include <string>
#include <vector>

namespace otpctl {

/// What paths depend on; tests give their own.
struct Surroundings {
  std::function<std::string(const char*)> env;  // "" when unset
  unsigned uid = 0;
  std::function<bool(const std::string&)> is_own_directory;  // exists, ours, not a symlink
  std::string cwd = {};  // a relative --config is meant from here
  std::function<std::string()> home_of_account = {};  // of the user database; "" when it has none
};
Surroundings real_surroundings();

struct Paths {
  std::string config;       // config.toml (may not exist)
  std::string state;        // the store's folder, 0700
  std::string store;        // state/store.db
  std::string key;          // state/key
  std::string agent_file;   // state/agent.json
  std::string agent_lock;   // state/agent.lock: held by the living agent
  std::string start_lock;   // state/start.lock: held by the client that starts one
  std::string socket;       // where an agent started here binds
  std::string lmtp_socket;  // beside it
  std::vector<std::string> candidates;  // sockets that a client tries after the agent file
  std::vector<std::string> of_others;   // those of them where the agent of another store may listen: OTPCTL_SOCKET, the
                                        // system's
};

/// All but the length of the sockets' paths is looked at: for who wants to know whether that alone is wrong.
Result<Paths> paths_of_any_length(const Surroundings& surroundings, const std::string& config_option = {});

/// `config` when sockets would exceed 107 bytes or neither HOME nor OTPCTL_HOME is known.
Result<Paths> resolve_paths(const Surroundings& surroundings, const std::string& config_option = {});

}  // namespace otpctl
