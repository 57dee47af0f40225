#include "client/holder.hpp"

#include <utility>

namespace otpctl::client {

namespace {

/// It may start an agent, and one that cannot start now may later.
bool passes(ErrorCode code) {
  return may_come_back(code) || code == ErrorCode::cancelled || code == ErrorCode::busy ||
         code == ErrorCode::storage;
}

}  // namespace

Holder::Holder(Options options, Link link, std::string session)
    : options_(std::move(options)),
      link_(std::move(link)),
      session_(std::move(session)),
      search_({.longest_pause = std::chrono::seconds(2)}, BootClock::now()) {
  if (auto sent = link_->send(rpc::SessionHold{session_}); sent) {
    id_ = *sent;
  } else {
    trouble_ = lost(sent.error());
  }
}

std::optional<Instant> Holder::due() const {
  if (trouble_) return BootClock::now();
  if (link_) return link_->hello_deadline();
  return given_up_ ? std::nullopt : std::optional<Instant>(search_.due());
}

std::optional<Error> Holder::step() {
  if (auto told = std::exchange(trouble_, std::nullopt)) return told;
  if (link_) return read();
  if (!given_up_ && BootClock::now() >= search_.due()) connect();
  return std::exchange(trouble_, std::nullopt);
}

std::optional<Error> Holder::read() {
  const auto filled = link_->fill();
  for (;;) {
    auto incoming = link_->next();
    if (!incoming) return lost(incoming.error());
    if (!*incoming) break;
    const auto* reply = std::get_if<rpc::Reply>(&**incoming);
    if (reply == nullptr || reply->id != id_) continue;
    if (const auto* error = std::get_if<Error>(&reply->outcome)) return give_up(*error);
    search_.found();
  }
  if (!filled) return lost(filled.error());
  if (link_->hello_deadline() && BootClock::now() >= *link_->hello_deadline())
    return lost(hung(link_->agent_pid()));
  return std::nullopt;
}

void Holder::connect() {
  auto link = Link::open(options_);
  if (!link) {
    trouble_ = lost(link.error());
    return;
  }
  link_.emplace(std::move(*link));
  if (auto sent = link_->send(rpc::SessionHold{session_}); sent) {
    id_ = *sent;
  } else {
    trouble_ = lost(sent.error());
  }
}

std::optional<Error> Holder::lost(const Error& why) {
  link_.reset();
  // Somebody has ended the agent: whoever starts the next one is found, but it is not for us to start it.
  if (stopped_just_now(options_.paths)) options_.start = Start::never;
  search_.lost(BootClock::now());
  if (passes(why.code)) return std::nullopt;
  // It could not be started, or is of another version: people have to do something, and then it is found.
  options_.start = Start::never;
  if (std::exchange(told_, why.message) == why.message) return std::nullopt;
  return why;
}

std::optional<Error> Holder::give_up(Error why) {
  link_.reset();
  given_up_ = true;
  return why;
}

void Holder::close(Duration within) {
  const Instant until = BootClock::now() + within;
  if (given_up_) return;
  if (!link_) {
    Options once = options_;
    once.start = Start::never;
    once.cancel = -1;
    once.hello_within = within;
    auto link = Link::open(once);
    if (!link) return;
    link_.emplace(std::move(*link));
  }
  const auto id = link_->send(rpc::SessionClose{session_});
  while (id) {
    const auto incoming = link_->next();
    if (!incoming) return;
    if (*incoming) {
      const auto* reply = std::get_if<rpc::Reply>(&**incoming);
      if (reply != nullptr && reply->id == *id) return;
      continue;
    }
    if (pause(link_->fd(), {}, until) == Woke::time || !link_->fill()) return;
  }
}

}  // namespace otpctl::client
