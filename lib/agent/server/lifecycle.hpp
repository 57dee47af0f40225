// How the agent begins and ends: hygiene, one agent per store, the agent file, the ready byte.
#pragma once

#include "base/paths.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "base/fd.hpp"
#include "io/loop.hpp"
#include "rpc/agent_file.hpp"

#include <memory>
#include <string>
#include <vector>

namespace otpctl::server {

/// Before anything is read or opened: umask 077, no core, not dumpable, descriptors to the hard limit and everything
/// above 2 but `keep` closed, `/` as directory; in the background the standard descriptors become /dev/null.
void clean_process(bool background, const std::vector<int>& keep);

/// Leaves of the environment what the agent and the programs it runs need, and the variables that the
/// configuration names; the rest of the caller's does not belong into a daemon.
void reduce_environment(const config::Config& config);

/// Descriptors that clients may take: the limit less 32 for the agent itself and what its mailboxes need.
std::size_t room_for_clients(const config::Config& config);

/// The lock that the one agent of this store holds for its life. `busy` names the agent that has it.
Result<Fd> take_agent_lock(const Paths& paths);

/// The plain file that tells clients where the living agent is; written whole or not at all.
Result<void> write_agent_file(const std::string& path, const rpc::AgentFile& file);

/// True while the store's folder is still the one the lock was taken in.
bool home_is_there(const Paths& paths, const Fd& lock);

/// Ends the agent as SIGTERM does once `fd`, the read end of a pipe, reports end of file: however its owner ended.
class Leash {
 public:
  /// `usage` when nothing can be read from it.
  static Result<std::unique_ptr<Leash>> hold(io::Loop& loop, Fd fd);
  bool has_ended() const { return ended_; }

 private:
  Leash(io::Loop& loop, Fd fd);
  void look();

  Fd fd_;
  io::Watch watch_;
  bool ended_ = false;
};

/// A marked home is of an agent on a leash: one without is refused (`agent_unreachable`), it would outlive the run. With
/// `remove_home`: `usage` for a folder with something in it, but for what a start leaves there and one that is marked:
/// the store of an ordinary agent is not removed because it was started once with the wrong option.
Result<void> may_begin_in(const Paths& paths, bool remove_home);
Result<void> mark_removable(const Paths& paths);

/// Removes what an agent makes in its state folder, and the folder when nothing else is in it. Only a folder that is
/// ours, 0700, and in which `lock` is held; never follows a link; leaves alone what is no plain file or socket of ours.
/// `permission` for another folder, `busy` when something was left in it.
Result<void> remove_home(const Paths& paths, const Fd& lock);

/// Tells the client that started us: one byte 'R', or the error as one JSON line. Closes `fd`; -1: nobody asks.
void tell_starter(int fd, const Error* error);

}  // namespace otpctl::server
