// A message comes: known already? for whom? what does it replace? who gets it?
#include "delivery/brain.hpp"

#include "delivery/shown.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

constexpr std::size_t kPassedKept = 64;  // senders that "came for others" can name

/// Cuts at the start of a character.
std::string cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  text.resize(limit);
  return text;
}

void add_once(std::vector<std::string>& to, const std::string& recipient) {
  if (std::find(to.begin(), to.end(), recipient) == to.end()) to.push_back(recipient);
}

Copy copy_for(std::string recipient) {
  Copy copy;
  copy.candidates.push_back(std::move(recipient));
  return copy;
}

bool has_live_copy(const Held& held) {
  return std::any_of(held.copies.begin(), held.copies.end(), [](const Copy& copy) {
    return copy.state == Copy::State::free || copy.state == Copy::State::claimed;
  });
}

}  // namespace

void Brain::run(Arrive& command) {
  Accepted accepted;
  std::vector<Copy> copies = copies_of(command);
  const bool for_somebody = !copies.empty();
  std::vector<std::string> recipients;
  for (const Copy& copy : copies)
    recipients.insert(recipients.end(), copy.candidates.begin(), copy.candidates.end());
  Held held = read(command);
  const bool fetched_again = is_at_known_place(held, copies);
  auto known_by = take_new(held, std::move(copies), command.provider_id);
  accepted.duplicate = for_somebody && held.copies.empty();
  if (!fetched_again) {
    tell_message(held, command, recipients,
                 !for_somebody ? "for_nobody" : accepted.duplicate ? "duplicate" : "arrived");
  }
  const Seq seq = held.arrival.seq;
  if (!accepted.duplicate) note_passed(held);
  if (!held.copies.empty()) keep(std::move(held), std::move(known_by));
  if (!command.more_to_come) settle(command.source);
  if (const Held* kept = pool_.find(seq)) {
    accepted.delivered =
        std::any_of(kept->copies.begin(), kept->copies.end(),
                    [](const Copy& copy) { return copy.state == Copy::State::claimed; });
  }
  reply(command.request, accepted);
}

/// The same mail of the same mailbox: no second one.
bool Brain::is_at_known_place(const Held& held, const std::vector<Copy>& copies) const {
  if (!held.arrival.from_mailbox || copies.empty()) return false;
  return std::all_of(copies.begin(), copies.end(),
                     [&](const Copy& copy) { return known(identities(held, copy, {}).front()); });
}

/// Those of `copies` that are not known yet; what each is known by.
std::vector<std::vector<Fingerprint>> Brain::take_new(Held& held, std::vector<Copy> copies,
                                                      std::string_view provider_id) const {
  std::vector<std::vector<Fingerprint>> known_by;
  for (Copy& copy : copies) {
    auto all = identities(held, copy, provider_id);
    const bool is_known = std::any_of(all.begin(), all.end(),
                                      [this](const Fingerprint& identity) { return known(identity); });
    if (is_known) continue;
    held.copies.push_back(std::move(copy));
    known_by.push_back(std::move(all));
  }
  return known_by;
}

/// It is decided on when its source has brought what it has.
void Brain::keep(Held held, std::vector<std::vector<Fingerprint>> known_by) {
  make_room();
  const Held& kept = pool_.add(std::move(held), std::move(known_by));
  const Seq seq = kept.arrival.seq;
  message_deadlines_.add(kept.expires, seq);
  touch(seq);
  unsettled_[kept.arrival.source].push_back(seq);
  if (!kept.arrival.from_mailbox) promise(seq);  // a mailbox has it still
  pool_.limit_text(settings_.max_text_total);
}

Held Brain::read(Arrive& command) {
  message::Message& message = command.message;
  Held held;
  Arrival& arrival = held.arrival;
  arrival.channel = message.channel;
  arrival.source = command.source;
  arrival.received = now_.wall;
  if (command.place) {
    arrival.from_mailbox = true;
    arrival.uid_validity = command.place->uid_validity;
    arrival.uid = command.place->uid;
    const auto dated = command.place->internal_date;
    if (dated && is_plausible(*dated)) arrival.received = *dated;
  }
  if (message.sent && is_plausible(*message.sent)) arrival.sent = message.sent;
  arrival.seq = next_seq();
  held.sender = message.sender;
  held.sender_key =
      message.channel == message::Channel::email ? message.sender_domain : message.sender;
  held.message_id =
      message.channel == message::Channel::sms ? command.provider_id : message.message_id;
  make_shown(held);
  for (const code::Code& code : command.verdict.codes) hide_in_shown(held, code.value);
  held.expires = now_.instant + settings_.keep;
  held.expires_wall = now_.wall + settings_.keep;
  if (message.bounce) return held;  // carries no code for anybody, and no pattern finds one
  held.subject = cut(std::move(message.subject), settings_.max_text);
  held.text = cut(std::move(message.text), settings_.max_text);
  const bool printable = command.verdict.codes.size() != 1 ||
                         code::is_printable_code(command.verdict.codes.front().value);
  if (printable) {
    held.outcome = command.verdict.outcome;
    held.codes = std::move(command.verdict.codes);
  }
  return held;
}

std::vector<Copy> Brain::copies_of(const Arrive& command) const {
  const message::Recipients& to = command.message.recipients;
  std::vector<Copy> copies;
  std::vector<std::string> claimed;
  for (const std::string& recipient : to.claimed) add_once(claimed, recipient);
  const bool to_mailbox = to.to_mailbox_itself && !command.mailbox_address.empty();
  if (to_mailbox) add_once(claimed, command.mailbox_address);
  if (!to.stamped.empty() || settings_.recipients_all) {
    std::vector<std::string> each;
    for (const std::string& recipient : to.stamped.empty() ? claimed : to.stamped)
      add_once(each, recipient);
    for (std::string& recipient : each) copies.push_back(copy_for(std::move(recipient)));
  } else if (!claimed.empty()) {
    Copy shared;
    shared.candidates = std::move(claimed);
    shared.mailbox_last = to_mailbox && shared.candidates.back() == command.mailbox_address;
    copies.push_back(std::move(shared));
  }
  if (copies.empty() && command.message.channel == message::Channel::sms)
    copies.push_back(copy_for({}));
  return copies;
}

bool Brain::known(const Fingerprint& identity) const {
  return pool_.knows(identity) || guards_.count(identity) > 0;
}

void Brain::note_passed(const Held& held) {
  if (held.arrival.channel == message::Channel::person) return;
  Passed& passed = passed_[held.arrival.channel == message::Channel::sms ? 1 : 0];
  ++passed.total;
  passed.latest.push_back({held.arrival.seq, held.shown_sender, held.arrival.received});
  if (passed.latest.size() > kPassedKept) passed.latest.pop_front();
}

/// The oldest goes first; what a waiter is just taking stays.
void Brain::make_room() {
  auto next = pool_.all().begin();
  while (pool_.size() >= settings_.max_messages && next != pool_.all().end()) {
    const auto& [seq, held] = *next++;
    const bool claimed = std::any_of(held.copies.begin(), held.copies.end(), [](const Copy& copy) {
      return copy.state == Copy::State::claimed;
    });
    if (!claimed) forget(seq, "too many messages are held: the oldest goes first");
  }
}

/// `why`: what becomes of a code that nobody has.
void Brain::forget(Seq seq, std::string_view why) {
  const Held* held = pool_.find(seq);
  if (!held) return;
  for (std::uint32_t i = 0; i < held->copies.size(); ++i) {
    if (held->copies[i].state == Copy::State::free && has_code(*held, held->copies[i]))
      tell_code("expired", {seq, i}, why);
  }
  if (held->stored) erase(RecordKind::message, std::to_string(seq));
  message_deadlines_.remove(held->expires, seq);
  touched_.erase(seq);
  pool_.erase(seq);
}

void Brain::run(Settled& command) { settle(command.source); }

void Brain::settle(const std::string& source) {
  const auto found = unsettled_.find(source);
  if (found == unsettled_.end()) return;
  const std::vector<Seq> batch = std::move(found->second);
  unsettled_.erase(found);
  decide(batch);
}

void Brain::decide(const std::vector<Seq>& batch) {
  std::vector<CopyRef> refs;
  for (const Seq seq : batch) {
    Held* held = pool_.find(seq);
    if (!held) continue;
    held->settled = true;
    for (std::uint32_t i = 0; i < held->copies.size(); ++i) refs.push_back({seq, i});
  }
  for (const CopyRef ref : refs) supersede_by(ref);
  offer(refs);
  for (const CopyRef ref : refs) {
    offer_choice(ref);
    fail_fast_on(ref);
  }
}

/// Of two unclaimed codes of one sender for one recipient the later one counts.
void Brain::supersede_by(CopyRef ref) {
  const Held& held = *pool_.find(ref.seq);
  const auto replaceable = [](const Held& message, const Copy& copy) {
    return message.settled && message.outcome == code::Outcome::code &&
           copy.state == Copy::State::free && copy.candidates.size() == 1 &&
           message.arrival.channel != message::Channel::person && !message.sender_key.empty();
  };
  if (!replaceable(held, copy_at(ref))) return;
  const std::set<CopyRef> others =
      pool_.free_for(copy_at(ref).candidates.front());  // at most one of each sender
  for (const CopyRef other : others) {
    const Held& message = *pool_.find(other.seq);
    if (other == ref || !replaceable(message, copy_at(other)) ||
        message.arrival.channel != held.arrival.channel || message.sender_key != held.sender_key) {
      continue;
    }
    if (is_newer(held.arrival, message.arrival)) {
      supersede(other, ref);
    } else {
      supersede(ref, other);
      return;
    }
  }
}

void Brain::supersede(CopyRef older, CopyRef newer) {
  Copy& gone = copy_at(older);
  tell_code("superseded", older, "a later one of the same sender counts");
  pool_.set_state(older, Copy::State::superseded);
  copy_at(newer).replaced += gone.replaced + 1;
  guard(older);
  touch(older.seq);
  touch(newer.seq);
  Held& held = *pool_.find(older.seq);
  if (!has_live_copy(held)) held.wipe_content();
}

void Brain::guard(CopyRef ref) {
  const Instant expires = now_.instant + settings_.guard_life;
  for (const Fingerprint& identity : pool_.identities_of(ref)) {
    guards_[identity] = expires;
    guard_order_.emplace_back(expires, identity);
    put(RecordKind::guard, to_hex(identity), write_guard(now_.wall + settings_.guard_life));
  }
}

void Brain::take(const std::vector<CopyRef>& refs) {
  for (const CopyRef ref : refs) {
    pool_.set_state(ref, Copy::State::taken);
    wipe(copy_at(ref).value);
    guard(ref);
    touch(ref.seq);
    Held& held = *pool_.find(ref.seq);
    if (!has_live_copy(held)) held.wipe_content();
  }
  for (const CopyRef ref : refs) {
    const Held* held = pool_.find(ref.seq);
    if (held && held->expires <= now_.instant && !has_live_copy(*held)) forget(ref.seq, kNobodyAsked);
  }
  ++delivered_;
}

void Brain::fail_fast_on(CopyRef ref) {
  if (impatient_.empty()) return;
  const Held* held = pool_.find(ref.seq);
  if (!held) return;
  for (const std::string& recipient : copy_at(ref).candidates) {
    const Interest* interest = interests_.find(recipient);
    if (!interest) continue;
    for (Waiter* waiter : interest->waiting) {
      if (!waiter->fail_fast || waiter->state != Waiter::State::blocked) continue;
      const auto why = unmatched(*waiter, ref, recipient);
      if (why == Unmatched::no_code || why == Unmatched::ambiguous_code ||
          why == Unmatched::ambiguous_recipient) {
        doomed_.push_back(waiter->id);
      }
    }
  }
}

}  // namespace otpctl::delivery
