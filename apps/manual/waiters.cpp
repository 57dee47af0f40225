#include "manual/waiters.hpp"

namespace otpctl::apps::manual {

Result<std::vector<WaiterInfo>> read_waiters(client::Client& agent) {
  std::vector<WaiterInfo> all;
  for (bool more = true; more;) {
    auto page = agent.ask<rpc::WaitersResult>(rpc::Waiters{static_cast<int>(all.size())});
    if (!page) return fail(page.error());
    more = page->more && !page->waiters.empty();
    for (WaiterInfo& each : page->waiters) all.push_back(std::move(each));
  }
  return all;
}

}  // namespace otpctl::apps::manual
