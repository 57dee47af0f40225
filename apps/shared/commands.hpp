// The one table of commands: what the dispatcher's help lists and what each command says of itself.
#pragma once

#include <array>
#include <string_view>

namespace otpctl::apps {

struct CommandInfo {
  std::string_view name;
  std::string_view summary;
};

inline constexpr std::array kCommands{
    CommandInfo{"wait", "block until the code comes; print only the code"},
    CommandInfo{"run", "run a program with a session of its own; its exit code"},
    CommandInfo{"session", "register interest before the code is triggered; list, mark, close"},
    CommandInfo{"manual", "enter a code by hand for whoever waits"},
    CommandInfo{"sms", "hand one SMS to the agent"},
    CommandInfo{"deliver", "hand one e-mail from standard input to the agent"},
    CommandInfo{"watch", "show what happens: a live table, or JSON in a pipe"},
    CommandInfo{"log", "show what happened: messages, waits, sources and why"},
    CommandInfo{"status", "show sources, waiters and sessions"},
    CommandInfo{"health", "say whether all is well, for cron and monitoring"},
    CommandInfo{"agent", "start, stop, restart the agent, or run it in the foreground"},
    CommandInfo{"config", "show where everything is, what is in force, whether it is right"},
    CommandInfo{"extract", "print the code of one message, or explain why there is none"},
    CommandInfo{"doctor", "look at everything that must be right; what to fix"},
};

constexpr std::string_view summary_of(std::string_view name) {
  for (const CommandInfo& each : kCommands) {
    if (each.name == name) return each.summary;
  }
  return {};
}

}  // namespace otpctl::apps
