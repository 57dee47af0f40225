#include "shared/feed.hpp"
#include "shared/output.hpp"
#include "shared/signals.hpp"
#include "watch/follow.hpp"
#include "watch/view.hpp"

#include <algorithm>
#include <array>

namespace otpctl::apps::watch {

namespace {

constexpr Duration kFrame = std::chrono::milliseconds(100);
constexpr Duration kClock = std::chrono::seconds(1);       // ages and times left move
constexpr Duration kState = std::chrono::seconds(1);       // after events, not more often
constexpr Duration kStateIdle = std::chrono::seconds(15);  // signs of life come without events

std::string filter_of(const Options& options) {
  std::string text = options.recipient;
  for (std::size_t i = 0; i < options.types.size(); ++i)
    text += (i > 0 ? "," : text.empty() ? "" : " ") + std::string(rpc::name_of(options.types[i]));
  return text;
}

class OnScreen {
 public:
  OnScreen(const Options& options, Context& context, client::Options agent, rpc::Events from, const Looks& looks)
      : options_(options),
        context_(context),
        feed_(std::move(agent), std::move(from)),
        looks_(looks),
        zone_(local_zone()),
        screen_(looks.color),
        terminal_(context) {
    state_.filter = filter_of(options);
  }

  ExitCode loop() {
    feed_.ask_page();
    for (;;) {
      std::array<pollfd, 3> watch{
          pollfd{signals_.fd(), POLLIN, 0}, pollfd{keys_open_ ? terminal_.keys_fd() : -1, POLLIN, 0},
          pollfd{terminal_.has_kept() ? terminal_.fd() : -1, POLLOUT, 0}};
      Feed::Happening what = feed_.next(watch, wake_at());
      if (auto* error = std::get_if<Error>(&what)) return end(*error);
      if (auto* away = std::get_if<Feed::Away>(&what); away != nullptr && options_.exit_with_agent)
        return end(away->why);
      take(what);
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

  void take(Feed::Happening& what) {
    if (auto* page = std::get_if<rpc::EventsResult>(&what)) {
      answered_ = true;
      changed_ = changed_ || !page->events.empty();
      stale_ = stale_ || !page->events.empty();
      state_.add(std::move(page->events));
      if (page->more) feed_.ask_page();  // else with the next frame, so that a page holds many
    } else if (auto* status = std::get_if<AgentStatus>(&what)) {
      state_.status = std::move(*status);
      changed_ = true;
      if (std::exchange(state_.away_since, std::nullopt)) {
        stale_ = true;
        asked_at_.reset();
      }
    } else if (auto* sessions = std::get_if<rpc::SessionListResult>(&what)) {
      state_.sessions = std::move(sessions->sessions);
      state_.more_sessions = sessions->more;
      changed_ = true;
    } else if (std::holds_alternative<Feed::Away>(what)) {
      if (!state_.away_since) state_.away_since = context_.now().wall;
      changed_ = true;
    }
  }

  std::optional<ExitCode> heed(int number) {
    if (number == SIGWINCH) {
      changed_ = true;
      return std::nullopt;
    }
    terminal_.leave();
    if (const auto exit = exit_for_signal(number)) return exit;
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
    if (now < next_frame_ || !answered_) return true;
    if (now >= next_clock_) changed_ = true;
    feed_.ask_page();
    if (!asked_at_ || now - *asked_at_ >= state_every()) ask_state();
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
    if (feed_.is_away()) return;
    feed_.ask(rpc::Status{});
    feed_.ask(rpc::SessionList{});
    asked_at_ = context_.now().instant;
    stale_ = false;
  }

  /// Never before the next frame. What cannot be done now (no agent to ask, a terminal that takes nothing) wakes
  /// nobody.
  std::optional<Instant> wake_at() const {
    if (!answered_) return std::nullopt;  // the first answer decides whether there is an agent at all
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
  Feed feed_;
  Looks looks_;
  Zone zone_;
  State state_;
  Screen screen_;
  Terminal terminal_;
  bool answered_ = false;  // there is an agent
  bool on_ = false;        // the terminal is taken over
  bool keys_open_ = true;
  bool changed_ = true;
  bool stale_ = false;     // something happened since the state was asked for
  std::optional<Instant> asked_at_;
  Instant next_frame_{};
  Instant next_clock_{};
};

}  // namespace

ExitCode follow_on_screen(const Options& options, Context& context, client::Options agent, rpc::Events from,
                          const Looks& looks) {
  return OnScreen(options, context, std::move(agent), std::move(from), looks).loop();
}

}  // namespace otpctl::apps::watch
