// --private: a folder with an agent, a store and sockets of its own, gone with the run.
#pragma once

#include "base/fd.hpp"
#include "client/find.hpp"
#include "shared/context.hpp"

#include <string>
#include <vector>

namespace otpctl::apps::run {

/// Folders in which a private home may be made, the best first: $TMPDIR, $XDG_RUNTIME_DIR, /tmp, /dev/shm; those from
/// the root whose sockets get a path that the system allows. Pure.
std::vector<std::string> places_for_home(const Surroundings& surroundings);

class PrivateHome {
 public:
  /// A fresh folder, 0700. `config`: as --config of `otpctl agent`.
  static Result<PrivateHome> make(const Context& context, const std::string& config);
  PrivateHome(PrivateHome&&) = default;
  PrivateHome& operator=(PrivateHome&&) = delete;
  ~PrivateHome() { end(); }

  const std::string& folder() const { return folder_; }
  /// For clients of the agent in it. One that is started ends, and removes the folder, when this process does.
  const client::Options& agent() const { return agent_; }

  /// Ends the agent and removes the folder.
  void end();

 private:
  explicit PrivateHome(std::string folder) : folder_(std::move(folder)) {}
  Result<void> prepare(const Context& context, const std::string& config);

  std::string folder_;
  Fd leash_;       // read end: the agent's
  Fd leash_held_;  // write end: ours alone
  client::Options agent_;
};

}  // namespace otpctl::apps::run
