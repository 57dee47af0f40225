#include "client/pages.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace otpctl::client {

namespace {

constexpr std::size_t kMostWaiters = 100'000;  // each is a connection of the agent

template <class T>
void append(std::vector<T>& all, std::vector<T>&& page) {
  all.insert(all.end(), std::make_move_iterator(page.begin()), std::make_move_iterator(page.end()));
}

}  // namespace

Error no_progress(const char* method) {
  return Error{ErrorCode::protocol, std::string("the agent's answers to ") + method +
                                        " do not come to an end: a page does not go on behind the one before"};
}

Result<std::vector<SessionInfo>> all_sessions(Client& agent, Duration within) {
  std::vector<SessionInfo> all;
  std::string after;
  for (bool more = true; more;) {
    auto page = agent.ask<rpc::SessionListResult>(rpc::SessionList{after}, within);
    if (!page) return fail(page.error());
    more = page->more;
    if (more && (page->sessions.empty() || page->sessions.back().id <= after)) return fail(no_progress("session.list"));
    append(all, std::move(page->sessions));
    if (more) after = all.back().id;
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.created != b.created ? a.created < b.created : a.id < b.id;
  });
  return all;
}

Result<std::vector<WaiterInfo>> all_waiters(Client& agent, Duration within) {
  std::vector<WaiterInfo> all;
  for (bool more = true; more;) {
    auto page = agent.ask<rpc::WaitersResult>(rpc::Waiters{static_cast<int>(all.size())}, within);
    if (!page) return fail(page.error());
    more = page->more;
    if (more && (page->waiters.empty() || all.size() > kMostWaiters)) return fail(no_progress("waiters"));
    append(all, std::move(page->waiters));
  }
  return all;
}

}  // namespace otpctl::client
