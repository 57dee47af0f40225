// Which entries of the timeline belong to what was asked for. Pure.
#pragma once

#include "log/log.hpp"

#include <set>

namespace otpctl::apps::log {

/// Entries of the agent and its sources name nobody, but say why something did not come.
bool explains(EventType type);

enum class Belongs { no, explains, yes };

/// Looks at each entry once, oldest first: of a session it learns whose messages are its own.
class Story {
 public:
  Story(const Options& options, std::optional<WallTime> until) : options_(options), until_(until) {}

  Belongs look(const Event& event);

  /// So far behind `until` that nothing before it comes any more.
  bool is_over(const Event& event) const;

 private:
  bool is_of_session(const Event& event);
  void note_end(const Event& event);
  bool is_wanted(EventType type) const;

  const Options& options_;
  std::optional<WallTime> until_;
  std::set<std::string> recipients_;  // of the session
  bool ended_ = false;                // it: what names it goes on, what only may be its own does not
};

/// How long behind `until` there may still be something before it: clocks are corrected now and then.
inline constexpr Duration kSlack = std::chrono::minutes(10);

/// What to ask the agent for: with a recipient, what explains is asked for apart from it.
std::vector<rpc::Events> questions(const Options& options, WallTime since);

}  // namespace otpctl::apps::log
