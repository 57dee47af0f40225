#include "shared/feed.hpp"

#include <algorithm>

namespace otpctl::apps {

namespace {

constexpr Duration kFirstBackOff = std::chrono::milliseconds(25);
constexpr Duration kLongestBackOff = std::chrono::seconds(1);
constexpr Duration kAnswer = std::chrono::seconds(10);
// An empty page that is followed comes after 25 s.
constexpr Duration kFollowed = std::chrono::seconds(35);

bool may_come_back(ErrorCode code) {
  return code == ErrorCode::network || code == ErrorCode::agent_unreachable || code == ErrorCode::timeout;
}

}  // namespace

Feed::Feed(client::Options agent, rpc::Events from)
    : agent_(std::move(agent)), from_(std::move(from)), retry_at_(BootClock::now()), back_off_(kFirstBackOff) {
  agent_.start = client::Start::never;
  agent_.environment.clear();  // what runs is shown, whatever mailbox the caller's is
}

void Feed::ask_page() {
  if (std::exchange(page_asked_, true)) return;
  if (link_) send_page();
}

void Feed::send_page() {
  rpc::Events page = from_;
  // The place that "now" is must be known before anything is waited for: the agent could go meanwhile.
  if (!page.after && !page.since) page.follow = false;
  if (page.after) page.since.reset();
  if (const auto id = link_->send(page)) {
    page_ = *id;
    due_[*id] = BootClock::now() + (page.follow ? kFollowed : kAnswer);
  }
}

void Feed::ask(const rpc::Request& request) {
  if (!link_) return;
  if (const auto id = link_->send(request)) due_[*id] = BootClock::now() + kAnswer;
}

Feed::Happening Feed::next(std::span<pollfd> watch, std::optional<Instant> tick) {
  for (;;) {
    if (!link_ && BootClock::now() >= retry_at_) {
      if (auto what = connect()) return std::move(*what);
    }
    while (link_) {
      auto incoming = link_->next();
      if (!incoming) return lost(incoming.error());
      if (!*incoming) break;
      if (auto what = take(std::move(**incoming))) return std::move(*what);
    }
    if (const auto why = overdue()) {
      // After a stop of this process the answer may be there, unread.
      pollfd unread{link_->fd(), POLLIN, 0};
      if (poll(&unread, 1, 0) <= 0) return lost(*why);
      if (auto filled = link_->fill(); !filled) return lost(filled.error());
      continue;
    }
    switch (client::pause(link_ ? link_->fd() : -1, watch, wake_at(tick))) {
      case client::Woke::watched: return Watched{};
      case client::Woke::time:
        if (tick && BootClock::now() >= *tick) return Tick{};
        break;
      case client::Woke::ready:
        if (auto filled = link_->fill(); !filled) return lost(filled.error());
        break;
    }
  }
}

std::optional<Feed::Happening> Feed::connect() {
  auto link = client::Link::open(agent_);
  if (link) {
    link_.emplace(std::move(*link));
    if (page_asked_) send_page();
    if (was_answered_) ask(rpc::Status{});  // answered at once: it says that this agent works
    return std::nullopt;
  }
  if (!was_answered_ || !may_come_back(link.error().code)) return Happening(link.error());
  retry_at_ = BootClock::now() + back_off_;
  back_off_ = std::min(back_off_ * 2, kLongestBackOff);
  return std::nullopt;
}

std::optional<Feed::Happening> Feed::take(rpc::Incoming incoming) {
  auto* reply = std::get_if<rpc::Reply>(&incoming);
  if (reply == nullptr || due_.erase(reply->id) == 0) return std::nullopt;
  const bool is_page = page_ == reply->id;
  was_answered_ = true;
  back_off_ = kFirstBackOff;  // this agent works
  if (auto* error = std::get_if<Error>(&reply->outcome)) {
    // The state of an agent that is about to end is not worth an end of the timeline.
    return is_page ? std::optional<Happening>(std::move(*error)) : std::nullopt;
  }
  auto& answer = std::get<rpc::Answer>(reply->outcome);
  if (auto* page = std::get_if<rpc::EventsResult>(&answer)) {
    page_.reset();
    page_asked_ = false;
    from_.after = page->next;
    return Happening(std::move(*page));
  }
  if (auto* status = std::get_if<AgentStatus>(&answer)) return Happening(std::move(*status));
  if (auto* sessions = std::get_if<rpc::SessionListResult>(&answer)) return Happening(std::move(*sessions));
  return std::nullopt;
}

Feed::Happening Feed::lost(Error why) {
  link_.reset();
  page_.reset();
  due_.clear();
  if (why.code == ErrorCode::network) why = Error{ErrorCode::agent_unreachable, "the agent ended"};
  if (!was_answered_ || !may_come_back(why.code)) return why;
  retry_at_ = BootClock::now() + back_off_;
  back_off_ = std::min(back_off_ * 2, kLongestBackOff);
  return Away{std::move(why)};
}

std::optional<Error> Feed::overdue() const {
  if (!link_) return std::nullopt;
  const Instant now = BootClock::now();
  const bool late = std::any_of(due_.begin(), due_.end(), [&](const auto& each) { return each.second <= now; }) ||
                    (link_->hello_deadline() && *link_->hello_deadline() <= now);
  return late ? std::optional<Error>(client::hung(link_->agent_pid())) : std::nullopt;
}

Instant Feed::wake_at(std::optional<Instant> tick) const {
  Instant until = link_ ? Instant::max() : retry_at_;
  if (link_ && link_->hello_deadline()) until = std::min(until, *link_->hello_deadline());
  for (const auto& [id, due] : due_) until = std::min(until, due);
  if (tick) until = std::min(until, *tick);
  return until;
}

}  // namespace otpctl::apps
