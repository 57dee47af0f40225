#include "client/follower.hpp"

#include <algorithm>

namespace otpctl::client {

namespace {

constexpr Duration kFirstBackOff = std::chrono::milliseconds(25);
constexpr Duration kLongestBackOff = std::chrono::seconds(1);
constexpr Duration kLookForAgent = std::chrono::seconds(30);
// The agent answers after 25 s at the latest; only one that hangs lets this pass.
constexpr Duration kAnswerWithin = std::chrono::seconds(35);

bool may_come_back(ErrorCode code) {
  return code == ErrorCode::network || code == ErrorCode::agent_unreachable;
}

}  // namespace

Follower::Step Follower::next(std::span<pollfd> watch) {
  for (;;) {
    if (!link_ && BootClock::now() >= retry_at_) {
      if (auto step = connect()) return std::move(*step);
    }
    if (link_ && id_.empty()) {
      if (auto step = ask()) return std::move(*step);
    }
    while (link_ && !id_.empty()) {
      auto incoming = link_->next();
      if (!incoming) return lost(incoming.error());
      if (!*incoming) break;
      if (auto step = take(std::move(**incoming))) return std::move(*step);
    }
    if (link_ && id_.empty()) continue;
    if (auto step = overdue()) return std::move(*step);
    switch (pause(link_ ? link_->fd() : -1, watch, wake_at())) {
      case Woke::watched: return Watched{};
      case Woke::time: break;
      case Woke::ready:
        if (auto filled = link_->fill(); !filled) return lost(filled.error());
        break;
    }
  }
}

std::optional<Follower::Step> Follower::connect() {
  auto link = Link::open(options_);
  if (link) {
    link_.emplace(std::move(*link));
    id_.clear();
    return std::nullopt;
  }
  const bool gone = give_up_ && BootClock::now() >= *give_up_;
  if (!was_connected_ || !may_come_back(link.error().code) || gone) return Step(link.error());
  try_later();
  return std::nullopt;
}

/// Without a position the first page says where "now" is, or what there has been: it is answered at once, and an agent
/// that ends before the first event comes costs none.
std::optional<Follower::Step> Follower::ask() {
  wanted_.follow = wanted_.after.has_value();
  const auto id = link_->send(wanted_);
  if (!id) return lost(id.error());
  id_ = *id;
  answer_by_ = BootClock::now() + kAnswerWithin;
  return std::nullopt;
}

std::optional<Follower::Step> Follower::take(rpc::Incoming incoming) {
  auto* reply = std::get_if<rpc::Reply>(&incoming);
  if (reply == nullptr || reply->id != id_) return std::nullopt;
  if (auto* error = std::get_if<Error>(&reply->outcome)) return Step(std::move(*error));
  auto& page = std::get<rpc::EventsResult>(std::get<rpc::Answer>(reply->outcome));
  id_.clear();
  was_connected_ = true;
  give_up_.reset();
  back_off_ = kFirstBackOff;
  wanted_.after = page.next;
  wanted_.since.reset();
  if (page.events.empty()) return std::nullopt;
  return Step(Page{std::move(page.events), page.next});
}

/// The connection is gone: a pause, then the next agent.
Follower::Step Follower::lost(Error why) {
  link_.reset();
  id_.clear();
  if (!may_come_back(why.code)) return why;
  if (!was_connected_)
    return Error{ErrorCode::agent_unreachable, "the agent ended before it answered"};
  if (stopped_just_now(options_.paths))
    return Error{ErrorCode::agent_unreachable, "the agent was stopped"};
  if (!give_up_) give_up_ = BootClock::now() + kLookForAgent;
  try_later();
  return Reconnecting{std::move(why)};
}

void Follower::try_later() {
  back_off_ = std::max(back_off_, kFirstBackOff);
  retry_at_ = BootClock::now() + back_off_;
  back_off_ = std::min(back_off_ * 2, kLongestBackOff);
}

Instant Follower::wake_at() const {
  if (!link_) return retry_at_;
  return std::min(answer_by_, link_->hello_deadline().value_or(answer_by_));
}

std::optional<Follower::Step> Follower::overdue() {
  if (!link_ || BootClock::now() < wake_at()) return std::nullopt;
  return Step(hung(link_->agent_pid()));
}

}  // namespace otpctl::client
