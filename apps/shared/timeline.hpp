// Entries of the timeline for people: what `watch` and `log` say of an event. Pure, but for the zone of this machine.
#pragma once

#include "rpc/messages.hpp"
#include "shared/cli.hpp"
#include "shared/terminal.hpp"

#include <functional>
#include <string>
#include <vector>

namespace otpctl::apps {

/// How far local time is ahead of UTC then.
using Zone = std::function<std::chrono::seconds(WallTime)>;
Zone local_zone();

std::string date_of(WallTime time, const Zone& zone);   // "2026-11-20"
std::string clock_of(WallTime time, const Zone& zone);  // "09:33:58"

/// An event in words, all of it fit for a terminal.
struct InWords {
  std::string type;  // "message"
  std::string who;   // recipient, source; may be empty
  std::string what;  // "no code in it: … (from no-reply@shop.example by main/INBOX)": what matters most stands first
  std::string brief;  // "no code", "exit 124": type and state, for where there is little room
  Tone tone = Tone::plain;
};
InWords in_words(const rpc::TimelineEvent& event, bool utf8, const Zone& zone);

/// "2026-11-20 09:33:58  message  bot5@example.com  arrived …": one line for a file, a pipe or a screen reader.
std::string one_line(const rpc::TimelineEvent& event, bool utf8, const Zone& zone);

/// For a terminal of that width: one_line() broken with a hanging indent; below 72 columns days are headings (`day` is
/// the one that stands last) and what stands beside stands below.
std::vector<Line> in_lines(const rpc::TimelineEvent& event, int columns, bool utf8, const Zone& zone, std::string& day);

/// A moment on the command line: a duration ("2h": so long ago) or RFC 3339 with Z or an offset.
struct Moment {
  std::optional<Duration> ago;
  std::optional<WallTime> at;
  std::optional<WallTime> local = {};        // a local date and time, as if it were UTC
  std::optional<Duration> time_of_day = {};  // local: the last such time
  bool operator==(const Moment&) const = default;
};
Result<Moment> parse_moment(const std::string& text);
WallTime resolve(const Moment& moment, WallTime now, const Zone& zone);

/// "message,wait". `usage` naming the types there are.
Result<std::vector<EventType>> parse_types(const std::string& text);

/// A glob over addresses and numbers, as --email takes it. `usage`: empty, too long, or with what no address holds.
Result<std::string> parse_glob(const std::string& text);

/// --email and --type.
void add_which(CLI::App& app, std::string& recipient, std::vector<EventType>& types);
/// --since or --until.
void add_moment(CLI::App& app, const char* names, std::optional<Moment>& value, const char* help);

}  // namespace otpctl::apps
