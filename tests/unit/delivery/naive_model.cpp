// What the model is told: arrivals, entries, mailboxes and time.
#include "unit/delivery/naive_model.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery::test {

NaiveModel::Message& NaiveModel::at(long index) {
  return *std::find_if(messages_.begin(), messages_.end(),
                       [&](const Message& m) { return m.index == index; });
}

NaiveModel::Wait* NaiveModel::wait_by(const std::string& id) {
  for (Wait& wait : waits_) {
    if (wait.id == id) return &wait;
  }
  return nullptr;
}

NaiveModel::Session* NaiveModel::session_by(const std::string& id) {
  for (Session& session : sessions_) {
    if (session.id == id) return &session;
  }
  return nullptr;
}

const NaiveModel::Wait* NaiveModel::find_wait(const std::string& id) const {
  return const_cast<NaiveModel*>(this)->wait_by(id);
}

const NaiveModel::Session* NaiveModel::find_session(const std::string& id) const {
  return const_cast<NaiveModel*>(this)->session_by(id);
}

int NaiveModel::pending_codes() const {
  return static_cast<int>(std::count_if(messages_.begin(), messages_.end(), [](const Message& m) {
    return !m.value.empty() &&
           (m.state == State::pending || m.state == State::free || m.state == State::claimed);
  }));
}

void NaiveModel::arrive(RequestId request, Message message, bool more) {
  const bool in_pool = std::any_of(messages_.begin(), messages_.end(),
                                   [&](const Message& m) { return m.id == message.id; });
  const auto guard = guards_.find(message.id);
  const bool known = in_pool || (guard != guards_.end() && guard->second > now.instant);
  out[request] = {known ? Outcome::duplicate : Outcome::fresh, "", "", 0};
  ++index_;
  if (!known) {
    message.index = index_;
    message.expires = now.instant + settings.keep;
    messages_.push_back(message);
  }
  if (!more) settle(message.from_mailbox);
}

void NaiveModel::settle_mailbox() { settle(true); }

void NaiveModel::settle(bool from_mailbox) {
  std::vector<long> batch;
  for (Message& message : messages_) {
    if (message.state != State::pending || message.from_mailbox != from_mailbox) continue;
    message.state = State::free;
    batch.push_back(message.index);
  }
  for (const long index : batch) replace_by(index);
  offer(batch);
}

/// A person chose one of the values that are held for this wait.
bool NaiveModel::take_from_the_held(Wait& wait, const std::string& value) {
  std::vector<long> group;
  for (const auto& [index, choice] : offered(wait)) {
    if (choice == value) group.push_back(index);
  }
  if (group.empty()) return false;
  long primary = 0;
  for (const long index : group) {
    const bool clearer = primary > 0 && at(primary).choices.empty() && !at(index).choices.empty();
    const bool worse = primary > 0 && !at(primary).choices.empty() && at(index).choices.empty();
    if (worse || (!clearer && index > primary)) primary = index;
  }
  ++index_;
  for (const long index : group) at(index).decided = index_;
  give(wait, group, primary, value);
  return true;
}

/// Its code came a moment ago, and nobody wants another one.
bool NaiveModel::is_late(const std::string& recipient, const std::string& only) const {
  for (const Session& session : sessions_) {
    const bool meant = only.empty() ? session.recipient == recipient : session.id == only;
    const bool has_code = std::any_of(waits_.begin(), waits_.end(), [&](const Wait& wait) {
      return wait.session == session.id && wait.delivery > 0;
    });
    if (meant && !session.received && !has_code) return false;
  }
  return std::any_of(served_.begin(), served_.end(), [&](const Served& one) {
    const bool meant = only.empty() ? one.recipient == recipient : one.session == only;
    return meant && now.instant - one.when < settings.late;
  });
}

void NaiveModel::enter(RequestId request, const std::string& recipient, const std::string& only,
                       const std::string& value, bool waiting_only) {
  const std::vector<std::string> line = in_line([&](const Wait& wait) {
    const bool meant = only.empty() ? wait.recipient == recipient
                                    : wait.session == only || wait.id == only;
    return meant && wait.delivery == 0;
  });
  out[request] = {Outcome::fresh, "", "", 0};
  for (const std::string& id : line) {
    if (take_from_the_held(*wait_by(id), value)) return;
  }
  const bool for_a_wait = !only.empty() && !session_by(only);
  if (line.empty() && (waiting_only || for_a_wait || is_late(recipient, only))) {
    out[request] = {Outcome::refused, "", "", 0};
    return;
  }
  Message message;
  message.channel = 'p';
  message.to = {recipient};
  message.only = only;
  message.value = value;
  message.received = now.wall;
  message.index = ++index_;
  message.state = State::free;
  message.expires = now.instant + settings.keep;
  messages_.push_back(message);
  offer({message.index});
}

void NaiveModel::mailbox(bool live) {
  live_ = live;
  if (live) return;
  uid_next_.reset();
  settle(true);
  const std::vector<Round> all = std::exchange(rounds_, {});
  for (const Round& round : all) {
    if (!round.session.empty() && session_by(round.session)) finish(round.session);
    if (Wait* wait = wait_by(round.waiter)) {
      wait->asking = false;
      go_on(round.waiter);
    }
  }
}

void NaiveModel::position(std::uint32_t uid_next) { uid_next_ = uid_next; }

void NaiveModel::synchronised(std::uint64_t token, std::uint32_t uid_next) {
  position(uid_next);
  for (const Round& round : std::vector<Round>(rounds_)) {
    if (round.token != token) continue;
    std::erase_if(rounds_, [&](const Round& each) { return each.token == token; });
    if (!round.session.empty()) {
      session_by(round.session)->mark.uid_next = uid_next;
      finish(round.session);
    } else {
      wait_by(round.waiter)->asking = false;
      go_on(round.waiter);
    }
  }
}

void NaiveModel::tick() {
  std::erase_if(messages_, [&](const Message& m) {
    return m.expires <= now.instant && m.state != State::claimed;
  });
  for (const Session& session : std::vector<Session>(sessions_)) {
    if (session.expires && *session.expires <= now.instant) end_session(session.id);
  }
  std::erase_if(floors_, [&](const auto& floor) { return floor.second.second <= now.instant; });
  for (const Reserved& reserved : std::vector<Reserved>(reserved_)) {
    if (reserved.until > now.instant) continue;
    std::vector<long> returned;
    for (const Message& message : messages_) {
      if (message.delivery == reserved.delivery && message.state == State::claimed)
        returned.push_back(message.index);
    }
    std::erase_if(reserved_,
                  [&](const Reserved& each) { return each.delivery == reserved.delivery; });
    give_back(returned);
  }
  for (const Round& round : std::vector<Round>(rounds_)) {
    if (round.deadline > now.instant) continue;
    std::erase_if(rounds_, [&](const Round& each) { return each.token == round.token; });
    if (!round.session.empty()) finish(round.session);
    if (Wait* wait = wait_by(round.waiter)) {
      wait->asking = false;
      go_on(round.waiter);
    }
  }
  for (const Wait& wait : std::vector<Wait>(waits_)) {
    if (!wait.deadline || *wait.deadline > now.instant) continue;
    out[wait.request] = {Outcome::ended, "", "", 0};
    floor(wait.recipient);
    leave(wait.id);
  }
}

/// kill -9: blocked waits, rounds and what had no code are gone; a claimed code waits for its
/// waiter.
void NaiveModel::tick_after_kill() {
  std::erase_if(messages_, [](const Message& message) {
    return message.value.empty() || message.state == State::taken ||
           message.state == State::superseded;
  });
  reserved_.clear();
  for (Message& message : messages_) {
    if (message.state == State::pending) message.state = State::free;
    if (message.state == State::claimed && message.primary) {
      reserved_.push_back({message.delivery, message.waiter, now.instant + settings.resume_grace});
    }
  }
  for (Session& session : sessions_) {
    const bool waited_on = std::any_of(
        waits_.begin(), waits_.end(), [&](const Wait& wait) { return wait.session == session.id; });
    if (waited_on) session.expires = now.instant + settings.ttl;
    session.marking = false;
    session.requests.clear();
  }
  waits_.clear();
  served_.clear();
  rounds_.clear();
  live_ = false;
  uid_next_.reset();
  std::vector<long> all;
  for (const Message& message : messages_) all.push_back(message.index);
  for (const long index : all) replace_by(index);
  tick();
}

}  // namespace otpctl::delivery::test
