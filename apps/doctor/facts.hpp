// What the checks look at, gathered once: each asks for it as often as it likes.
#pragma once

#include "base/paths.hpp"
#include "client/client.hpp"
#include "config/config.hpp"
#include "doctor/doctor.hpp"

#include <optional>
#include <string>
#include <vector>

namespace otpctl::apps::doctor {

struct Agent {
  enum class Found { none, answers, silent };
  Found found = Found::none;
  std::optional<Error> trouble;  // why it is silent, or why nobody could be asked
  std::optional<Error> other_mailbox;  // the environment asks for one that it does not watch
  AgentStatus status;                  // when it answers, as the rest
  std::optional<HealthReport> health;  // nothing: it knows no such question
  Duration answered_in{};
  std::optional<WallTime> config_taken;  // it was started or reloaded after the file changed; nothing: it was not
};

struct Facts {
  const Context& context;
  Options options;
  std::optional<Paths> paths;
  std::optional<Error> no_paths;
  std::optional<otpctl::config::Config> config;  // nothing: it is wrong
  std::vector<Error> problems;           // of the configuration, in the order of the file
  Agent agent;
  Now now;
};

Facts gather(const Options& options, const Context& context);

/// When the file was changed last: by content, owner or mode.
std::optional<WallTime> changed(const std::string& path);

/// Somebody holds a lock (flock) on this file, by /proc/locks: nothing is locked to find out. A file system whose files
/// have another device number than it has itself (Btrfs) never shows one.
bool is_locked(const std::string& path);

}  // namespace otpctl::apps::doctor
