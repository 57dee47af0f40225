// The end of the timeline, read backwards: it costs what is shown, not what is kept.
#pragma once

#include "client/client.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

namespace otpctl::client {

/// The entries whose ids are greater than `after` and at most `upto`.
struct Range {
  std::uint64_t after = 0;
  std::uint64_t upto = 0;
};

/// The id of the newest entry.
Result<std::uint64_t> newest_entry(Client& agent);

/// The id of the last entry before the first one that came at `time` or later.
Result<std::uint64_t> entry_before(Client& agent, WallTime time);

/// The last `count` entries in `range` that one of the questions (recipient and types count) lets through and
/// `is_wanted` takes, oldest first. The agent reads from the end in steps that grow, each entry about once.
Result<std::deque<rpc::TimelineEvent>> last_events(
    Client& agent, const std::vector<rpc::Events>& questions, Range range, std::size_t count,
    const std::function<bool(const rpc::TimelineEvent&)>& is_wanted = [](const auto&) { return true; });

}  // namespace otpctl::client
