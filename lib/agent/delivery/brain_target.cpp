// Whom an operator means: by name, by id, by a part of either. Whoever got a code a moment ago counts as well: a late answer
// to that one must not reach somebody else who is called alike.
#include "delivery/brain.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

constexpr std::size_t kShortestPrefix = 4;
constexpr std::size_t kMostNamed = 5;

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); ++i)
    list += (i > 0 ? ", " : "") + printable(names[i]);
  if (names.size() > kMostNamed)
    list += " and " + std::to_string(names.size() - kMostNamed) + " more";
  return list;
}

/// Those of `all` that begin with `wanted`, else those that hold it.
std::vector<std::string> fitting(const std::vector<std::string>& all, const std::string& wanted) {
  std::vector<std::string> beginning, holding;
  for (const std::string& recipient : all) {
    if (recipient.starts_with(wanted)) beginning.push_back(recipient);
    if (recipient.find(wanted) != std::string::npos) holding.push_back(recipient);
  }
  return beginning.empty() ? holding : beginning;
}

/// All of an address before its "@".
bool is_local_part(std::string_view wanted, std::string_view recipient) {
  return recipient.substr(0, recipient.rfind('@')) == wanted && recipient.size() > wanted.size();
}

}  // namespace

/// The session or wait that is called so, or whose id alone begins so.
Result<std::optional<Brain::PersonTarget>> Brain::target_by_id(const std::string& id) const {
  const auto of_session = [](Session& session) {
    return PersonTarget{first_of(session.email, session.phone), &session, nullptr};
  };
  const auto of_wait = [](Waiter& waiter) {
    return PersonTarget{first_of(waiter.address(), waiter.number()), nullptr, &waiter};
  };
  const auto session = sessions_.lower_bound(id);
  if (session != sessions_.end() && session->first == id) return of_session(*session->second);
  const auto wait = waiters_.lower_bound(id);
  if (wait != waiters_.end() && wait->first == id) return of_wait(*wait->second);
  if (id.size() < kShortestPrefix) return std::nullopt;
  std::vector<PersonTarget> fits;
  std::vector<std::string> names;
  for (auto each = session; each != sessions_.end() && each->first.starts_with(id); ++each) {
    if (names.size() <= kMostNamed) fits.push_back(of_session(*each->second));
    names.push_back("session " + each->first);
  }
  for (auto each = wait; each != waiters_.end() && each->first.starts_with(id); ++each) {
    if (names.size() <= kMostNamed) fits.push_back(of_wait(*each->second));
    names.push_back("wait " + std::string(each->first));
  }
  if (fits.empty()) return std::nullopt;
  if (fits.size() > 1)
    return fail(ErrorCode::ambiguous, "'" + printable(id, 80) + "' fits several: " + list_of(names));
  return fits.front();
}

/// Whoever `wanted` is a part of: those who ask, and those who got a code a moment ago and ask no more. Where it is all that
/// stands before somebody's "@", no other counts.
Brain::Fits Brain::fits_of(const std::string& wanted) const {
  Fits fits;
  if (wanted.empty()) return fits;
  const std::vector<std::string> asked = interests_.asked_for();
  const auto served = past_.served_after(now_.instant - settings_.late);
  const auto add_served = [&](const auto& fit) {
    for (const PastWait* past : served) {
      for (const std::string* name : {&past->email, &past->phone}) {
        const auto known = [&](const Fits::Served& one) { return one.recipient == *name; };
        if (interests_.asked(*name) || !fit(*name)) continue;
        if (std::none_of(fits.served.begin(), fits.served.end(), known)) fits.served.push_back({*name, past});
      }
    }
  };
  const auto whole = [&](const std::string& name) { return is_local_part(wanted, name); };
  std::copy_if(asked.begin(), asked.end(), std::back_inserter(fits.asking), whole);
  add_served(whole);
  if (!fits.asking.empty() || !fits.served.empty()) return fits;
  fits.asking = fitting(asked, wanted);
  add_served([&](const std::string& name) { return name.find(wanted) != std::string::npos; });
  return fits;
}

std::string Brain::list_of_all(const Fits& fits) const {
  std::vector<std::string> names = fits.asking;
  for (const Fits::Served& one : fits.served)
    names.push_back(one.recipient + " (got its code " + ago(*one.past) + ")");
  return list_of(names);
}

/// The recipient as it stands, asked for or not; else the id of a session or wait, or its start;
/// else the one asked-for recipient that it names in part.
Result<Brain::PersonTarget> Brain::person_target(const PersonEntry& command) const {
  if (!command.recipient.empty()) return PersonTarget{command.recipient};
  const auto by_id = target_by_id(command.target);
  if (!by_id) return fail(by_id.error());
  const std::string name = "'" + printable(command.target, 80) + "'";
  const Fits fits = fits_of(to_lower(command.target));
  if (*by_id) {
    // "5550" may begin an id by chance and yet be meant as a part of a number.
    const PersonTarget& found = **by_id;
    const auto its = found.waiter ? recipients_of(*found.waiter) : recipients_of(*found.session);
    const auto other = [&](const std::string& recipient) {
      return std::find(its.begin(), its.end(), recipient) == its.end();
    };
    const bool chance =
        std::any_of(fits.asking.begin(), fits.asking.end(), other) ||
        std::any_of(fits.served.begin(), fits.served.end(), [&](const auto& one) { return other(one.recipient); });
    if (!chance) return found;
    const std::string who = found.waiter ? wait_name(found.waiter->id) : short_name(found.session->id);
    return fail(ErrorCode::ambiguous, name + " fits " + who + " and " + list_of_all(fits));
  }
  const PastWait* gone = past_.of_wait(command.target);
  if (gone && gone->served && is_recent(*gone) && !fits.asking.empty()) {
    return fail(ErrorCode::ambiguous, name + " fits " + wait_name(gone->id) + " (got its code " + ago(*gone) + ") and " +
                                          list_of_all(fits));
  }
  if (fits.asking.empty()) {
    return fail(fits.served.empty() ? nobody_named(command.target) : served_already(name, fits.served.front()));
  }
  if (fits.asking.size() == 1 && fits.served.empty()) return PersonTarget{fits.asking.front()};
  const std::string several = fits.served.empty() ? " fits several that are asked for: " : " fits several: ";
  return fail(ErrorCode::ambiguous, name + several + list_of_all(fits));
}

std::vector<Waiter*> Brain::waiting_for(const PersonTarget& target) const {
  std::vector<Waiter*> all;
  const auto add = [&all](const std::set<Waiter*, Older>& waiters) {
    for (Waiter* waiter : waiters) {
      if (waiter->state != Waiter::State::claimed) all.push_back(waiter);
    }
  };
  if (target.waiter) {
    if (target.waiter->state != Waiter::State::claimed) all.push_back(target.waiter);
  } else if (target.session) {
    add(target.session->waiters);
  } else if (const Interest* interest = interests_.find(target.recipient)) {
    add(interest->waiting);
  }
  return all;
}

/// Somebody who has no code yet asks there. Not who stands in line: what came before its turn is not for it.
bool Brain::expected(const PersonTarget& target) const {
  const auto open = [](const Session* session) {
    const auto& all = session->waiters;
    const auto has_code = [](const Waiter* waiter) { return waiter->state == Waiter::State::claimed; };
    return !session->received && std::none_of(all.begin(), all.end(), has_code);
  };
  if (!waiting_for(target).empty()) return true;
  if (target.session) return open(target.session);
  const Interest* interest = interests_.find(target.recipient);
  return interest && std::any_of(interest->sessions.begin(), interest->sessions.end(), open);
}

}  // namespace otpctl::delivery
