#include "client/waiter.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace otpctl::client {

namespace {

// The agent ends a wait at its deadline and says why; only one that hangs lets this pass.
constexpr Duration kGrace = std::chrono::seconds(1);
// `--timeout 0` waits for the sources, 5 s at most.
constexpr Duration kSync = std::chrono::seconds(5);
// Of a wait that has no limit, or one that the lost agent has not told.
constexpr Duration kLookForAgent = std::chrono::seconds(120);

}  // namespace

Waiter::Waiter(Options options, rpc::Wait wait, Clock clock)
    : Conversation(std::move(options), {.patience = kLookForAgent}, clock), wait_(std::move(wait)) {
  if (wait_.waiter.empty()) wait_.waiter = random_uuid();
  if (wait_.timeout && !wait_.no_limit) {
    deadline_ = now() + (*wait_.timeout > Duration(0) ? *wait_.timeout : kSync) +
                wait_.queue.value_or(Duration(0));
  }
}

std::optional<Waiter::Event> Waiter::connect() {
  auto link = Link::open(options_);
  Result<rpc::Id> sent = fail(ErrorCode::internal, "");
  if (link) {
    link_.emplace(std::move(*link));
    sent = link_->send(request());
  }
  if (link && sent) {
    id_ = *sent;
    was_connected_ = true;
    return std::nullopt;
  }
  const Error why = link ? hung(link_->agent_pid()) : link.error();
  link_.reset();
  // A wait that has begun outlives its agent; one that never began says at once why.
  const bool stays = was_connected_ && may_come_back(why.code) && !gives_up();
  if (!stays || stopped_just_now(options_.paths)) return Event(why);
  search_.try_later(now());
  return std::nullopt;
}

/// The wait as it has to be asked for now.
rpc::Wait Waiter::request() const {
  rpc::Wait wait = wait_;
  if (was_connected_ && deadline_ && wait_.timeout.value_or(Duration(1)) > Duration(0)) {
    wait.timeout = std::max<Duration>(*deadline_ - now(), std::chrono::milliseconds(1));
  }
  return wait;
}

std::optional<Waiter::Event> Waiter::take(rpc::Incoming incoming) {
  search_.found();
  if (auto* told = std::get_if<rpc::Told>(&incoming)) {
    if (told->wait_id != id_) return std::nullopt;
    if (auto* warning = std::get_if<rpc::Warning>(&told->notification))
      return Event(std::move(*warning));
    auto& waiting = std::get<rpc::Waiting>(told->notification);
    if (!waiting.resume.empty()) wait_.resume = waiting.resume;
    if (waiting.remaining && wait_.timeout != Duration(0)) deadline_ = now() + *waiting.remaining;
    return Event(std::move(waiting));
  }
  auto& reply = std::get<rpc::Reply>(incoming);
  if (reply.id != id_) return std::nullopt;
  if (auto* error = std::get_if<Error>(&reply.outcome)) return Event(std::move(*error));
  auto& answer = std::get<rpc::Answer>(reply.outcome);
  if (auto* end = std::get_if<WaitEnd>(&answer)) return Event(std::move(*end));
  auto& delivered = std::get<Delivered>(answer);
  delivery_ = delivered.delivery;
  return Event(std::move(delivered));
}

/// The connection is gone: a pause, then the next agent.
Waiter::Event Waiter::lost(Error why) {
  link_.reset();
  if (!may_come_back(why.code)) return why;
  search_.lost(now());
  if (!deadline_ && gives_up()) return why;  // it comes back, and goes again before it has said anything
  return Reconnecting{std::move(why)};
}

Instant Waiter::due() const { return deadline_ ? *deadline_ + kGrace : Instant::max(); }

std::optional<Waiter::Event> Waiter::overdue() {
  if (hello_is_late()) return Event(hung(link_->agent_pid()));
  const bool over = deadline_ && now() >= *deadline_ + (link_ ? kGrace : Duration(0));
  if (!over) return std::nullopt;
  if (link_) return Event(hung(link_->agent_pid()));
  return Event(Error{ErrorCode::agent_unreachable,
                     "the agent ended and none could be reached until the timeout"});
}

Result<void> Waiter::acknowledge(Duration within) {
  const Instant until = BootClock::now() + within;
  Duration nap = kFirstPause;
  for (;;) {
    const auto known = acknowledge_once(until);
    if (known || BootClock::now() + nap >= until) return known;
    link_.reset();
    pause(-1, {}, BootClock::now() + nap);
    nap = std::min(nap * 2, kLongestPause);
  }
}

Result<void> Waiter::acknowledge_once(Instant until) {
  if (!link_) {
    Options bounded = options_;
    bounded.hello_within = std::min(bounded.hello_within, until - BootClock::now());
    bounded.start_within = std::min(bounded.start_within, until - BootClock::now());
    auto link = Link::open(bounded);
    if (!link) return fail(link.error());
    link_.emplace(std::move(*link));
  }
  const auto id = link_->send(rpc::Ack{delivery_, wait_.waiter});
  if (!id) return fail(id.error());
  for (;;) {
    auto incoming = link_->next();
    if (!incoming) return fail(incoming.error());
    if (*incoming) {
      const auto* reply = std::get_if<rpc::Reply>(&**incoming);
      if (reply == nullptr || reply->id != *id) continue;
      if (const auto* error = std::get_if<Error>(&reply->outcome)) return fail(*error);
      return {};
    }
    if (pause(link_->fd(), {}, until) == Woke::time) return fail(hung(link_->agent_pid()));
    if (auto filled = link_->fill(); !filled) return fail(filled.error());
  }
}

}  // namespace otpctl::client
