// `otpctl manual`: an operator has read the code and enters it for whoever waits.
#include "delivery/brain.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

/// Why an entry that is not to be kept cannot be taken by anybody.
std::optional<Error> Brain::cannot_take(const PersonTarget& target, const Held& entry) const {
  const std::vector<Waiter*> waiting = waiting_for(target);
  if (waiting.empty()) return too_late(target);
  const bool fits = std::any_of(waiting.begin(), waiting.end(), [&](const Waiter* waiter) {
    return pick(entry, *waiter).code.has_value();
  });
  if (fits) return std::nullopt;
  return Error{ErrorCode::usage, "a code of another length is waited for"};
}

/// What was picked from a list is none of those that are held.
Error Brain::no_choice(const PersonTarget& target) const {
  if (waiting_for(target).empty()) return too_late(target);
  return {ErrorCode::no_code, "that code is none to choose any more: a newer message came"};
}

Held Brain::entry_for(const PersonTarget& target, const std::string& code) {
  Held held;
  held.arrival.channel = message::Channel::person;
  held.arrival.source = "person";
  held.arrival.received = now_.wall;
  held.outcome = code::Outcome::code;
  held.codes.emplace_back();
  held.codes.back().kind = kind_of(code);
  held.codes.back().value = code;
  held.codes.back().confidence = 1;
  held.settled = true;
  held.expires = now_.instant + settings_.keep;
  held.expires_wall = now_.wall + settings_.keep;
  if (target.session) held.only_session = target.session->id;
  if (target.waiter) held.only_session = target.waiter->id;
  held.copies.emplace_back();
  held.copies.back().candidates.push_back(target.recipient);
  return held;
}

void Brain::run(PersonEntry& command) {
  const auto refuse_with = [&](Error error) {
    wipe(command.code);
    reply(command.request, std::move(error));
  };
  if (!command.settle && !code::is_printable_code(command.code))
    return refuse_with({ErrorCode::usage, "a code is one line of 1 to 64 printable characters"});
  const auto target = person_target(command);
  if (!target) return refuse_with(target.error());
  if (!command.waiting_only) {
    if (auto late = just_served(*target)) return refuse_with(std::move(*late));
  }
  Accepted accepted;
  accepted.recipient = target->recipient;
  const auto still_waiting = [&](const std::string& recipient) {
    return static_cast<int>(waiting_for(PersonTarget{recipient}).size());
  };
  if (command.settle) {
    if (target->waiter && waiting_for(*target).empty()) return refuse_with(too_late(*target));
    accepted.waiting = still_waiting(target->recipient);
    return reply(command.request, std::move(accepted));
  }
  for (Waiter* waiter : waiting_for(*target)) {
    const auto chosen = take_choice(*waiter, command.code);
    if (!chosen) continue;
    accepted.recipient = *chosen;
    accepted.delivered = true;
    accepted.waiting = still_waiting(*chosen);
    wipe(command.code);
    return reply(command.request, std::move(accepted));
  }
  if (command.choice) return refuse_with(no_choice(*target));
  Held held = entry_for(*target, command.code);
  wipe(command.code);
  if (command.waiting_only || target->waiter) {  // a wait that is over will not take it later
    if (auto error = cannot_take(*target, held)) return refuse_with(std::move(*error));
  }
  held.arrival.seq = next_seq();
  tell_entry(target->recipient, {}, held.arrival.seq);
  promise(held.arrival.seq);
  make_room();
  const Seq seq = held.arrival.seq;
  const Held& kept = pool_.add(std::move(held), {{}});
  message_deadlines_.add(kept.expires, seq);
  touch(seq);
  accepted.delivered = offer({{seq, 0}});
  accepted.waiting = still_waiting(target->recipient);
  reply(command.request, std::move(accepted));
}

}  // namespace otpctl::delivery
