#include "shared/sessions.hpp"

#include "base/text.hpp"

namespace otpctl::apps {

Result<std::string> session_named(client::Client& agent, const std::string& name) {
  if (name.find('@') == name.npos) return name;
  const auto all = all_sessions(agent);
  if (!all) return fail(all.error());
  std::string found;
  for (const SessionInfo& each : *all) {
    if (!equals_ignoring_case(each.target.email, trim(name))) continue;
    if (!found.empty())
      return fail(ErrorCode::ambiguous,
                  "several sessions are for " + printable(name, 80) + ": name one by its id (otpctl session list)");
    found = each.id;
  }
  if (found.empty()) return fail(ErrorCode::not_found, "no session is for " + printable(name, 80));
  return found;
}

}  // namespace otpctl::apps
