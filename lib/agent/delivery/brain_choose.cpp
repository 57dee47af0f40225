// What a person may choose from when an ambiguous waiter has several codes before it, and what
// becomes of the choice: it is an entry whose message is there already.
#include "delivery/brain.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

/// The code that it would get; of an ambiguous message the one that a person has chosen.
Pick Brain::pick_of(const Waiter& waiter, CopyRef ref) const {
  const Held& held = *pool_.find(ref.seq);
  Pick picked = pick(held, waiter);
  const Copy& copy = copy_at(ref);
  if (picked.code || copy.decided == 0) return picked;
  for (code::Code& code : choices(held, waiter)) {
    if (code.value == copy.value) picked.code = std::move(code);
  }
  return picked;
}

/// What is older than a person's last decision only when it is the same code.
std::vector<Brain::Candidate> Brain::prevailing(std::vector<Candidate> all) const {
  Seq decided = 0;
  std::string value;
  for (const Candidate& one : all) {
    const Seq when = decision(*pool_.find(one.ref.seq), copy_at(one.ref));
    if (when <= decided) continue;
    decided = when;
    value = one.code.value;
  }
  std::erase_if(all, [&](const Candidate& one) {
    const Seq when = std::max(one.ref.seq, copy_at(one.ref).decided);
    return when < decided && one.code.value != value;
  });
  wipe(value);
  return all;
}

/// When a person decided for one of them; 0: nobody did.
Seq Brain::decision_over(const std::vector<Candidate>& group) const {
  Seq decided = 0;
  for (const Candidate& one : group)
    decided = std::max(decided, decision(*pool_.find(one.ref.seq), copy_at(one.ref)));
  return decided;
}

/// What is held for it because nothing says which one is meant: codes of different senders, and
/// the codes of a message that has several.
std::vector<Brain::Candidate> Brain::to_choose(const Waiter& waiter) const {
  std::vector<Candidate> all;
  if (waiter.state != Waiter::State::blocked) return all;
  if (waiter.ambiguous) all = prevailing(candidates(waiter));
  for (const auto& [ref, recipient] : free_for(waiter)) {
    for (code::Code& code : several_of(waiter, ref, recipient))
      all.push_back({ref, std::move(code), std::string(recipient)});
  }
  return all;
}

/// The codes of a message that holds several and for which nobody has decided yet.
std::vector<code::Code> Brain::several_of(const Waiter& waiter, CopyRef ref,
                                          std::string_view recipient) const {
  const Held& held = *pool_.find(ref.seq);
  const Copy& copy = copy_at(ref);
  const bool open = held.outcome == code::Outcome::ambiguous && held.settled &&
                    copy.state == Copy::State::free && copy.decided == 0 &&
                    held.expires > now_.instant;
  if (!open || !counts(waiter, held, copy) || recipient_of(copy) != recipient) return {};
  return choices(held, waiter);
}

/// A message with several codes has come: whoever it is for may be helped by a person.
void Brain::offer_choice(CopyRef ref) {
  const Held* held = pool_.find(ref.seq);
  if (!held || held->outcome != code::Outcome::ambiguous) return;
  const auto recipient = recipient_of(copy_at(ref));
  const Interest* interest = recipient ? interests_.find(*recipient) : nullptr;
  if (!interest) return;
  for (Waiter* waiter : interest->waiting) {
    if (waiter->state == Waiter::State::blocked && !waiter->told_ambiguous &&
        !several_of(*waiter, ref, *recipient).empty())
      tell_ambiguous(*waiter);
  }
}

/// The entry names what is held for `waiter`: that is what it gets, and what says the same is
/// used up with it. Nothing when it names nothing; else the recipient.
std::optional<std::string> Brain::take_choice(Waiter& waiter, std::string_view value) {
  std::vector<Candidate> group = to_choose(waiter);
  const std::size_t before = group.size();
  std::erase_if(group, [&](const Candidate& one) { return one.code.value != value; });
  if (group.empty()) return std::nullopt;
  const auto clearer = [this](const Candidate& a, const Candidate& b) {
    const bool one = pool_.find(a.ref.seq)->outcome == code::Outcome::code;
    const bool other = pool_.find(b.ref.seq)->outcome == code::Outcome::code;
    return one != other ? other : a.ref < b.ref;
  };
  std::iter_swap(group.begin(), std::max_element(group.begin(), group.end(), clearer));
  const Seq now = next_seq();
  for (const Candidate& one : group) copy_at(one.ref).decided = now;
  tell_entry(group.front().recipient,
             "it chose one of " + std::to_string(before) + " codes that were held", now);
  promise(now);
  claim(waiter, group);
  return group.front().recipient;
}

/// For the operator's list: each value once, the newest message that says it; oldest first.
std::vector<HeldCandidate> Brain::shown(const std::vector<Candidate>& all) const {
  std::vector<std::pair<Seq, HeldCandidate>> by_arrival;
  for (const Candidate& one : all) {
    const Held& held = *pool_.find(one.ref.seq);
    HeldCandidate candidate{one.code.value, std::string(message::name_of(held.arrival.channel)),
                            held.sender, held.arrival.received};
    const auto same = std::find_if(by_arrival.begin(), by_arrival.end(), [&](const auto& other) {
      return other.second.code == candidate.code;
    });
    if (same == by_arrival.end()) {
      by_arrival.emplace_back(one.ref.seq, std::move(candidate));
    } else if (same->first < one.ref.seq) {
      *same = {one.ref.seq, std::move(candidate)};
    }
  }
  std::stable_sort(by_arrival.begin(), by_arrival.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<HeldCandidate> list;
  for (auto& [seq, candidate] : by_arrival) list.push_back(std::move(candidate));
  return list;
}

}  // namespace otpctl::delivery
