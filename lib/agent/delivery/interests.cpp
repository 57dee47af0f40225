#include "delivery/interests.hpp"

#include "message/address.hpp"

namespace otpctl::delivery {

namespace {

/// A session whose code has come and on which nobody waits does not compete.
bool competes(const Session& session) { return !session.received || !session.waiters.empty(); }

std::string name_of(const Waiter& waiter) {
  return waiter.session ? short_name(waiter.session->id) : "pid " + std::to_string(waiter.pid);
}

}  // namespace

Interest& Interests::at(std::string_view recipient) {
  const auto found = interests_.find(recipient);
  return found == interests_.end() ? interests_[std::string(recipient)] : found->second;
}

void Interests::settle(std::string_view recipient) {
  const auto found = interests_.find(recipient);
  if (found == interests_.end()) return;
  if (!message::is_address(recipient)) {
    if (found->second.asked()) {
      phones_.insert(found->first);
    } else {
      phones_.erase(found->first);
    }
  }
  const Interest& interest = found->second;
  if (!interest.asked() && interest.holding.empty()) interests_.erase(found);
}

void Interests::add(Session& session) {
  for (const auto recipient : recipients_of(session)) {
    Interest& interest = at(recipient);
    interest.sessions.insert(&session);
    interest.exclusive += session.exclusive ? 1 : 0;
    settle(recipient);
  }
}

void Interests::remove(Session& session) {
  for (const auto recipient : recipients_of(session)) {
    Interest& interest = at(recipient);
    interest.exclusive -= interest.sessions.erase(&session) > 0 && session.exclusive ? 1 : 0;
    settle(recipient);
  }
}

void Interests::add(Waiter& waiter) {
  for (const auto recipient : recipients_of(waiter)) {
    Interest& interest = at(recipient);
    interest.waiting.insert(&waiter);
    interest.alone += waiter.session ? 0 : 1;
    interest.exclusive += waiter.exclusive ? 1 : 0;
    settle(recipient);
  }
}

void Interests::hold(Waiter& waiter) {
  for (const auto recipient : recipients_of(waiter)) {
    Interest& interest = at(recipient);
    interest.alone -= interest.waiting.erase(&waiter) > 0 && !waiter.session ? 1 : 0;
    interest.holding.insert(&waiter);
    settle(recipient);
  }
}

void Interests::let_go(Waiter& waiter) {
  for (const auto recipient : recipients_of(waiter)) {
    Interest& interest = at(recipient);
    interest.holding.erase(&waiter);
    interest.alone += interest.waiting.insert(&waiter).second && !waiter.session ? 1 : 0;
    settle(recipient);
  }
}

void Interests::remove(Waiter& waiter) {
  for (const auto recipient : recipients_of(waiter)) {
    Interest& interest = at(recipient);
    const bool was_waiting = interest.waiting.erase(&waiter) > 0;
    const bool was_holding = interest.holding.erase(&waiter) > 0;
    if (was_waiting && !waiter.session) --interest.alone;
    if ((was_waiting || was_holding) && waiter.exclusive) --interest.exclusive;
    settle(recipient);
  }
}

const Interest* Interests::find(std::string_view recipient) const {
  const auto found = interests_.find(recipient);
  return found == interests_.end() ? nullptr : &found->second;
}

bool Interests::asked(std::string_view recipient) const {
  const Interest* interest = find(recipient);
  return interest && interest->asked();
}

std::vector<std::string> Interests::asked_for() const {
  std::vector<std::string> all;
  for (const auto& [recipient, interest] : interests_) {
    if (interest.asked()) all.push_back(recipient);
  }
  return all;
}

int Interests::contenders(std::string_view recipient) const {
  const Interest* interest = find(recipient);
  if (!interest) return 0;
  int count = interest->alone;
  for (const Session* session : interest->sessions) count += competes(*session) ? 1 : 0;
  return count;
}

std::optional<Other> Interests::obstacle(std::string_view recipient, std::string_view self,
                                         bool exclusive) const {
  const Interest* interest = find(recipient);
  if (!interest || (!exclusive && interest->exclusive == 0)) return std::nullopt;
  for (const Session* session : interest->sessions) {
    if (session->id != self && (exclusive || session->exclusive))
      return Other{short_name(session->id), session->exclusive};
  }
  for (const auto* waiters : {&interest->holding, &interest->waiting}) {
    for (const Waiter* waiter : *waiters) {
      const std::string& party = waiter->session ? waiter->session->id : waiter->id;
      if (party != self && (exclusive || waiter->exclusive))
        return Other{name_of(*waiter), waiter->exclusive};
    }
  }
  return std::nullopt;
}

}  // namespace otpctl::delivery
