// The two ways in which `watch` shows the timeline.
#pragma once

#include "client/find.hpp"
#include "shared/context.hpp"
#include "shared/terminal.hpp"
#include "watch/watch.hpp"

namespace otpctl::apps::watch {

/// One line an event, JSON or plain words, written before the next page is asked for: a slow reader is waited for, one
/// that is gone ends it with 0.
ExitCode follow_in_lines(const Options& options, Context& context, client::Options agent, rpc::Events from,
                         bool in_json, bool utf8);

/// The table, until `q` or a signal.
ExitCode follow_on_screen(const Options& options, Context& context, client::Options agent, rpc::Events from,
                          const Looks& looks);

}  // namespace otpctl::apps::watch
