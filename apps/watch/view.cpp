#include "watch/view.hpp"

#include "base/text.hpp"
#include "shared/cells.hpp"
#include "shared/output.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace otpctl::apps::watch {

void State::add(std::vector<rpc::TimelineEvent> page) {
  events_seen += page.size();
  if (page.size() > kEventsKept) page.erase(page.begin(), page.end() - kEventsKept);
  std::move(page.begin(), page.end(), std::back_inserter(events));
  while (events.size() > kEventsKept) events.pop_front();
}

void put_in_order(std::vector<SessionInfo>& sessions) {
  std::sort(sessions.begin(), sessions.end(), [](const SessionInfo& a, const SessionInfo& b) {
    if ((a.waiters > 0) != (b.waiters > 0)) return a.waiters > 0;
    return a.created != b.created ? a.created > b.created : a.id < b.id;
  });
}

std::vector<int> deal(int lines, const std::vector<int>& wanted) {
  std::vector<int> given(wanted.size(), 0);
  const std::size_t last = wanted.size() - 1;
  int left = std::max(lines, 0);
  given[last] = std::min({left, wanted[last], std::max(left / 3, 1)});
  left -= given[last];
  for (bool moved = true; moved && left > 0;) {
    moved = false;
    for (std::size_t i = 0; i < last && left > 0; ++i) {
      if (given[i] == wanted[i]) continue;
      ++given[i];
      --left;
      moved = true;
    }
  }
  for (std::size_t i = 0; i < last; ++i) {
    if (given[i] == 1 && wanted[i] > 1) left += std::exchange(given[i], 0);
  }
  given[last] += left;
  return given;
}

namespace {

constexpr int kWide = 72;
constexpr int kTypeColumns = 7;

Tone tone_of(SourceState state) {
  switch (state) {
    case SourceState::live: return Tone::good;
    case SourceState::starting: return Tone::plain;
    case SourceState::throttled: return Tone::warn;
    case SourceState::unreachable:
    case SourceState::signed_out: return Tone::bad;
  }
  return Tone::plain;
}

std::string spaced(std::string_view name) {
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

class View {
 public:
  View(const State& state, Size size, bool utf8, const Zone& zone)
      : state_(state), size_(size), utf8_(utf8), zone_(zone) {}

  std::vector<Line> all() const {
    std::vector<Line> lines{header()};
    std::vector<Part> parts{sources(), waiters(), sessions()};
    std::vector<int> wanted;
    for (const Part& part : parts) wanted.push_back(static_cast<int>(part.lines.size()) + (part.left_out > 0 ? 1 : 0));
    wanted.push_back(static_cast<int>(std::min(state_.events.size(), kEventsKept)) + 1);
    const std::vector<int> given = deal(size_.rows - 1, wanted);
    for (std::size_t i = 0; i < parts.size(); ++i) put(lines, std::move(parts[i]), given[i]);
    put_events(lines, given.back());
    lines.resize(std::min(lines.size(), static_cast<std::size_t>(size_.rows)));
    return lines;
  }

 private:
  /// The first line is the heading.
  struct Part {
    std::vector<Line> lines;
    int left_out = 0;  // that have no line here
  };

  std::string show(std::string_view text) const { return shown(text, utf8_); }
  std::string left_until(WallTime time) const { return ago(state_.now, time); }

  /// The agent leaves out what does not fit into its answer, the longest list first.
  static std::size_t waiting(const AgentStatus& status) {
    return status.waiters.size() + static_cast<std::size_t>(std::max(status.more, 0));
  }

  Line header() const {
    if (state_.silent_since) {
      const std::string time = ago(*state_.silent_since, state_.now);
      const std::string text = size_.columns < 40 ? "no answer for " + time
                                                  : "otpctl: the agent does not answer (" + time + ")";
      return Line{fit(text, size_.columns, utf8_), Tone::bad};
    }
    if (state_.away_since) {
      const std::string time = ago(*state_.away_since, state_.now);
      const std::string text = size_.columns < 40 ? "no agent for " + time
                                                  : "otpctl: the agent is away for " + time + ", looking for it";
      return Line{fit(text, size_.columns, utf8_), Tone::bad};
    }
    const std::string clock = clock_of(state_.now, zone_);
    if (!state_.status) return Line{fit("otpctl watch  " + clock, size_.columns, utf8_), Tone::head};
    const AgentStatus& status = *state_.status;
    // The most important stands first: a narrow terminal cuts the rest.
    std::string text = "otpctl " + show(status.version) + "  " + std::to_string(waiting(status)) + " waiting  " +
                       std::to_string(status.sessions) + (status.sessions == 1 ? " session  " : " sessions  ") +
                       std::to_string(status.codes_pending) + " kept  " + std::to_string(status.codes_delivered) +
                       " given  " + std::to_string(state_.events_seen) + " events  pid " +
                       std::to_string(status.pid) + "  up " + ago(status.started, state_.now);
    if (!state_.filter.empty()) text += "  only " + show(state_.filter);
    const int room = size_.columns - static_cast<int>(clock.size()) - 2;
    if (room < 20) return Line{fit(text, size_.columns, utf8_), Tone::head};
    return Line{pad(text, room, utf8_) + "  " + clock, Tone::head};
  }

  Part part_of(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows,
               const std::vector<Tone>& tones) const {
    Part part;
    if (rows.empty()) return part;
    const std::vector<std::string> texts = in_columns(columns, rows, size_.columns, utf8_);
    for (std::size_t i = 0; i < texts.size(); ++i)
      part.lines.push_back(Line{texts[i], i == 0 ? Tone::head : tones[i - 1]});
    return part;
  }

  Part sources() const {
    if (!state_.status || state_.status->sources.empty()) return {};
    std::vector<SourceStatus> all = state_.status->sources;
    // Those in trouble first: they are what a small terminal must show.
    std::stable_partition(all.begin(), all.end(), [](const SourceStatus& each) {
      return each.state != SourceState::live;
    });
    std::vector<std::vector<std::string>> rows;
    std::vector<Tone> tones;
    for (const SourceStatus& each : all) {
      std::string detail = show(each.detail);
      if (each.retry_at && *each.retry_at > state_.now)
        detail += (detail.empty() ? "" : ", ") + ("next try in " + left_until(*each.retry_at));
      rows.push_back({show(each.name), spaced(rpc::name_of(each.state)), ago(each.since, state_.now),
                      each.last_alive ? ago(*each.last_alive, state_.now) : "-", std::to_string(each.messages),
                      detail});
      tones.push_back(tone_of(each.state));
    }
    return part_of({{"SOURCE", 0, true}, {"STATE", 0, false}, {"FOR", 1, false}, {"ALIVE", 3, false},
                    {"MESSAGES", 4, false}, {"DETAIL", 2, true}},
                   rows, tones);
  }

  /// Ambiguous ones first: they wait for a person. Then as the agent tells them: the oldest first.
  Part waiters() const {
    if (!state_.status || state_.status->waiters.empty()) return {};
    std::vector<WaiterInfo> all = state_.status->waiters;
    std::stable_partition(all.begin(), all.end(), [](const WaiterInfo& each) { return each.ambiguous; });
    std::vector<std::vector<std::string>> rows;
    std::vector<Tone> tones;
    for (const WaiterInfo& each : all) {
      int seen = 0;
      for (const Seen& one : each.seen) seen += one.count;
      const std::string state = state_of(each);
      rows.push_back({who(each.target), left_of(each), std::to_string(each.pid), show(each.session.substr(0, 8)),
                      ago(each.since, state_.now), std::to_string(seen), state});
      tones.push_back(state == "waiting" || each.queued ? Tone::plain : Tone::warn);
    }
    Part part = part_of({{"WAITS FOR", 0, true}, {"LEFT", 0, false}, {"PID", 2, false}, {"SESSION", 4, false},
                         {"SINCE", 5, false}, {"SEEN", 3, false}, {"STATE", 1, false}},
                        rows, tones);
    part.left_out = std::max(state_.status->more, 0);
    return part;
  }

  std::string left_of(const WaiterInfo& waiter) const {
    if (waiter.deadline) return left_until(*waiter.deadline);
    return waiter.queued ? "queued" : "no limit";
  }

  std::string state_of(const WaiterInfo& waiter) const {
    if (waiter.queued) return "in line";
    if (waiter.ambiguous) return size_.columns < kWide ? "ambiguous" : "ambiguous: otpctl manual";
    const bool degraded = std::any_of(state_.sessions.begin(), state_.sessions.end(), [&](const SessionInfo& each) {
      return each.degraded && each.id == waiter.session;
    });
    return degraded ? "degraded" : "waiting";
  }

  std::string state_of(const SessionInfo& session) const {
    const std::string state(rpc::name_of(session.state));
    if (!session.degraded) return state;
    return size_.columns < kWide ? "degraded" : state + ", degraded";
  }

  Part sessions() const {
    std::vector<std::vector<std::string>> rows;
    std::vector<Tone> tones;
    const std::size_t count = std::min(state_.sessions.size(), static_cast<std::size_t>(size_.rows));
    for (std::size_t i = 0; i < count; ++i) {
      const SessionInfo& each = state_.sessions[i];
      rows.push_back({show(each.id.substr(0, 8)), state_of(each), who(each.target),
                      each.expires ? left_until(*each.expires) : "-", std::to_string(each.waiters),
                      std::to_string(each.codes_given)});
      tones.push_back(each.degraded || each.contended > 1 ? Tone::warn : Tone::plain);
    }
    Part part = part_of({{"SESSION", 2, false}, {"STATE", 1, false}, {"FOR", 0, true}, {"LEFT", 0, false},
                         {"WAITERS", 4, false}, {"GIVEN", 3, false}},
                        rows, tones);
    part.left_out = static_cast<int>(state_.sessions.size() - count);
    return part;
  }

  std::string who(const Target& target) const {
    if (target.email.empty()) return show(target.phone);
    return show(target.email) + (target.phone.empty() ? "" : " " + show(target.phone));
  }

  /// The first lines; where some do not fit the last says how many.
  void put(std::vector<Line>& lines, Part part, int given) const {
    if (given == 0) return;
    const int all = static_cast<int>(part.lines.size());
    int hidden = part.left_out;
    if (given < all || hidden > 0) {
      const int kept = std::min(given - 1, all);
      hidden += all - kept;
      part.lines.resize(static_cast<std::size_t>(std::max(kept, 0)));
      part.lines.push_back(Line{fit("and " + std::to_string(hidden) + " more", size_.columns, utf8_), Tone::dim});
    }
    std::move(part.lines.begin(), part.lines.end(), std::back_inserter(lines));
  }

  /// The newest stands at the bottom of the terminal.
  void put_events(std::vector<Line>& lines, int given) const {
    if (given <= 0) return;
    const bool heading = given > 2;
    if (heading) lines.push_back(Line{fit(events_heading(), size_.columns, utf8_), Tone::head});
    const std::size_t room = static_cast<std::size_t>(heading ? given - 1 : given);
    const std::size_t count = std::min(room, state_.events.size());
    for (auto each = state_.events.end() - static_cast<std::ptrdiff_t>(count); each != state_.events.end(); ++each)
      lines.push_back(line_of(*each));
  }

  std::string events_heading() const {
    if (state_.events.empty()) return "EVENTS  none yet";
    return "EVENTS";
  }

  Line line_of(const rpc::TimelineEvent& event) const {
    const InWords words = in_words(event, utf8_, zone_);
    const std::string clock = clock_of(event.at, zone_);
    if (size_.columns >= kWide) {
      // A long list of recipients leaves room for what happened.
      const std::string who = fit(words.who, size_.columns * 2 / 5, utf8_);
      std::string text = clock + " " + pad(words.type, kTypeColumns, utf8_) + " ";
      text += who + (who.empty() ? "" : " ") + words.what;
      return Line{fit(text, size_.columns, utf8_), words.tone};
    }
    // Hours and minutes are enough where there is little room, and what happened before to whom.
    std::string text = clock.substr(0, size_.columns < 40 ? 5 : 8) + " " + words.brief;
    if (!words.who.empty()) text += "  " + words.who;
    return Line{fit(text, size_.columns, utf8_), words.tone};
  }

  const State& state_;
  Size size_;
  bool utf8_;
  const Zone& zone_;
};

}  // namespace

std::vector<Line> view(const State& state, Size size, bool utf8, const Zone& zone) {
  return View(state, size, utf8, zone).all();
}

}  // namespace otpctl::apps::watch
