#include "log/log.hpp"

#include "base/text.hpp"
#include "client/pages.hpp"
#include "log/story.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"

#include <algorithm>
#include <deque>
#include <poll.h>

namespace otpctl::apps::log {

const Command<Options> kCommand{
    "log",
    "  otpctl log --email bot5@example.com --since 3h\n"
    "  otpctl log --type source,agent --since 7d\n"
    "  otpctl log --json --type message | jq -r 'select(.verdict==\"none\").reason'\n",
    add, run};

namespace {

constexpr Duration kSince = std::chrono::hours(24);
constexpr std::size_t kShortestId = 4;
constexpr std::size_t kLongestId = 36;

Result<std::string> parse_session(const std::string& text) {
  const std::string id = to_lower(text);
  if (id.size() < kShortestId || id.size() > kLongestId || id.find_first_not_of("0123456789abcdef-") != id.npos)
    return fail(ErrorCode::usage,
                "'" + printable(text, 60) + "' is no session: its id, or the first 4 characters of it");
  return id;
}

/// One question's answers, page after page.
class Pages {
 public:
  explicit Pages(rpc::Events ask) : ask_(std::move(ask)) {}

  /// The oldest entry that was not taken yet; nullptr at the end.
  Result<const Event*> front(client::Client& agent) {
    while (page_.empty() && more_) {
      auto page = agent.ask<rpc::EventsResult>(ask_);
      if (!page) return fail(page.error());
      page_.assign(std::make_move_iterator(page->events.begin()), std::make_move_iterator(page->events.end()));
      more_ = page->more;
      if (more_ && ask_.after && page->next <= *ask_.after) return fail(client::no_progress("events"));
      ask_.after = page->next;
      ask_.since.reset();
    }
    return page_.empty() ? nullptr : &page_.front();
  }
  Event take() {
    Event event = std::move(page_.front());
    page_.pop_front();
    return event;
  }
  bool is_dry() const { return page_.empty() && more_; }  // the next one must be asked for

 private:
  rpc::Events ask_;
  std::deque<Event> page_;
  bool more_ = true;
};

class Run {
 public:
  Run(const Options& options, Context& context, client::Options agent)
      : options_(options),
        context_(context),
        agent_(std::move(agent)),
        looks_(looks_of(context)),
        zone_(local_zone()),
        columns_(looks_.terminal ? size_of(context).columns : 0) {}

  ExitCode read() {
    const WallTime now = context_.now().wall;
    const WallTime since = resolve(options_.since.value_or(Moment{kSince, {}}), now, zone_);
    const auto until = options_.until ? std::optional(resolve(*options_.until, now, zone_)) : std::nullopt;
    Story story(options_, until);
    for (rpc::Events& each : questions(options_, since)) pages_.emplace_back(std::move(each));
    for (;;) {
      const bool dry = std::any_of(pages_.begin(), pages_.end(), [](const Pages& each) { return each.is_dry(); });
      if (dry && !flush()) return cannot_write();
      auto event = next();
      if (!event) return failed(event.error());
      if (!*event || story.is_over(**event)) break;
      const Belongs belongs = story.look(**event);
      keep(belongs, std::move(**event));
    }
    if (!found_) return nothing();
    for (const Event& each : last_) print(each);
    return flush() ? ExitCode::done : cannot_write();
  }

 private:
  /// The oldest entry of all questions.
  Result<std::optional<Event>> next() {
    Pages* oldest = nullptr;
    std::uint64_t id = 0;
    for (Pages& each : pages_) {
      const auto front = each.front(agent_);
      if (!front) return fail(front.error());
      if (*front == nullptr || (oldest != nullptr && (*front)->id > id)) continue;
      oldest = &each;
      id = (*front)->id;
    }
    return oldest == nullptr ? std::optional<Event>() : std::optional<Event>(oldest->take());
  }

  /// What only explains is held back until there is something to explain.
  void keep(Belongs belongs, Event event) {
    if (belongs == Belongs::no) return;
    found_ = found_ || belongs == Belongs::yes;
    last_.push_back(std::move(event));
    if (options_.last) {
      while (last_.size() > static_cast<std::size_t>(*options_.last)) last_.pop_front();
    } else if (found_) {
      for (const Event& each : last_) print(each);
      last_.clear();
    }
  }

  void print(const Event& event) {
    if (options_.json) {
      text_ += rpc::to_json(event) + "\n";
    } else if (!looks_.terminal) {
      text_ += one_line(event, looks_.utf8, zone_) + "\n";
    } else {
      for (const Line& line : in_lines(event, columns_, looks_.utf8, zone_, day_))
        text_ += painted(line, looks_.color) + "\n";
    }
  }

  bool flush() {
    const std::string text = std::exchange(text_, {});
    return text.empty() || context_.out.write(text).has_value();
  }

  ExitCode cannot_write() {
    pollfd reader{context_.out.fd(), 0, 0};
    const bool gone = poll(&reader, 1, 0) > 0 && (reader.revents & (POLLERR | POLLHUP)) != 0;
    if (gone) return ExitCode::done;  // `| head` has seen enough
    return report(context_, Error{ErrorCode::storage, "standard output cannot be written"}, options_.json);
  }

  ExitCode failed(const Error& error) {
    if (error.code != ErrorCode::agent_unreachable) return report(context_, error, options_.json);
    return report(context_,
                  Error{error.code, error.message + ": it is the agent that keeps the log"},
                  options_.json);
  }

  ExitCode nothing() {
    std::string message = "nothing found";
    if (!last_.empty()) {
      message += ", but " + std::to_string(last_.size()) +
                 (last_.size() == 1 ? " entry" : " entries") + " of the agent and its sources: --type agent,source";
    }
    static_cast<void>(context_.err.write("otpctl log: " + message + "\n"));
    return ExitCode::no;
  }

  const Options& options_;
  Context& context_;
  client::Client agent_;
  Looks looks_;
  Zone zone_;
  int columns_;
  std::vector<Pages> pages_;
  std::deque<Event> last_;  // not printed yet
  std::string text_;        // not written yet
  std::string day_;
  bool found_ = false;
};

}  // namespace

void add(CLI::App& app, Options& options) {
  add_which(app, options.recipient, options.types);
  add_moment(app, "--since", options.since, "from so long ago (2h) or then (RFC 3339) on [24h]");
  add_moment(app, "--until", options.until, "up to so long ago or then [now]");
  add_value(
      app, "--session", "ID",
      [&options](const std::string& text) -> Result<void> {
        auto id = parse_session(text);
        if (!id) return fail(id.error());
        options.session = std::move(*id);
        return {};
      },
      "only of this session (id or its beginning)");
  add_number(app, "-n,--last", "N", 1, 1'000'000, options.last, "only the last N of them");
  add_flag(app, "--json", options.json, "one JSON object an event; errors as JSON");
}

ExitCode run(const Options& options, Context& context) {
  auto agent = agent_options(context, client::Start::never);
  if (!agent) return report(context, agent.error(), options.json);
  agent->environment.clear();  // what was kept is shown, whatever mailbox the caller's is
  if (!context.out.is_open())
    return report(context, Error{ErrorCode::storage, "standard output is closed"}, options.json);
  return Run(options, context, std::move(*agent)).read();
}

}  // namespace otpctl::apps::log
