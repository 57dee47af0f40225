#include "client/follower.hpp"

#include "client/pages.hpp"

#include <algorithm>

namespace otpctl::client {

namespace {

constexpr Duration kLookForAgent = std::chrono::seconds(30);
constexpr Duration kAnswer = std::chrono::seconds(10);
// An empty page that is followed comes after 25 s; only an agent that hangs lets this pass.
constexpr Duration kFollowed = std::chrono::seconds(35);
constexpr Duration kAtOnce = std::chrono::seconds(1);

Search::Limits limits_of(Follower::Patience patience) {
  if (patience == Follower::Patience::endless) return {};
  return {.patience = kLookForAgent};
}

}  // namespace

Follower::Follower(Options options, rpc::Events from, Patience patience)
    : Conversation(std::move(options), limits_of(patience), BootClock::now),
      from_(std::move(from)),
      patience_(patience) {
  options_.start = Start::never;
  options_.environment.clear();
}

void Follower::ask(const rpc::Request& request) {
  if (link_ || !was_answered_) asked_.push_back(request);
}

std::optional<Follower::Step> Follower::connect() {
  auto link = Link::open(options_);
  if (link) {
    link_.emplace(std::move(*link));
    is_first_page_ = true;
    // Answered at once: it says that this agent works.
    if (was_answered_ && patience_ == Patience::endless) ask(rpc::Status{});
    return std::nullopt;
  }
  if (!was_answered_ || !may_come_back(link.error().code) || search_.is_over(now())) return Step(link.error());
  search_.try_later(now());
  return std::nullopt;
}

std::optional<Follower::Step> Follower::say() {
  if (page_is_due() && now() >= page_not_before_) {
    if (auto sent = send_page(); !sent) return lost(sent.error());
  }
  if (!link_) return std::nullopt;
  for (const rpc::Request& each : std::exchange(asked_, {})) {
    const auto id = link_->send(each);
    if (!id) return lost(id.error());
    due_[*id] = now() + kAnswer;
  }
  return std::nullopt;
}

Result<void> Follower::send_page() {
  rpc::Events page = from_;
  // The place that "now" is must be known before anything is waited for: the agent could go meanwhile.
  if (!page.after && !page.since) page.follow = false;
  if (page.after) page.since.reset();
  const auto id = link_->send(page);
  if (!id) return fail(id.error());
  page_ = Page{*id, now(), page.follow};
  due_[*id] = page_->asked_at + (page.follow ? kFollowed : kAnswer);
  return {};
}

// ------------------------------------------------------------------------------- what comes

std::optional<Follower::Step> Follower::take(rpc::Incoming incoming) {
  auto* reply = std::get_if<rpc::Reply>(&incoming);
  if (reply == nullptr || due_.erase(reply->id) == 0) return std::nullopt;
  const bool is_page = page_ && page_->id == reply->id;
  was_answered_ = true;
  search_.found();
  if (auto* error = std::get_if<Error>(&reply->outcome)) {
    // The state of an agent that is about to end is not worth an end of the timeline.
    return is_page ? std::optional<Step>(std::move(*error)) : std::nullopt;
  }
  auto& answer = std::get<rpc::Answer>(reply->outcome);
  if (auto* page = std::get_if<rpc::EventsResult>(&answer)) return take_page(std::move(*page));
  if (auto* status = std::get_if<AgentStatus>(&answer)) return Step(std::move(*status));
  if (auto* sessions = std::get_if<rpc::SessionListResult>(&answer)) return Step(std::move(*sessions));
  return std::nullopt;
}

Follower::Step Follower::take_page(rpc::EventsResult page) {
  if (const auto good = check_progress(page); !good) return good.error();
  const Instant now = this->now();
  const bool nothing_at_once =
      page.events.empty() && !page.more && page_->followed && now - page_->asked_at < kAtOnce;
  page_pause_ = nothing_at_once ? std::clamp(page_pause_ * 2, kFirstPause, kLongestPause) : Duration(0);
  page_not_before_ = now + page_pause_;
  page_.reset();
  page_asked_ = false;
  is_first_page_ = false;
  from_.after = page.next;
  return page;
}

/// The ids of an agent only grow. One that came after another with a new store may begin below what was seen.
Result<void> Follower::check_progress(const rpc::EventsResult& page) {
  if (!from_.after || (page.events.empty() && !page.more)) return {};
  const bool begins_anew = is_first_page_ && page.next < *from_.after;
  if (page.next > *from_.after || begins_anew) return {};
  return fail(no_progress("events"));
}

// ------------------------------------------------------------------------------- without an agent

std::optional<Follower::Step> Follower::overdue() {
  if (!link_) return std::nullopt;
  const Instant now = this->now();
  const bool late = std::any_of(due_.begin(), due_.end(), [&](const auto& each) { return each.second <= now; }) ||
                    hello_is_late();
  if (!late) return std::nullopt;
  // After a stop of this process the answer may be there, unread.
  pollfd unread{link_->fd(), POLLIN, 0};
  if (poll(&unread, 1, 0) <= 0) return lost(Error{ErrorCode::timeout, hung(link_->agent_pid()).message});
  if (auto filled = link_->fill(); !filled) return lost(filled.error());
  return read();
}

/// The connection is gone: a pause, then the next agent.
Follower::Step Follower::lost(Error why) {
  link_.reset();
  page_.reset();
  asked_.clear();
  due_.clear();
  page_not_before_ = Instant{};
  if (!may_come_back(why.code)) return why;
  const bool hangs = why.code == ErrorCode::timeout;
  if (why.code == ErrorCode::network)
    why.message = was_answered_ ? "the agent ended" : "the agent ended before it answered";
  why.code = ErrorCode::agent_unreachable;
  if (!was_answered_) return why;
  if (patience_ == Patience::a_while) {
    if (hangs) return why;
    if (stopped_just_now(options_.paths)) return Error{ErrorCode::agent_unreachable, "the agent was stopped"};
  }
  search_.lost(now());
  return Away{std::move(why)};
}

Instant Follower::due() const {
  Instant until = page_is_due() ? page_not_before_ : Instant::max();
  for (const auto& [id, due] : due_) until = std::min(until, due);
  return until;
}

}  // namespace otpctl::client
