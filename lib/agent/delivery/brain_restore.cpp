// The records of the last agent become the state of this one.
#include "delivery/brain.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

std::vector<Change> Brain::restore(const std::vector<Record>& records, Now now,
                                   std::size_t* unreadable) {
  now_ = now;
  out_ = {};
  std::size_t skipped = 0;
  for (const Record& record : records) {
    switch (record.kind) {
      case RecordKind::session: restore_session(record, skipped); break;
      case RecordKind::message: restore_message(record, skipped); break;
      case RecordKind::floor: restore_floor(record, skipped); break;
      case RecordKind::guard: restore_guard(record, skipped); break;
      case RecordKind::position: {
        const auto position = read_position(record.value);
        skipped += position ? 0 : 1;
        if (position) sources_.set_position(record.key, *position, false);
        break;
      }
    }
  }
  std::sort(guard_order_.begin(), guard_order_.end());
  std::vector<Seq> all;
  for (const auto& [seq, held] : pool_.all()) all.push_back(seq);
  reserve_claims();
  decide(all);  // what the last agent had not decided yet
  house_keeping();
  flush();
  if (unreadable) *unreadable = skipped;
  restored_ = std::move(out_.events);  // the first command's effects tell them
  return std::exchange(out_, {}).changes;
}

void Brain::restore_session(const Record& record, std::size_t& unreadable) {
  auto session = read_session(record.value);
  if (!session || session->id != record.key || sessions_.count(session->id) > 0) {
    ++unreadable;
    return;
  }
  Session& kept = *session;
  kept.promised = true;
  last_seq_ = std::max({last_seq_, kept.order, kept.mark.seq.value_or(0), kept.decided});
  sessions_.emplace(kept.id, std::move(session));
  interests_.add(kept);
  if (!kept.email.empty()) look_back_.insert(kept.mark.time);
  // Somebody waited on it when the last agent ended: it has its whole life before it.
  const bool waited_on = !kept.expires;
  const Duration left =
      waited_on ? kept.ttl : std::min<Duration>(kept.expires_wall - now_.wall, kept.ttl);
  const WallTime expires_wall = kept.expires_wall;
  kept.expires.reset();
  set_expiry(kept, now_.instant + left);
  if (waited_on) return;
  if (expires_wall == kept.expires_wall)
    touched_sessions_.erase(&kept);  // the record says so already
}

void Brain::restore_message(const Record& record, std::size_t& unreadable) {
  auto stored = read_message(record.value);
  if (!stored || std::to_string(stored->held.arrival.seq) != record.key ||
      pool_.find(stored->held.arrival.seq)) {
    ++unreadable;
    return;
  }
  Held& held = stored->held;
  last_seq_ = std::max(last_seq_, held.arrival.seq);
  for (const Copy& copy : held.copies) last_seq_ = std::max(last_seq_, copy.decided);
  held.expires =
      now_.instant + std::min<Duration>(held.expires_wall - now_.wall, std::chrono::hours(24));
  const Seq seq = held.arrival.seq;
  const Instant expires = held.expires;
  pool_.add(std::move(held), std::move(stored->known_by));
  message_deadlines_.add(expires, seq);
}

/// A claimed code is kept for the waiter that had it: it comes again with its id.
void Brain::reserve_claims() {
  for (const auto& [seq, held] : pool_.all()) {
    for (std::uint32_t i = 0; i < held.copies.size(); ++i) {
      const Copy& copy = held.copies[i];
      if (copy.state == Copy::State::claimed) claims_[copy.delivery].push_back({seq, i});
    }
  }
  for (auto& [delivery, refs] : claims_) {
    // The copy that the delivery is named after goes first: it is the one that was shown.
    std::sort(refs.begin(), refs.end(), [&name = delivery](CopyRef a, CopyRef b) {
      const bool first = is_named(name, a), second = is_named(name, b);
      return first != second ? first : a < b;
    });
    reserved_[copy_at(refs.front()).waiter] = delivery;
    reservations_.add(now_.instant + settings_.resume_grace, delivery);
  }
}

void Brain::restore_floor(const Record& record, std::size_t& unreadable) {
  auto mark = read_mark(record.value);
  if (!mark) {
    ++unreadable;
    return;
  }
  last_seq_ = std::max(last_seq_, mark->seq.value_or(0));
  const Duration age = std::max<Duration>(now_.wall - mark->time, Duration(0));
  set_floor(record.key, std::move(*mark),
            now_.instant + settings_.guard_life - std::min(age, settings_.guard_life));
}

void Brain::restore_guard(const Record& record, std::size_t& unreadable) {
  const auto expires = read_guard(record.value);
  Fingerprint identity;
  if (!expires || !from_hex(record.key, identity)) {
    ++unreadable;
    return;
  }
  const Instant when =
      now_.instant + std::min<Duration>(*expires - now_.wall, settings_.guard_life);
  guards_[identity] = when;
  guard_order_.emplace_back(when, identity);
}

}  // namespace otpctl::delivery
