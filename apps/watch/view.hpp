// What `watch` shows on a terminal: values and a clock in, lines out. Pure.
#pragma once

#include "rpc/messages.hpp"
#include "shared/terminal.hpp"
#include "shared/timeline.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace otpctl::apps::watch {

struct State {
  WallTime now{};
  std::optional<AgentStatus> status;  // as it was asked last; ages and what is left are counted by the clock
  std::vector<SessionInfo> sessions;  // all of them, put_in_order()
  std::deque<rpc::TimelineEvent> events;  // the last ones, newest at the end
  std::uint64_t events_seen = 0;          // since it began
  std::string filter;                 // "" or what is shown alone, in words
  std::optional<WallTime> away_since; // the agent is gone and looked for
  std::optional<WallTime> silent_since;  // it is there and does not answer what it was asked then

  void add(std::vector<rpc::TimelineEvent> page);
};

/// Those that somebody waits for first, then the newest: what a small terminal leaves out is old and idle.
void put_in_order(std::vector<SessionInfo>& sessions);

inline constexpr std::size_t kEventsKept = 1000;  // as many as the tallest terminal shows

/// At most `size.rows` lines of at most `size.columns`.
std::vector<Line> view(const State& state, Size size, bool utf8, const Zone& zone);

/// How `lines` are dealt out to parts that would like `wanted`: by turns. The last part gets what the others do not
/// take, and a third at least; a part that would get a heading alone gets nothing.
std::vector<int> deal(int lines, const std::vector<int>& wanted);

}  // namespace otpctl::apps::watch
