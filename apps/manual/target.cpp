#include "manual/target.hpp"

#include "base/text.hpp"
#include "shared/output.hpp"

#include <algorithm>
#include <functional>

namespace otpctl::apps::manual {

namespace {

constexpr std::size_t kShortestId = 4;
constexpr std::size_t kShortestNumber = 7;
constexpr std::size_t kMostNamed = 5;

/// A wait, or a session that nobody waits on.
struct One {
  std::string id;
  Target target;
  const WaiterInfo* waiter = nullptr;
};
using Ones = std::vector<One>;

Ones all_of(const std::vector<WaiterInfo>& waiters, const std::vector<SessionInfo>& sessions) {
  Ones all;
  for (const WaiterInfo& each : waiters) all.push_back({each.session, each.target, &each});
  for (const SessionInfo& each : sessions) {
    const bool waited_on = std::any_of(waiters.begin(), waiters.end(),
                                       [&](const WaiterInfo& waiter) { return waiter.session == each.id; });
    if (!waited_on) all.push_back({each.id, each.target, nullptr});
  }
  return all;
}

/// "0555 111 22 33" as it ends in any country, or "" when it is no number.
std::string national(const std::string& text) {
  if (text.find_first_not_of("+0123456789 ()-./") != text.npos) return {};
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9' && (c != '0' || !digits.empty())) digits += c;
  }
  return digits.size() < kShortestNumber ? "" : digits;
}

bool is_whole(const std::string& text) {
  const std::size_t at = text.find('@');
  if (at != text.npos) return at > 0 && at + 1 < text.size();
  return !national(text).empty();
}

Ones those(const Ones& all, const std::function<bool(const One&)>& fits) {
  Ones found;
  std::copy_if(all.begin(), all.end(), std::back_inserter(found), fits);
  return found;
}

Ones by_recipient(const Ones& all, const std::function<bool(const std::string&)>& fits) {
  return those(all, [&](const One& one) {
    return (!one.target.email.empty() && fits(to_lower(one.target.email))) ||
           (!one.target.phone.empty() && fits(one.target.phone));
  });
}

Ones fitting(const Ones& all, const std::string& wanted) {
  const std::string number = national(wanted);
  Ones found = by_recipient(all, [&](const std::string& name) {
    return name == wanted || (!number.empty() && name.find('@') == name.npos && name.ends_with(number));
  });
  if (!found.empty()) return found;
  found = by_recipient(all, [&](const std::string& name) {  // all of it before the "@"
    return name.size() > wanted.size() && name.substr(0, name.rfind('@')) == wanted;
  });
  if (!found.empty()) return found;
  // "5550" may begin an id by chance and yet be meant as a part of a number: both count.
  found = those(all, [&](const One& one) { return wanted.size() >= kShortestId && one.id.starts_with(wanted); });
  Ones named = by_recipient(all, [&](const std::string& name) { return name.starts_with(wanted); });
  if (named.empty()) {
    named = by_recipient(all, [&](const std::string& name) { return name.find(wanted) != name.npos; });
  }
  found.insert(found.end(), named.begin(), named.end());
  return found;
}

std::vector<std::string> names_of(const Ones& ones) {
  std::vector<std::string> names;
  for (const One& each : ones) {
    const std::string name = words_for(each.target);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

Error several(const std::string& target, const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); ++i) list += (i > 0 ? ", " : "") + names[i];
  if (names.size() > kMostNamed) list += " and " + std::to_string(names.size() - kMostNamed) + " more";
  return {ErrorCode::ambiguous, "'" + printable(target, 80) + "' fits several that are asked for: " + list};
}

/// Those of one recipient: who stands in line can take no code while another does not.
std::vector<WaiterInfo> waiting_of(const Ones& found) {
  std::vector<WaiterInfo> waiting;
  for (const bool queued : {false, true}) {
    for (const One& each : found) {
      const auto same = [&](const WaiterInfo& listed) {
        return listed.session == each.waiter->session && listed.pid == each.waiter->pid;
      };
      if (each.waiter == nullptr || each.waiter->queued != queued) continue;
      if (std::none_of(waiting.begin(), waiting.end(), same)) waiting.push_back(*each.waiter);
    }
    if (!waiting.empty()) break;
  }
  return waiting;
}

}  // namespace

Result<Meant> whom(const std::string& target, const std::vector<WaiterInfo>& waiters,
                   const std::vector<SessionInfo>& sessions) {
  const std::string wanted = to_lower(trim(target));
  const Ones found = wanted.empty() ? Ones() : fitting(all_of(waiters, sessions), wanted);
  const std::vector<std::string> names = names_of(found);
  if (names.size() > 1) return fail(several(target, names));
  if (names.size() == 1) return Meant{waiting_of(found), names.front()};
  if (is_whole(wanted)) return Meant{{}, printable(target, 200)};
  return fail(ErrorCode::not_found,
              "nobody asks for '" + printable(target, 80) + "', and no session or wait begins with it");
}

}  // namespace otpctl::apps::manual
