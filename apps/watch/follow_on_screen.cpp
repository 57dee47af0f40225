#include "client/follower.hpp"
#include "client/last_events.hpp"
#include "client/pages.hpp"
#include "shared/output.hpp"
#include "shared/signals.hpp"
#include "watch/follow.hpp"
#include "watch/view.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace otpctl::apps::watch {

namespace {

constexpr Duration kFrame = std::chrono::milliseconds(100);
constexpr Duration kClock = std::chrono::seconds(1);       // ages and times left move
constexpr Duration kState = std::chrono::seconds(1);       // after events, not more often
constexpr std::uint64_t kReadBack = 20'000;                // ids
constexpr int kSessionsRest = 20;                          // × the time that all their pages took
constexpr Duration kStateIdle = std::chrono::seconds(5);   // signs of life come without events
constexpr Duration kSilent = std::chrono::seconds(5);      // an agent that is well answers within milliseconds

std::string filter_of(const Options& options) {
  std::string text = options.recipient;
  for (std::size_t i = 0; i < options.types.size(); ++i)
    text += (i > 0 ? "," : text.empty() ? "" : " ") + std::string(rpc::name_of(options.types[i]));
  return text;
}

class OnScreen {
 public:
  OnScreen(const Options& options, Context& context, client::Options agent, rpc::Events from, const Looks& looks,
           std::deque<rpc::TimelineEvent> before)
      : options_(options),
        context_(context),
        feed_(std::move(agent), std::move(from), client::Follower::Patience::endless),
        looks_(looks),
        zone_(local_zone()),
        screen_(looks.color),
        terminal_(context) {
    state_.filter = filter_of(options);
    state_.events = std::move(before);
  }

  ExitCode loop() {
    feed_.ask_page();
    ask_state();
    for (;;) {
      std::array<pollfd, 3> watch{
          pollfd{signals_.fd(), POLLIN, 0}, pollfd{keys_open_ ? terminal_.keys_fd() : -1, POLLIN, 0},
          pollfd{terminal_.has_kept() ? terminal_.fd() : -1, POLLOUT, 0}};
      client::Follower::Step what = feed_.next(watch, wake_at());
      if (auto* error = std::get_if<Error>(&what)) return end(*error);
      if (auto* away = std::get_if<client::Follower::Away>(&what); away != nullptr && options_.exit_with_agent)
        return end(away->why);
      if (const auto wrong = take(what)) return end(*wrong);
      if (watch[0].revents != 0) {
        while (const auto number = signals_.take()) {
          if (const auto exit = heed(*number)) return *exit;
        }
      }
      if (watch[1].revents != 0 && quit_was_pressed()) return ExitCode::done;
      if (!act()) return ExitCode::done;  // the terminal is gone
    }
  }

 private:
  /// The terminal is given back before a word is said.
  ExitCode end(const Error& error) {
    terminal_.leave();
    return report(context_, error, false);
  }

  /// An Error: the agent's pages lead nowhere.
  std::optional<Error> take(client::Follower::Step& what) {
    if (auto* page = std::get_if<rpc::EventsResult>(&what)) {
      changed_ = changed_ || !page->events.empty();
      stale_ = stale_ || !page->events.empty();
      state_.add(std::move(page->events));
      if (page->more) feed_.ask_page();  // else with the next frame, so that a page holds many
    } else if (auto* status = std::get_if<AgentStatus>(&what)) {
      state_.status = std::move(*status);
      changed_ = true;
      unanswered_.reset();
      const bool was_silent = std::exchange(state_.silent_since, std::nullopt).has_value();
      if (std::exchange(state_.away_since, std::nullopt) || was_silent) {
        stale_ = true;
        asked_at_.reset();
      }
    } else if (auto* list = std::get_if<rpc::SessionListResult>(&what)) {
      return take_sessions(std::move(*list));
    } else if (std::holds_alternative<client::Follower::Away>(what)) {
      if (!state_.away_since) state_.away_since = context_.now().wall;
      unanswered_.reset();  // of one that hangs it is known already
      sessions_asked_at_.reset();
      changed_ = true;
    }
    return std::nullopt;
  }

  /// Page after page; shown when all are there. The more there are, the more rarely they are asked for.
  std::optional<Error> take_sessions(rpc::SessionListResult page) {
    if (!sessions_asked_at_) return std::nullopt;
    const bool moves = !page.sessions.empty() && (sessions_.empty() || page.sessions.back().id > sessions_.back().id);
    if (page.more && !moves) return client::no_progress("session.list");
    std::move(page.sessions.begin(), page.sessions.end(), std::back_inserter(sessions_));
    if (page.more) {
      feed_.ask(rpc::SessionList{sessions_.back().id});
      return std::nullopt;
    }
    put_in_order(sessions_);
    state_.sessions = std::exchange(sessions_, {});
    const Instant now = context_.now().instant;
    sessions_not_before_ = now + kSessionsRest * (now - *sessions_asked_at_);
    sessions_asked_at_.reset();
    changed_ = true;
    return std::nullopt;
  }

  std::optional<ExitCode> heed(int number) {
    if (number == SIGWINCH) {
      changed_ = true;
      return std::nullopt;
    }
    terminal_.leave();
    if (const auto exit = exit_for_signal(number)) return exit;
    if (unanswered_) unanswered_ = context_.now();  // while we were stopped nobody could have answered us
    // After SIGCONT the shell may have changed what it liked, so it is given back and taken anew.
    if (number != SIGCONT) signals_.let_happen(number);
    if (on_) paint_anew();
    return std::nullopt;
  }

  void paint_anew() {
    terminal_.enter();
    on_ = true;
    screen_.forget();
    changed_ = true;
  }

  bool quit_was_pressed() {
    const auto keys = terminal_.keys();
    keys_open_ = keys.has_value();
    if (keys && keys->find('\f') != keys->npos) paint_anew();  // Ctrl-L
    return keys && keys->find_first_of("qQ\x04") != keys->npos;
  }

  /// What the time has come for. False: the terminal is gone.
  bool act() {
    const Instant now = context_.now().instant;
    if (terminal_.has_kept() && !terminal_.flush()) return false;
    if (now < next_frame_) return true;
    if (now >= next_clock_) changed_ = true;
    if (unanswered_ && now - unanswered_->instant >= kSilent && !state_.silent_since) {
      state_.silent_since = unanswered_->wall;
      changed_ = true;
    }
    feed_.ask_page();
    if (!feed_.is_away() && (!asked_at_ || now - *asked_at_ >= state_every())) ask_state();
    if (!changed_ || terminal_.has_kept() || !is_worth_showing()) return true;
    if (!on_) paint_anew();
    changed_ = false;
    next_frame_ = now + kFrame;
    next_clock_ = now + kClock;
    state_.now = context_.now().wall;
    const Size size = size_of(context_);
    const std::string bytes = screen_.change_to(view(state_, size, looks_.utf8, zone_), size);
    return bytes.empty() || terminal_.write(bytes);
  }

  Duration state_every() const { return stale_ ? kState : kStateIdle; }
  bool is_worth_showing() const { return state_.status || state_.away_since; }

  void ask_state() {
    const Instant now = context_.now().instant;
    feed_.ask(rpc::Status{});
    if (!unanswered_) unanswered_ = context_.now();
    stale_ = now < sessions_not_before_;
    if (!sessions_asked_at_ && !stale_) {
      sessions_.clear();
      feed_.ask(rpc::SessionList{});
      sessions_asked_at_ = now;
    }
    asked_at_ = now;
  }

  /// Never before the next frame. What cannot be done now (no agent to ask, a terminal that takes nothing) wakes
  /// nobody.
  std::optional<Instant> wake_at() const {
    Instant until = Instant::max();
    if (!feed_.page_is_asked()) until = next_frame_;
    if (!feed_.is_away()) until = std::min(until, asked_at_ ? *asked_at_ + state_every() : next_frame_);
    if (is_worth_showing() && !terminal_.has_kept()) until = std::min(until, changed_ ? next_frame_ : next_clock_);
    return std::max(until, next_frame_);
  }

  const Options& options_;
  Context& context_;
  // Before the terminal: it is given back while they are still held.
  Signals signals_{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH};
  client::Follower feed_;
  Looks looks_;
  Zone zone_;
  State state_;
  Screen screen_;
  Terminal terminal_;
  bool on_ = false;        // the terminal is taken over
  bool keys_open_ = true;
  bool changed_ = true;
  bool stale_ = false;     // something happened since the state was asked for
  std::optional<Instant> asked_at_;
  std::optional<Now> unanswered_;  // since when a status is
  std::vector<SessionInfo> sessions_;  // of the pages so far
  std::optional<Instant> sessions_asked_at_;
  Instant sessions_not_before_{};
  Instant next_frame_{};
  Instant next_clock_{};
};

/// What happened before it began, so that the table does not begin empty; `from` goes on behind it. As many as the
/// terminal has rows, and not more than a moment's reading back.
Result<std::deque<rpc::TimelineEvent>> what_was(const client::Options& agent, rpc::Events& from, Size size) {
  client::Options any_mailbox = agent;
  any_mailbox.environment.clear();
  client::Client asking(any_mailbox);
  const auto newest = client::newest_entry(asking);
  if (!newest) return fail(newest.error());
  from.after = *newest;
  const client::Range range{*newest - std::min(*newest, kReadBack), *newest};
  return client::last_events(asking, {from}, range, static_cast<std::size_t>(size.rows));
}

}  // namespace

ExitCode follow_on_screen(const Options& options, Context& context, client::Options agent, rpc::Events from,
                          const Looks& looks) {
  std::deque<rpc::TimelineEvent> before;
  if (!from.after && !from.since) {
    auto read = what_was(agent, from, size_of(context));
    if (!read) return report(context, read.error(), false);
    before = std::move(*read);
  }
  return OnScreen(options, context, std::move(agent), std::move(from), looks, std::move(before)).loop();
}

}  // namespace otpctl::apps::watch
