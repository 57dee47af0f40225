#include "client/client.hpp"

#include <algorithm>
#include <unistd.h>

namespace otpctl::client {

Result<void> Client::connect() {
  if (link_) return {};
  auto link = Link::open(options_);
  if (!link) return fail(link.error());
  link_.emplace(std::move(*link));
  return {};
}

Result<rpc::Answer> Client::call(const rpc::Request& request, Duration within) {
  if (auto connected = connect(); !connected) return fail(connected.error());
  const auto id = link_->send(request);
  if (!id) return fail(hung(link_->agent_pid()));
  const Instant answer_by = BootClock::now() + within;
  for (;;) {
    auto incoming = link_->next();
    if (!incoming) return fail(incoming.error());
    if (*incoming) {
      auto* reply = std::get_if<rpc::Reply>(&**incoming);
      if (reply == nullptr || reply->id != *id) continue;
      if (auto* error = std::get_if<Error>(&reply->outcome)) return fail(std::move(*error));
      return std::move(std::get<rpc::Answer>(reply->outcome));
    }
    const Instant until = std::min(answer_by, link_->hello_deadline().value_or(answer_by));
    if (pause(link_->fd(), {}, until) == Woke::time) return fail(hung(link_->agent_pid()));
    if (auto filled = link_->fill(); !filled) {
      if (filled.error().code != ErrorCode::network) return fail(filled.error());
      lost_ = true;
      return fail(ErrorCode::agent_unreachable, "the agent ended before it answered");
    }
  }
}

Result<std::string> Client::lmtp_socket() {
  if (auto connected = connect(); !connected) return fail(connected.error());
  // An agent that our connection wakes (socket activation) has it as soon as it answers.
  if (access(link_->lmtp_socket().c_str(), F_OK) != 0) {
    if (auto awake = call(rpc::Status{}); !awake) return fail(awake.error());
  }
  return link_->lmtp_socket();
}

Result<void> Client::await_end(Instant until) {
  while (link_) {
    if (pause(link_->fd(), {}, until) == Woke::time)
      return fail(ErrorCode::timeout, "the agent does not end");
    if (auto filled = link_->fill(); !filled) link_.reset();
  }
  return {};
}

}  // namespace otpctl::client
