#include "delivery/pool.hpp"

#include <utility>

namespace otpctl::delivery {

namespace {

std::string micros(const std::optional<WallTime>& time) {
  return time ? std::to_string(time->time_since_epoch().count()) : std::string();
}

}  // namespace

std::vector<Fingerprint> identities(const Held& held, const Copy& copy, std::string_view provider_id) {
  std::vector<Fingerprint> all;
  std::string to;
  for (const std::string& candidate : copy.candidates) to += candidate + '\n';
  const Arrival& arrival = held.arrival;
  if (arrival.channel == message::Channel::email) {
    if (arrival.from_mailbox) {
      const std::string place = std::to_string(arrival.uid_validity) + ' ' + std::to_string(arrival.uid);
      all.push_back(fingerprint({"place", arrival.source, place, to}));
    }
    if (!held.message_id.empty()) all.push_back(fingerprint({"id", held.message_id, to}));
  } else if (arrival.channel == message::Channel::sms) {
    if (!provider_id.empty()) {
      all.push_back(fingerprint({"sms", arrival.source, provider_id, to}));
    } else if (arrival.sent) {  // without a sent time the same text may be a second code
      all.push_back(fingerprint({"text", held.sender, held.text, micros(arrival.sent), to}));
    }
  }
  return all;
}

Held& Pool::add(Held held, std::vector<std::vector<Fingerprint>> known_by) {
  const Seq seq = held.arrival.seq;
  for (std::uint32_t i = 0; i < held.copies.size(); ++i) {
    for (const std::string& recipient : held.copies[i].candidates) by_recipient_[recipient].insert({seq, i});
    for (const Fingerprint& identity : known_by[i]) known_.emplace(identity, CopyRef{seq, i});
  }
  known_by_.emplace(seq, std::move(known_by));
  if (!held.text.empty()) {
    texts_.emplace(seq, held.text.size());
    text_total_ += held.text.size();
  }
  return messages_.insert_or_assign(seq, std::move(held)).first->second;
}

void Pool::erase(Seq seq) {
  const auto found = messages_.find(seq);
  if (found == messages_.end()) return;
  const auto known_by = known_by_.find(seq);
  for (std::uint32_t i = 0; i < found->second.copies.size(); ++i) {
    for (const std::string& recipient : found->second.copies[i].candidates) {
      const auto entry = by_recipient_.find(recipient);
      if (entry == by_recipient_.end()) continue;
      entry->second.erase({seq, i});
      if (entry->second.empty()) by_recipient_.erase(entry);
    }
    for (const Fingerprint& identity : known_by->second[i]) {
      const auto known = known_.find(identity);
      if (known != known_.end() && known->second == CopyRef{seq, i}) known_.erase(known);
    }
  }
  known_by_.erase(known_by);
  if (const auto text = texts_.find(seq); text != texts_.end()) {
    text_total_ -= text->second;
    texts_.erase(text);
  }
  messages_.erase(found);
}

Held* Pool::find(Seq seq) {
  const auto found = messages_.find(seq);
  return found == messages_.end() ? nullptr : &found->second;
}

const Held* Pool::find(Seq seq) const {
  const auto found = messages_.find(seq);
  return found == messages_.end() ? nullptr : &found->second;
}

const std::vector<Fingerprint>& Pool::identities_of(CopyRef ref) const { return known_by_.at(ref.seq).at(ref.index); }

const std::set<CopyRef>& Pool::of(std::string_view recipient) const {
  static const std::set<CopyRef> kNone;
  const auto found = by_recipient_.find(recipient);
  return found == by_recipient_.end() ? kNone : found->second;
}

void Pool::limit_text(std::size_t limit) {
  while (text_total_ > limit && !texts_.empty()) {
    const auto oldest = texts_.begin();
    wipe(messages_.at(oldest->first).text);
    text_total_ -= oldest->second;
    texts_.erase(oldest);
  }
}

}  // namespace otpctl::delivery
