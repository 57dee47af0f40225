// The messages that are held: found by recipient, by what they are known by, and in the order of
// arrival.
#pragma once

#include "delivery/fingerprint.hpp"
#include "delivery/model.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::delivery {

/// What a copy is known by: mail by (mailbox, UIDVALIDITY, UID) and by Message-ID, an SMS by the
/// provider's id or by sender, text and sent time; each with its recipients. Empty when there is
/// nothing to know it by.
std::vector<Fingerprint> identities(const Held& held, const Copy& copy,
                                    std::string_view provider_id);

class Pool {
 public:
  using Messages = std::map<Seq, Held>;

  /// Keeps `held` under its arrival.seq. `known_by[i]` belongs to copy i.
  Held& add(Held held, std::vector<std::vector<Fingerprint>> known_by);
  void erase(Seq seq);

  Held* find(Seq seq);
  const Held* find(Seq seq) const;
  bool knows(const Fingerprint& identity) const { return known_.count(identity) > 0; }
  const std::vector<Fingerprint>& identities_of(CopyRef ref) const;

  /// In order of arrival: all that name `recipient`, and those of them that are free.
  const std::set<CopyRef>& of(std::string_view recipient) const;
  const std::set<CopyRef>& free_for(std::string_view recipient) const;

  /// The only way that a copy changes its state once it is in the pool.
  void set_state(CopyRef ref, Copy::State state);

  Messages& all() { return messages_; }
  const Messages& all() const { return messages_; }
  std::size_t size() const { return messages_.size(); }

  /// Forgets the oldest texts until at most `limit` bytes of text are held.
  void limit_text(std::size_t limit);

 private:
  Messages messages_;
  std::map<Seq, std::vector<std::vector<Fingerprint>>> known_by_;
  std::map<Fingerprint, CopyRef> known_;
  using Index = std::map<std::string, std::set<CopyRef>, std::less<>>;
  static void remove(Index& index, const std::string& recipient, CopyRef ref);
  static const std::set<CopyRef>& find(const Index& index, std::string_view recipient);
  Index by_recipient_;
  Index free_;
  std::size_t text_total_ = 0;
  std::map<Seq, std::size_t> texts_;  // which messages have a text, and how long it was
};

}  // namespace otpctl::delivery
