#include "client/follower.hpp"
#include "shared/output.hpp"
#include "shared/signals.hpp"
#include "watch/follow.hpp"

#include <array>

namespace otpctl::apps::watch {

namespace {

bool is_gone(const pollfd& reader) { return (reader.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0; }

class InLines {
 public:
  InLines(const Options& options, Context& context, client::Options agent, rpc::Events from, bool in_json, bool utf8)
      : options_(options),
        context_(context),
        feed_(std::move(agent), std::move(from), client::Follower::Patience::endless),
        in_json_(in_json),
        utf8_(utf8),
        zone_(local_zone()) {}

  ExitCode loop() {
    // Of an idle pipe too it is known at once that nobody reads it any more.
    std::array<pollfd, 2> watch{pollfd{signals_.fd(), POLLIN, 0}, pollfd{context_.out.fd(), 0, 0}};
    feed_.ask_page();
    for (;;) {
      const client::Follower::Step what = feed_.next(watch, {});
      if (const auto* page = std::get_if<rpc::EventsResult>(&what)) {
        if (const auto exit = write(page->events)) return *exit;
        feed_.ask_page();
      } else if (const auto* error = std::get_if<Error>(&what)) {
        return report(context_, *error, options_.json);
      } else if (const auto* away = std::get_if<client::Follower::Away>(&what)) {
        if (options_.exit_with_agent) return report(context_, away->why, options_.json);
        if (!std::exchange(said_away_, true))
          warn(context_, {away->why.message + "; looking for the next one", 0}, options_.json);
      } else if (std::holds_alternative<AgentStatus>(what)) {
        said_away_ = false;  // there is an agent again
      } else if (std::holds_alternative<client::Follower::Watched>(what)) {
        if (const auto exit = leave(watch[1])) return *exit;
      }
    }
  }

 private:
  std::optional<ExitCode> write(const std::vector<rpc::TimelineEvent>& events) {
    std::string text;
    for (const rpc::TimelineEvent& each : events)
      text += (in_json_ ? rpc::to_json(each) : one_line(each, utf8_, zone_)) + "\n";
    if (text.empty()) return std::nullopt;
    signals_.release();  // a reader that never reads must not make this process immortal
    const auto written = context_.out.write(text);
    signals_.hold();
    if (written) return std::nullopt;
    pollfd reader{context_.out.fd(), 0, 0};
    if (poll(&reader, 1, 0) > 0 && is_gone(reader)) return ExitCode::done;
    return report(context_, Error{ErrorCode::storage, "standard output: " + written.error().message}, options_.json);
  }

  std::optional<ExitCode> leave(const pollfd& reader) const {
    if (const auto number = signals_.take()) return exit_for_signal(*number);
    return is_gone(reader) ? std::optional<ExitCode>(ExitCode::done) : std::nullopt;
  }

  const Options& options_;
  Context& context_;
  Signals signals_{SIGINT, SIGTERM};
  client::Follower feed_;
  bool in_json_;
  bool utf8_;
  Zone zone_;
  bool said_away_ = false;
};

}  // namespace

ExitCode follow_in_lines(const Options& options, Context& context, client::Options agent, rpc::Events from,
                         bool in_json, bool utf8) {
  return InLines(options, context, std::move(agent), std::move(from), in_json, utf8).loop();
}

}  // namespace otpctl::apps::watch
