#include "delivery/pool.hpp"

#include <utility>

namespace otpctl::delivery {

namespace {

std::string micros(const std::optional<WallTime>& time) {
  return time ? std::to_string(time->time_since_epoch().count()) : std::string();
}

}  // namespace

std::vector<Fingerprint> identities(const Held& held, const Copy& copy,
                                    std::string_view provider_id) {
  std::vector<Fingerprint> all;
  std::string to;
  for (const std::string& candidate : copy.candidates) to += candidate + '\n';
  const Arrival& arrival = held.arrival;
  if (arrival.channel == message::Channel::email) {
    if (arrival.from_mailbox) {
      const std::string place =
          std::to_string(arrival.uid_validity) + ' ' + std::to_string(arrival.uid);
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
    for (const std::string& recipient : held.copies[i].candidates) {
      by_recipient_[recipient].insert({seq, i});
      if (held.copies[i].state == Copy::State::free) free_[recipient].insert({seq, i});
    }
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
      remove(by_recipient_, recipient, {seq, i});
      remove(free_, recipient, {seq, i});
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

const std::vector<Fingerprint>& Pool::identities_of(CopyRef ref) const {
  return known_by_.at(ref.seq).at(ref.index);
}

void Pool::remove(Index& index, const std::string& recipient, CopyRef ref) {
  const auto entry = index.find(recipient);
  if (entry == index.end()) return;
  entry->second.erase(ref);
  if (entry->second.empty()) index.erase(entry);
}

const std::set<CopyRef>& Pool::find(const Index& index, std::string_view recipient) {
  static const std::set<CopyRef> kNone;
  const auto found = index.find(recipient);
  return found == index.end() ? kNone : found->second;
}

const std::set<CopyRef>& Pool::of(std::string_view recipient) const {
  return find(by_recipient_, recipient);
}
const std::set<CopyRef>& Pool::free_for(std::string_view recipient) const {
  return find(free_, recipient);
}

void Pool::set_state(CopyRef ref, Copy::State state) {
  Copy& copy = messages_.at(ref.seq).copies.at(ref.index);
  copy.state = state;
  for (const std::string& recipient : copy.candidates) {
    if (state == Copy::State::free) {
      free_[recipient].insert(ref);
    } else {
      remove(free_, recipient, ref);
    }
  }
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
