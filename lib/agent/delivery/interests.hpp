// Who asks for which recipient: blocked waiters oldest first, waiters that hold a code, sessions.
#pragma once

#include "delivery/model.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace otpctl::delivery {

struct Interest {
  std::set<Waiter*, Older> waiting;  // admitted and without a code: blocked or synchronising
  std::set<Waiter*, Older> holding;  // a code was given, its acknowledgement is awaited
  std::set<Session*, Older> sessions;
  int alone = 0;  // how many waiters of it have no session
  int exclusive = 0;

  bool asked() const { return !waiting.empty() || !sessions.empty(); }
};

/// Whoever else is there; what a refusal or a warning names.
struct Other {
  std::string name;  // "pid 4711", "session 1a2b3c4d"
  bool exclusive = false;
};

class Interests {
 public:
  void add(Session& session);
  void remove(Session& session);
  void add(Waiter& waiter);
  void hold(Waiter& waiter);  // it has its code
  void let_go(Waiter& waiter);  // it has none after all
  void remove(Waiter& waiter);

  const Interest* find(std::string_view recipient) const;
  bool asked(std::string_view recipient) const;
  const std::set<std::string>& phones() const { return phones_; }  // those that are asked for
  std::vector<std::string> asked_for() const;                      // all, sorted

  /// How many sessions that wait for their code and waiters without session want `recipient`.
  int contenders(std::string_view recipient) const;

  /// Somebody who keeps `self` (session id, or waiter id without session) from `recipient`: anybody
  /// when it wants it for itself, else only one who has it for himself.
  std::optional<Other> obstacle(std::string_view recipient, std::string_view self,
                                bool exclusive) const;

 private:
  Interest& at(std::string_view recipient);
  void settle(std::string_view recipient);  // after a change: forgets an empty one, keeps phones_

  std::map<std::string, Interest, std::less<>> interests_;
  std::set<std::string> phones_;
};

}  // namespace otpctl::delivery
