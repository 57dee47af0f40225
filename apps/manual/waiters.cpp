#include "manual/waiters.hpp"

#include "client/pages.hpp"

namespace otpctl::apps::manual {

Result<std::vector<WaiterInfo>> read_waiters(client::Client& agent) { return client::all_waiters(agent); }

}  // namespace otpctl::apps::manual
