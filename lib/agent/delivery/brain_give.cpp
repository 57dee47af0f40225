// A code goes to one waiter: who may have it, which one a waiter gets, claimed → acknowledged, or
// given back.
#include "delivery/brain.hpp"

#include "delivery/shown.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

std::string delivery_id(CopyRef ref, int attempt) {
  std::string hex;
  for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(ref.seq >> shift) & 15];
  return hex + '-' + std::to_string(ref.index) + '-' + std::to_string(attempt);
}

/// The copy that a delivery id names.
std::optional<CopyRef> copy_of(std::string_view delivery) {
  constexpr std::size_t kHex = 16;
  if (delivery.size() < kHex + 2 || delivery.size() > 48 || delivery[kHex] != '-')
    return std::nullopt;
  CopyRef ref;
  for (const char c : delivery.substr(0, kHex)) {
    const auto digit = std::string_view("0123456789abcdef").find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    ref.seq = ref.seq << 4 | digit;
  }
  std::uint64_t index = 0;
  for (const char c : delivery.substr(kHex + 1)) {
    if (c == '-') break;
    if (c < '0' || c > '9' || index > 100'000) return std::nullopt;
    index = index * 10 + static_cast<std::uint64_t>(c - '0');
  }
  ref.index = static_cast<std::uint32_t>(index);
  return ref;
}

}  // namespace

bool Brain::is_named(std::string_view delivery, CopyRef ref) { return copy_of(delivery) == ref; }

std::optional<std::string> Brain::recipient_of(const Copy& copy) const {
  if (copy.candidates.size() == 1) {
    if (!copy.candidates.front().empty()) return copy.candidates.front();
    if (interests_.phones().size() != 1) return std::nullopt;
    return *interests_.phones().begin();
  }
  const std::string* asked = nullptr;
  for (std::size_t i = 0; i < copy.candidates.size(); ++i) {
    const std::string& candidate = copy.candidates[i];
    if (!interests_.asked(candidate)) continue;
    const bool mailbox = copy.mailbox_last && i + 1 == copy.candidates.size();
    if (asked && !mailbox) return std::nullopt;
    if (!asked) asked = &candidate;
  }
  if (!asked) return std::nullopt;
  return *asked;
}

bool Brain::counts(const Waiter& waiter, const Held& held, const Copy& copy) const {
  if (waiter.session) {
    // What a person passed over for this session is not for its next wait either.
    return counts_after(held.arrival, waiter.session->mark) &&
           std::max(held.arrival.seq, copy.decided) >= waiter.session->decided;
  }
  if (!counts_after(held.arrival, waiter.mark)) return false;
  if (copy.given_back || !waiter.floors) return true;
  const auto& floor =
      held.arrival.channel == message::Channel::sms ? waiter.floors->phone : waiter.floors->email;
  if (held.arrival.channel != message::Channel::person)
    return !floor || counts_after(held.arrival, *floor);
  return (!waiter.floors->email || counts_after(held.arrival, *waiter.floors->email)) &&
         (!waiter.floors->phone || counts_after(held.arrival, *waiter.floors->phone));
}

std::optional<Brain::Candidate> Brain::candidate(const Waiter& waiter, CopyRef ref,
                                                 std::string_view recipient) const {
  const Held& held = *pool_.find(ref.seq);
  const Copy& copy = copy_at(ref);
  if (!held.settled || copy.state != Copy::State::free || held.expires <= now_.instant)
    return std::nullopt;
  if (!is_for(held, waiter) || !counts(waiter, held, copy)) return std::nullopt;
  const auto meant = recipient_of(copy);
  if (!meant || *meant != recipient) return std::nullopt;
  auto picked = pick_of(waiter, ref);
  if (!picked.code) return std::nullopt;
  return Candidate{ref, std::move(*picked.code), *meant};
}

std::vector<Brain::Candidate> Brain::candidates(const Waiter& waiter) const {
  std::vector<Candidate> all;
  for (const auto& [ref, recipient] : free_for(waiter)) {
    if (auto found = candidate(waiter, ref, recipient)) all.push_back(std::move(*found));
  }
  return all;
}

std::vector<std::pair<CopyRef, std::string_view>> Brain::free_for(const Waiter& waiter) const {
  std::vector<std::pair<CopyRef, std::string_view>> all;
  for (const auto recipient : recipients_of(waiter)) {
    for (const CopyRef ref : pool_.free_for(recipient)) all.emplace_back(ref, recipient);
  }
  if (wants_sms(waiter)) {
    for (const CopyRef ref : pool_.free_for({})) all.emplace_back(ref, waiter.number());
  }
  return all;
}

bool Brain::offer(const std::vector<CopyRef>& refs) {
  std::map<std::string, std::vector<CopyRef>> groups;
  for (const CopyRef ref : refs) {
    if (copy_at(ref).state != Copy::State::free) continue;
    if (auto recipient = recipient_of(copy_at(ref))) groups[std::move(*recipient)].push_back(ref);
  }
  bool given = false;
  for (const auto& [recipient, group] : groups) {
    const Interest* interest = interests_.find(recipient);
    if (!interest) continue;
    std::size_t left = group.size();
    for (auto next = interest->waiting.begin(); left > 0 && next != interest->waiting.end();) {
      Waiter& waiter = **next++;  // a claim takes it out of the set
      if (waiter.state != Waiter::State::blocked) continue;
      std::vector<Candidate> found;
      for (const CopyRef ref : group) {
        if (auto one = candidate(waiter, ref, recipient)) found.push_back(std::move(*one));
      }
      if (found.empty()) continue;
      const bool served = waiter.ambiguous ? serve(waiter) : choose(waiter, std::move(found));
      given = given || served;
      left =
          static_cast<std::size_t>(std::count_if(group.begin(), group.end(), [this](CopyRef ref) {
            return copy_at(ref).state == Copy::State::free;
          }));
    }
  }
  return given;
}

/// Of the newest of each sender those that no person has passed over.
bool Brain::choose(Waiter& waiter, std::vector<Candidate> all) {
  const auto arrival = [this](const Candidate& one) -> const Arrival& {
    return pool_.find(one.ref.seq)->arrival;
  };
  std::vector<Candidate> newest;
  for (Candidate& one : all) {
    const Held& held = *pool_.find(one.ref.seq);
    const auto same = std::find_if(newest.begin(), newest.end(), [&](const Candidate& other) {
      const Held& message = *pool_.find(other.ref.seq);
      return held.arrival.channel != message::Channel::person && !held.sender_key.empty() &&
             held.arrival.channel == message.arrival.channel &&
             held.sender_key == message.sender_key && one.recipient == other.recipient;
    });
    if (same == newest.end()) {
      newest.push_back(std::move(one));
    } else if (is_newer(held.arrival, arrival(*same))) {
      supersede(same->ref, one.ref);
      *same = std::move(one);
    } else {
      supersede(one.ref, same->ref);
    }
  }
  std::vector<Candidate> left = prevailing(std::move(newest));
  if (left.empty()) return false;
  const bool one_value = std::all_of(left.begin(), left.end(), [&](const Candidate& one) {
    return one.code.value == left.front().code.value;
  });
  if (!one_value) {
    set_ambiguous(waiter);
    return false;
  }
  waiter.ambiguous = false;
  const auto latest = std::max_element(
      left.begin(), left.end(),
      [&](const Candidate& a, const Candidate& b) { return arrival(a).seq < arrival(b).seq; });
  std::iter_swap(left.begin(), latest);
  claim(waiter, left);
  return true;
}

void Brain::set_ambiguous(Waiter& waiter) {
  if (!waiter.ambiguous && waiter.fail_fast) doomed_.push_back(waiter.id);
  waiter.ambiguous = true;
  tell_ambiguous(waiter);
}

/// `group`: one code, the first is the message that is shown; the others say the same.
void Brain::claim(Waiter& waiter, const std::vector<Candidate>& group) {
  if (!waiter.claim) waiter.claim = std::make_unique<Claim>();
  Claim& claim = *waiter.claim;
  claim.delivery = delivery_id(group.front().ref, copy_at(group.front().ref).attempts + 1);
  const Seq decided = decision_over(group);
  for (const Candidate& one : group) {
    Copy& copy = copy_at(one.ref);
    pool_.set_state(one.ref, Copy::State::claimed);
    ++copy.attempts;
    copy.delivery = claim.delivery;
    copy.waiter = waiter.id;
    copy.recipient = one.recipient;
    copy.session = waiter.session ? waiter.session->id : std::string();
    copy.value = one.code.value;
    copy.kind = one.code.kind;
    claim.copies.push_back(one.ref);
    if (pool_.find(one.ref.seq)->arrival.channel != message::Channel::person) copy.decided = decided;
    touch(one.ref.seq);
  }
  claim.decided_before = waiter.session ? waiter.session->decided : 0;
  if (waiter.session && decided > waiter.session->decided) {
    waiter.session->decided = decided;
    touch(*waiter.session);
  }
  claims_[claim.delivery] = claim.copies;
  for (const CopyRef ref : claim.copies) hide_given(ref);
  tell_claimed(waiter);
  remember(waiter, "got its code from " + giver(group.front().ref), true);
  hold(waiter);
  reply(waiter.request, delivered(waiter));
}

/// From here on nothing tells it, also where only the waiter's pattern has found it.
void Brain::hide_given(CopyRef ref) {
  Held& held = *pool_.find(ref.seq);
  const std::string& value = copy_at(ref).value;
  hide_in_shown(held, value);
  for (Passed& passed : passed_) {
    for (Passed::One& one : passed.latest) {
      if (one.seq == ref.seq) one.sender = held.shown_sender;
    }
  }
  hide_what_was_told(value);
}

void Brain::hold(Waiter& waiter) {
  waiter.claim->deadline = waiter.deadline;
  stop_waiting(waiter);
  waiter.state = Waiter::State::claimed;
  interests_.hold(waiter);
}

Delivered Brain::delivered(const Waiter& waiter) const {
  const CopyRef ref = waiter.claim->copies.front();
  const Held& held = *pool_.find(ref.seq);
  const Copy& copy = copy_at(ref);
  Delivered out;
  out.delivery = waiter.claim->delivery;
  out.session = waiter.party();
  out.code = copy.value;
  out.kind = code::name_of(copy.kind);
  out.recipient = copy.recipient;
  out.channel = message::name_of(held.arrival.channel);
  out.sender = held.sender;
  out.subject = held.subject;
  out.source = held.arrival.source;
  out.message_id = held.message_id;
  out.sent = held.arrival.sent;
  out.received = held.arrival.received;
  out.confidence = 1;
  if (held.outcome == code::Outcome::code && held.codes.size() == 1 &&
      held.codes.front().value == copy.value) {
    out.confidence = held.codes.front().confidence;
  }
  for (const code::Code& code : held.codes) {
    if (code.value == copy.value || !out.expires_in) out.expires_in = code.expires_in;
  }
  out.superseded = copy.replaced;
  return out;
}

/// To the next who waits for it, or kept; what has outlived its time is erased.
void Brain::give_back(std::vector<CopyRef> refs, std::string_view why) {
  std::vector<CopyRef> kept;
  tell_code("given_back", refs.front(), why);
  for (const CopyRef ref : refs) {
    Copy& copy = copy_at(ref);
    pool_.set_state(ref, Copy::State::free);
    copy.given_back = true;
    touch(ref.seq);
    const Held& held = *pool_.find(ref.seq);
    const bool in_use = std::any_of(held.copies.begin(), held.copies.end(), [](const Copy& other) {
      return other.state == Copy::State::claimed;
    });
    if (held.expires > now_.instant) {
      kept.push_back(ref);
    } else if (!in_use) {
      forget(ref.seq, kNobodyAsked);
    }
  }
  for (const CopyRef ref : kept) supersede_by(ref);
  offer(kept);
}

void Brain::run(Acknowledge& command) {
  const auto claim = claims_.find(command.delivery);
  if (claim == claims_.end()) {
    reply(command.request, Acknowledged{late_acknowledge(command)});
    return;
  }
  const std::vector<CopyRef> refs = claim->second;
  const Copy first = copy_at(refs.front());
  if (first.waiter != command.waiter) {
    reply(command.request, Acknowledged{false});
    return;
  }
  claims_.erase(claim);
  reserved_.erase(first.waiter);
  tell_code("acknowledged", refs.front());
  take(refs);
  count_given(first.session);
  reply(command.request, Acknowledged{true});
  const auto waiter = waiters_.find(first.waiter);
  if (waiter != waiters_.end() && waiter->second->holds(command.delivery)) {
    waiter->second->claim->copies.clear();
    tell_end(*waiter->second, ExitCode::done, {});
    end(*waiter->second, std::nullopt);
  } else {
    tell_end_of(first);
    put_floor(first.recipient);
  }
}

/// The connection ended before the acknowledgement came, but the code was printed: if nobody else
/// has it, nobody else gets it.
bool Brain::late_acknowledge(const Acknowledge& command) {
  const auto ref = copy_of(command.delivery);
  const Held* held = ref ? pool_.find(ref->seq) : nullptr;
  if (!held || ref->index >= held->copies.size()) return false;
  const Copy first = held->copies[ref->index];
  if (first.delivery != command.delivery || first.waiter != command.waiter) return false;
  if (first.state != Copy::State::free && first.state != Copy::State::superseded) return false;
  std::vector<CopyRef> refs;
  for (const CopyRef other : std::set<CopyRef>(pool_.of(first.recipient))) {
    const Copy& copy = copy_at(other);
    const bool open = copy.state == Copy::State::free || copy.state == Copy::State::superseded;
    if (open && copy.delivery == command.delivery) refs.push_back(other);
  }
  if (refs.empty()) refs.push_back(*ref);
  tell_code("acknowledged", *ref, "its caller had gone away, but the code was printed");
  take(refs);
  count_given(first.session);
  put_floor(first.recipient);
  return true;
}

void Brain::count_given(const std::string& session_id) {
  const auto session = sessions_.find(session_id);
  if (session == sessions_.end()) return;
  ++session->second->codes_given;
  session->second->received = true;
  touch(*session->second);
}

Error sending_side_ended() {
  return Error{ErrorCode::cancelled, "the client has ended its sending side, and with it this request"};
}

void Brain::run(ClientGone& command) {
  if (stopped_) return;  // what is not acknowledged stays for the next agent
  release_holds(command.client);
  std::vector<std::uint64_t> tickets;
  for (const auto& [ticket, in_line] : line_) {
    if (std::visit([&](const auto& each) { return each.client == command.client; },
                   in_line.command))
      tickets.push_back(ticket);
  }
  for (const std::uint64_t ticket : tickets) {
    const InLine left = leave_line(ticket);
    tell_line("left", left.command, {});
    if (const auto* registers = std::get_if<Register>(&left.command))
      reply(registers->request, sending_side_ended());
  }
  std::vector<Waiter*> gone;
  const auto [first, last] = by_client_.equal_range(command.client);
  for (auto each = first; each != last; ++each) gone.push_back(each->second);
  std::sort(gone.begin(), gone.end(), Older());
  std::vector<std::vector<CopyRef>> returned;
  for (Waiter* waiter : gone) {
    if (waiter->state == Waiter::State::claimed) {
      claims_.erase(waiter->claim->delivery);
      past_.forget(waiter->id);  // it has none after all
      returned.push_back(std::exchange(waiter->claim->copies, {}));
    }
    tell_wait("left", *waiter);
    remember(*waiter, "was left by its caller");
    end(*waiter, std::nullopt);
  }
  for (auto& refs : returned)
    give_back(std::move(refs), "its caller went away before it said that the code is printed");
}

}  // namespace otpctl::delivery
