#include "log/log.hpp"

#include "base/text.hpp"
#include "client/last_events.hpp"
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
  Result<const rpc::TimelineEvent*> front(client::Client& agent) {
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
  rpc::TimelineEvent take() {
    rpc::TimelineEvent event = std::move(page_.front());
    page_.pop_front();
    return event;
  }
  bool is_dry() const { return page_.empty() && more_; }  // the next one must be asked for

 private:
  rpc::Events ask_;
  std::deque<rpc::TimelineEvent> page_;
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
    // Whose messages are a session's own is learnt from its beginning on.
    const bool backwards = options_.last && options_.session.empty();
    if (auto read = backwards ? read_last(story, since, until) : read_all(story, since); !read)
      return can_write_ ? failed(read.error()) : cannot_write();
    if (!found_) return nothing();
    for (const rpc::TimelineEvent& each : held_) print(each);
    return flush() ? ExitCode::done : cannot_write();
  }

 private:
  Result<void> read_all(Story& story, WallTime since) {
    for (rpc::Events& each : questions(options_, since)) pages_.emplace_back(std::move(each));
    for (;;) {
      const bool dry = std::any_of(pages_.begin(), pages_.end(), [](const Pages& each) { return each.is_dry(); });
      if (dry && !flush()) {
        can_write_ = false;
        return fail(ErrorCode::storage, "standard output cannot be written");
      }
      auto event = next();
      if (!event) return fail(event.error());
      if (!*event || story.is_over(**event)) return {};
      const Belongs belongs = story.look(**event);
      keep(belongs, std::move(**event));
    }
  }

  /// From the end, however far back --since goes.
  Result<void> read_last(Story& story, WallTime since, std::optional<WallTime> until) {
    const auto after = client::entry_before(agent_, since);
    if (!after) return fail(after.error());
    const auto upto = until ? client::entry_before(agent_, *until + kSlack) : client::newest_entry(agent_);
    if (!upto) return fail(upto.error());
    const auto search = [&](std::size_t count, bool with_what_explains) {
      return client::last_events(agent_, questions(options_, since), {*after, *upto}, count,
                                 [&](const rpc::TimelineEvent& event) {
                                   const Belongs belongs = story.look(event);
                                   const bool is_it = belongs == Belongs::yes;
                                   found_ = found_ || is_it;
                                   return is_it || (with_what_explains && belongs == Belongs::explains);
                                 });
    };
    auto last = search(static_cast<std::size_t>(*options_.last), true);
    if (!last) return fail(last.error());
    held_ = std::move(*last);
    if (found_ || held_.empty()) return {};
    const auto explained = search(1, false);  // is there anything that these explain?
    return explained ? Result<void>() : fail(explained.error());
  }

  /// The oldest entry of all questions.
  Result<std::optional<rpc::TimelineEvent>> next() {
    Pages* oldest = nullptr;
    std::uint64_t id = 0;
    for (Pages& each : pages_) {
      auto front = each.front(agent_);
      if (front && *front != nullptr && last_id_ > 0 && (*front)->id == last_id_) {  // let through by two questions
        each.take();
        front = each.front(agent_);
      }
      if (!front) return fail(front.error());
      if (*front == nullptr || (oldest != nullptr && (*front)->id > id)) continue;
      oldest = &each;
      id = (*front)->id;
    }
    if (oldest == nullptr) return std::optional<rpc::TimelineEvent>();
    last_id_ = id;
    return std::optional<rpc::TimelineEvent>(oldest->take());
  }

  /// What only explains is held back until there is something to explain.
  void keep(Belongs belongs, rpc::TimelineEvent event) {
    if (belongs == Belongs::no) return;
    found_ = found_ || belongs == Belongs::yes;
    held_.push_back(std::move(event));
    if (options_.last) {
      while (held_.size() > static_cast<std::size_t>(*options_.last)) held_.pop_front();
    } else if (found_) {
      for (const rpc::TimelineEvent& each : held_) print(each);
      held_.clear();
    }
  }

  void print(const rpc::TimelineEvent& event) {
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
    if (!held_.empty()) {
      message += ", but " + std::to_string(held_.size()) +
                 (held_.size() == 1 ? " entry" : " entries") + " of the agent and its sources: --type agent,source";
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
  std::deque<rpc::TimelineEvent> held_;  // not printed yet
  std::uint64_t last_id_ = 0;            // that was taken
  std::string text_;                     // not written yet
  std::string day_;
  bool found_ = false;
  bool can_write_ = true;
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
