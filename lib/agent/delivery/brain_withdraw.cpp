// What was promised could not be written: whoever handed it in is refused and tries again, so it has not happened. It is
// not kept to be handed out later, and who was to get it waits on. What it has superseded stays superseded: its sender has
// made that void.
#include "delivery/brain.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

constexpr std::size_t kMostRefusals = 1'000;

}  // namespace

void Brain::promise(Seq seq) { out_.promises.push_back({seq, {}, false}); }

void Brain::promise(const Session& session) {
  const bool told_now = std::find(out_.about.begin(), out_.about.end(), session.order) != out_.about.end();
  out_.promises.push_back({session.order, session.id, !told_now});
}

void Brain::run(Withdraw& command) {
  for (const Promise& promise : command.promises) {
    if (promise.session.empty()) {
      withdraw_message(promise.seq);
    } else {
      withdraw_session(promise);
    }
  }
  go_on_after_withdrawal();
}

void Brain::run(Refused& command) {
  std::vector<Copy> copies = copies_of(command.what);
  Held held = read(command.what);
  auto known_by = take_new(held, std::move(copies), command.what.provider_id);
  note_refused(held, std::move(known_by));
}

/// For those who wait for it; it may come again and be taken.
void Brain::note_refused(const Held& held, std::vector<std::vector<Fingerprint>> known_by) {
  if (held.arrival.channel == message::Channel::person) return;  // who has typed it has been told
  for (std::size_t i = 0; i < held.copies.size(); ++i)
    refusals_.push_back({held.arrival.seq, held.copies[i].candidates, std::move(known_by[i])});
  while (refusals_.size() > kMostRefusals) refusals_.pop_front();
}

/// How many came for it while it waited, could not be written and did not come again. One that was tried several times
/// counts once, as far as it can be known again.
int Brain::refused_for(const Waiter& waiter) const {
  std::set<std::vector<Fingerprint>> counted;
  int count = 0;
  for (const Refusal& refusal : refusals_) {
    if (refusal.seq <= waiter.order) continue;
    const auto own = recipients_of(waiter);
    const bool for_it = std::any_of(
        refusal.recipients.begin(), refusal.recipients.end(), [&](const std::string& recipient) {
          if (recipient.empty()) return wants_sms(waiter);
          return std::find(own.begin(), own.end(), recipient) != own.end();
        });
    const bool came_again = std::any_of(refusal.known_by.begin(), refusal.known_by.end(),
                                        [this](const Fingerprint& identity) { return known(identity); });
    if (!for_it || came_again) continue;
    if (refusal.known_by.empty() || counted.insert(refusal.known_by).second) ++count;
  }
  return count;
}

/// The deliveries that give it, or that it has decided.
std::set<std::string> Brain::claims_by(Seq seq) const {
  std::set<std::string> deliveries;
  for (const auto& [own, held] : pool_.all()) {
    for (const Copy& copy : held.copies) {
      if (copy.state == Copy::State::claimed && (own == seq || copy.decided == seq))
        deliveries.insert(copy.delivery);
    }
  }
  return deliveries;
}

/// A message or entry, or a choice among messages that stay.
void Brain::withdraw_message(Seq seq) {
  for (const std::string& delivery : claims_by(seq)) unclaim(delivery);
  for (auto& [own, held] : pool_.all()) {
    for (Copy& copy : held.copies) {
      if (copy.decided != seq || own == seq) continue;
      copy.decided = 0;
      wipe(copy.value);
      touch(own);
    }
  }
  const Held* held = pool_.find(seq);
  if (!held) return;
  for (Passed& passed : passed_) {
    for (Passed::One& one : passed.latest) one.withdrawn = one.withdrawn || one.seq == seq;
  }
  for (const Copy& copy : held->copies) {
    for (const std::string& recipient : copy.candidates) {
      const Interest* interest = interests_.find(recipient);
      if (!interest) continue;
      for (Waiter* waiter : interest->waiting) {
        if (!waiter->ambiguous) continue;
        waiter->ambiguous = false;
        unserved_.insert(waiter->id);
      }
    }
  }
  std::vector<std::vector<Fingerprint>> known_by;
  for (std::uint32_t i = 0; i < held->copies.size(); ++i) known_by.push_back(pool_.identities_of({seq, i}));
  note_refused(*held, std::move(known_by));
  if (held->stored) erase(RecordKind::message, std::to_string(seq));
  message_deadlines_.remove(held->expires, seq);
  touched_.erase(seq);
  std::erase_if(freed_copies_, [seq](CopyRef ref) { return ref.seq == seq; });
  pool_.erase(seq);
}

/// As if nobody had got it: its delivery was never told to anybody.
void Brain::unclaim(const std::string& delivery) {
  const auto taken = claims_.extract(delivery);
  if (!taken) return;
  const std::string id = copy_at(taken.mapped().front()).waiter;
  for (const CopyRef ref : taken.mapped()) {
    Copy& copy = copy_at(ref);
    pool_.set_state(ref, Copy::State::free);
    --copy.attempts;
    copy.delivery.clear();
    copy.waiter.clear();
    copy.recipient.clear();
    copy.session.clear();
    if (copy.decided == 0) wipe(copy.value);  // a choice of before stands
    touch(ref.seq);
    freed_copies_.insert(ref);
  }
  const auto found = waiters_.find(id);
  if (found == waiters_.end() || !found->second->holds(delivery)) return;
  Waiter& waiter = *found->second;
  Claim& claim = *waiter.claim;
  claim.delivery.clear();
  claim.copies.clear();
  past_.forget(waiter.id);
  if (waiter.session && waiter.session->decided != claim.decided_before) {
    waiter.session->decided = claim.decided_before;
    touch(*waiter.session);
  }
  if (waiter.request != 0) out_.unsaid.push_back(waiter.request);
  ask_again(waiter);
}

void Brain::ask_again(Waiter& waiter) {
  interests_.let_go(waiter);
  waiter.state = Waiter::State::blocked;
  waiter.deadline = waiter.claim->deadline;
  start_waiting(waiter);
  unserved_.insert(waiter.id);
}

/// Its caller does not know it, so there is no end that would be a floor.
void Brain::withdraw_session(const Promise& promise) {
  const auto found = sessions_.find(promise.session);
  if (found == sessions_.end()) return;
  if (promise.told) tell_session("closed", *found->second, "it could not be written");
  remove(*found->second, short_name(promise.session) + " could not be written");
}

/// All is as it was before: what is free goes to whoever waits longest, and nobody blocks who has nothing to wait for.
void Brain::go_on_after_withdrawal() {
  const std::set<CopyRef> freed = std::exchange(freed_copies_, {});
  offer({freed.begin(), freed.end()});
  for (const std::string& id : std::exchange(unserved_, {})) {
    const auto found = waiters_.find(id);
    if (found == waiters_.end() || found->second->state != Waiter::State::blocked) continue;
    Waiter& waiter = *found->second;
    if (stopped_ || waiter.outlived_session()) {
      WaitEnd over;
      over.exit = stopped_ ? ExitCode::unreachable : ExitCode::not_found;
      over.message = stopped_ ? "the agent was stopped" : short_name(waiter.claim->ended_session) + " has ended";
      over.waited = now_.instant - waiter.started;
      end(waiter, std::move(over));
    } else {
      go_on(waiter);
    }
  }
}

}  // namespace otpctl::delivery
