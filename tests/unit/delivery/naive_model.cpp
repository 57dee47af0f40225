#include "unit/delivery/naive_model.hpp"

#include <algorithm>
#include <set>

namespace otpctl::delivery::test {

using namespace std::chrono_literals;

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

bool NaiveModel::asked(const std::string& recipient) const {
  for (const Session& session : sessions_) {
    if (session.recipient == recipient) return true;
  }
  for (const Wait& wait : waits_) {
    if (wait.recipient == recipient && wait.delivery == 0) return true;
  }
  return false;
}

std::string NaiveModel::meant_for(const Message& message) const {
  if (message.to.size() == 1) return message.to[0];
  std::vector<std::string> asking;
  for (const std::string& recipient : message.to) {
    if (asked(recipient)) asking.push_back(recipient);
  }
  return asking.size() == 1 ? asking[0] : std::string();
}

bool NaiveModel::after(const Message& message, const Point& point) const {
  if (message.channel == 's' && message.sent && point.time - *message.sent > 60s) return false;
  if (point.index && message.index <= *point.index) return false;
  if (message.from_mailbox && point.uid_next) return message.uid >= *point.uid_next;
  if (message.from_mailbox) return message.received + 1s > point.time;
  return point.index.has_value() || message.received > point.time;
}

bool NaiveModel::fits(const Message& message, const Wait& wait) const {
  return !message.value.empty() && counts(message, wait);
}

bool NaiveModel::counts(const Message& message, const Wait& wait) const {
  if (message.state != State::free || meant_for(message) != wait.recipient) return false;
  if (!message.only.empty() && message.only != wait.session && message.only != wait.id) return false;
  std::string session_from;
  Point mark = wait.mark;
  if (!wait.session.empty()) {
    session_from = find_session(wait.session)->from;
    mark = find_session(wait.session)->mark;
    if (std::max(message.index, message.decided) < find_session(wait.session)->decided)
      return false;
  }
  if (!after(message, mark)) return false;
  if (wait.session.empty() && wait.floor && !message.given_back && !after(message, *wait.floor))
    return false;
  if (message.channel == 'p') return true;
  return (wait.from.empty() || wait.from == message.sender_key) &&
         (session_from.empty() || session_from == message.sender_key);
}

bool NaiveModel::newer(const Message& a, const Message& b) {
  if (a.from_mailbox && b.from_mailbox) return a.uid > b.uid;
  if (a.channel == 's' && a.sent && b.sent && *a.sent != *b.sent) return *a.sent > *b.sent;
  const auto moment = [](const Message& message) {
    const bool late = message.channel == 's' && message.sent && message.received - *message.sent > 60s;
    return late ? *message.sent : message.received;
  };
  if (moment(a) != moment(b)) return moment(a) > moment(b);
  return a.index > b.index;
}

void NaiveModel::supersede(Message& older) {
  older.state = State::superseded;
  guards_[older.id] = now.instant + settings.guard_life;
}

void NaiveModel::replace_by(long index) {
  Message& message = at(index);
  const auto can = [](const Message& m) {
    return m.state == State::free && !m.value.empty() && m.channel != 'p' && m.to.size() == 1 &&
           m.choices.empty();
  };
  if (!can(message)) return;
  for (Message& other : messages_) {
    if (other.index == index || !can(other) || other.to != message.to ||
        other.channel != message.channel || other.sender_key != message.sender_key) {
      continue;
    }
    if (!newer(message, other)) return supersede(message);
    supersede(other);
  }
}

void NaiveModel::offer(const std::vector<long>& indices) {
  std::map<std::string, std::vector<long>> groups;
  for (const long index : indices) {
    if (at(index).state == State::free) groups[meant_for(at(index))].push_back(index);
  }
  groups.erase("");
  for (const auto& [recipient, group] : groups) {
    std::vector<std::pair<long, std::string>> line;
    for (const Wait& wait : waits_) {
      if (wait.recipient == recipient && wait.delivery == 0) line.emplace_back(wait.order, wait.id);
    }
    std::sort(line.begin(), line.end());
    for (const auto& [order, id] : line) {
      Wait& wait = *wait_by(id);
      if (wait.asking || (!wait.session.empty() && session_by(wait.session)->marking)) continue;
      std::vector<long> fitting;
      for (const long index : group) {
        if (fits(at(index), wait)) fitting.push_back(index);
      }
      if (fitting.empty()) continue;
      if (wait.ambiguous) {
        fitting.clear();
        for (const Message& message : messages_) {
          if (fits(message, wait)) fitting.push_back(message.index);
        }
      }
      choose(wait, fitting);
    }
  }
}

bool NaiveModel::choose(Wait& wait, std::vector<long> indices) {
  for (const long a : indices) {
    for (const long b : indices) {
      Message& one = at(a);
      Message& two = at(b);
      const bool same = a != b && one.channel != 'p' && one.channel == two.channel &&
                        one.sender_key == two.sender_key;
      if (same && one.state == State::free && two.state == State::free && newer(one, two))
        supersede(two);
    }
  }
  std::vector<long> left;
  for (const long index : indices) {
    if (at(index).state == State::free) left.push_back(index);
  }
  left = prevailing(left);
  if (left.empty()) return false;
  std::set<std::string> values;
  for (const long index : left) values.insert(at(index).value);
  wait.ambiguous = values.size() > 1;
  if (wait.ambiguous) return false;
  give(wait, left, *std::max_element(left.begin(), left.end()), *values.begin());
  return true;
}

long NaiveModel::decision(const Message& message) {
  return message.channel == 'p' ? std::max(message.index, message.decided) : message.decided;
}

/// What a person has passed over does not count.
std::vector<long> NaiveModel::prevailing(std::vector<long> indices) const {
  long decided = 0;
  std::string value;
  for (const long index : indices) {
    if (decision(at(index)) <= decided) continue;
    decided = decision(at(index));
    value = at(index).value;
  }
  std::erase_if(indices, [&](long index) {
    return std::max(index, at(index).decided) < decided && at(index).value != value;
  });
  return indices;
}

void NaiveModel::give(Wait& wait, const std::vector<long>& group, long primary,
                      const std::string& value) {
  long decided = 0;
  for (const long index : group) decided = std::max(decided, decision(at(index)));
  wait.delivery = ++deliveries_;
  for (const long index : group) {
    Message& message = at(index);
    message.state = State::claimed;
    message.delivery = wait.delivery;
    message.waiter = wait.id;
    message.primary = index == primary;
    message.recipient = wait.recipient;
    message.value = value;
    message.decided = decided;
  }
  if (Session* session = session_by(wait.session))
    session->decided = std::max(session->decided, decided);
  wait.deadline.reset();
  out[wait.request] = {Outcome::code, value, wait.recipient, wait.delivery};
}

/// Message and value: what a person may choose from for this wait.
std::vector<std::pair<long, std::string>> NaiveModel::offered(const Wait& wait) const {
  std::vector<std::pair<long, std::string>> all;
  if (wait.asking || wait.delivery > 0) return all;
  if (!wait.session.empty() && find_session(wait.session)->marking) return all;
  std::vector<long> fitting;
  for (const Message& message : messages_) {
    if (wait.ambiguous && fits(message, wait)) fitting.push_back(message.index);
  }
  for (const long index : prevailing(fitting)) all.emplace_back(index, at(index).value);
  for (const Message& message : messages_) {
    if (!message.value.empty() || !counts(message, wait)) continue;
    for (const std::string& choice : message.choices) all.emplace_back(message.index, choice);
  }
  return all;
}

std::vector<std::string> NaiveModel::held_for(const Wait& wait) const {
  std::set<std::string> values;
  for (const auto& [index, value] : offered(wait)) values.insert(value);
  return {values.begin(), values.end()};
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

void NaiveModel::enter(RequestId request, const std::string& recipient, const std::string& only,
                       const std::string& value, bool waiting_only) {
  std::vector<std::pair<long, std::string>> line;
  for (const Wait& wait : waits_) {
    const bool meant = only.empty() ? wait.recipient == recipient
                                    : wait.session == only || wait.id == only;
    if (meant && wait.delivery == 0) line.emplace_back(wait.order, wait.id);
  }
  std::sort(line.begin(), line.end());
  out[request] = {Outcome::fresh, "", "", 0};
  for (const auto& [order, id] : line) {
    Wait& wait = *wait_by(id);
    std::vector<long> group;
    for (const auto& [index, choice] : offered(wait)) {
      if (choice == value) group.push_back(index);
    }
    if (group.empty()) continue;
    long primary = 0;
    for (const long index : group) {
      const bool clearer = primary > 0 && at(primary).choices.empty() && !at(index).choices.empty();
      const bool worse = primary > 0 && !at(primary).choices.empty() && at(index).choices.empty();
      if (worse || (!clearer && index > primary)) primary = index;
    }
    ++index_;
    for (const long index : group) at(index).decided = index_;
    return give(wait, group, primary, value);
  }
  const bool for_a_wait = !only.empty() && !session_by(only);
  if ((waiting_only || for_a_wait) && line.empty()) {
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

NaiveModel::Point NaiveModel::here() const {
  return {now.wall, index_, live_ ? uid_next_ : std::nullopt};
}

void NaiveModel::floor(const std::string& recipient) {
  floors_[recipient] = {here(), now.instant + settings.guard_life};
}

void NaiveModel::wait(Wait wait, std::optional<Duration> since, std::optional<Duration> timeout,
                      const Wait* resumed) {
  wait.order = resumed ? resumed->order : ++orders_;
  if (Session* session = session_by(wait.session)) {
    wait.recipient = session->recipient;
    session->expires.reset();
  } else if (resumed) {
    wait.mark = resumed->mark;
    wait.floor = resumed->floor;
  } else {
    const Duration back = since.value_or(settings.since);
    wait.mark = back > 0s ? Point{now.wall - back, std::nullopt, std::nullopt} : here();
    if (floors_.count(wait.recipient) > 0) wait.floor = floors_[wait.recipient].first;
  }
  wait.at_once = timeout == Duration(0);
  if (!wait.at_once) wait.deadline = now.instant + timeout.value_or(settings.timeout);
  for (const Reserved& reserved : reserved_) {
    if (reserved.waiter != wait.id) continue;
    wait.delivery = reserved.delivery;
    wait.deadline.reset();
    std::string value;
    for (const Message& message : messages_) {
      if (message.delivery == wait.delivery && message.state == State::claimed)
        value = message.value;
    }
    out[wait.request] = {Outcome::code, value, wait.recipient, wait.delivery};
    std::erase_if(reserved_, [&](const Reserved& each) { return each.waiter == wait.id; });
    waits_.push_back(wait);
    return;
  }
  wait.asking = wait.at_once && live_ && wait.recipient.find('@') != std::string::npos;
  waits_.push_back(wait);
  if (wait.asking) {
    rounds_.push_back({"", wait.id, now.instant + settings.sync_wait, 0});
  } else {
    go_on(wait.id);
  }
}

void NaiveModel::go_on(const std::string& id) {
  Wait& wait = *wait_by(id);
  if (wait.asking || wait.delivery > 0 ||
      (!wait.session.empty() && session_by(wait.session)->marking))
    return;
  std::vector<long> fitting;
  for (const Message& message : messages_) {
    if (fits(message, wait)) fitting.push_back(message.index);
  }
  if (choose(wait, fitting) || !wait.at_once) return;
  out[wait.request] = {Outcome::ended, "", "", 0};
  floor(wait.recipient);
  leave(id);
}

void NaiveModel::leave(const std::string& id) {
  const std::string in_session = wait_by(id)->session;
  std::erase_if(waits_, [&](const Wait& wait) { return wait.id == id; });
  std::erase_if(rounds_, [&](const Round& round) { return round.waiter == id; });
  Session* session = session_by(in_session);
  if (!session) return;
  if (std::none_of(waits_.begin(), waits_.end(),
                   [&](const Wait& wait) { return wait.session == in_session; })) {
    session->expires = now.instant + settings.ttl;
  }
}

void NaiveModel::acknowledge(RequestId request, int delivery, const std::string& waiter) {
  out[request] = {Outcome::unknown, "", "", 0};
  std::string recipient;
  bool open = false;
  for (const Message& message : messages_) {
    if (message.delivery != delivery || message.waiter != waiter || !message.primary) continue;
    open = message.state == State::claimed || message.state == State::free ||
           message.state == State::superseded;
    recipient = message.recipient;
  }
  if (!open) return;
  for (Message& message : messages_) {
    if (message.delivery != delivery || message.state == State::taken) continue;
    message.state = State::taken;
    if (message.id != 0) guards_[message.id] = now.instant + settings.guard_life;
  }
  out[request] = {Outcome::known, "", "", 0};
  std::erase_if(reserved_, [&](const Reserved& each) { return each.delivery == delivery; });
  floor(recipient);
  const Wait* wait = find_wait(waiter);
  if (wait && wait->delivery == delivery) leave(waiter);
}

void NaiveModel::client_gone(ClientId client) {
  std::vector<Wait> gone;
  for (const Wait& wait : waits_) {
    if (wait.client == client) gone.push_back(wait);
  }
  for (const Wait& wait : gone) {
    floor(wait.recipient);
    leave(wait.id);
  }
  for (const Wait& wait : gone) {
    std::vector<long> returned;
    for (const Message& message : messages_) {
      if (wait.delivery > 0 && message.delivery == wait.delivery && message.state == State::claimed)
        returned.push_back(message.index);
    }
    give_back(returned);
  }
}

void NaiveModel::give_back(const std::vector<long>& indices) {
  std::vector<long> kept;
  for (const long index : indices) {
    at(index).state = State::free;
    at(index).given_back = true;
    if (at(index).expires > now.instant) {
      kept.push_back(index);
    } else {
      std::erase_if(messages_, [&](const Message& message) { return message.index == index; });
    }
  }
  for (const long index : kept) replace_by(index);
  offer(kept);
}

void NaiveModel::open(RequestId request, const std::string& id, const std::string& recipient,
                      const std::string& from) {
  Session session;
  session.id = id;
  session.recipient = recipient;
  session.from = from;
  session.expires = now.instant + settings.ttl;
  sessions_.push_back(session);
  mark(request, id);
}

void NaiveModel::mark(RequestId request, const std::string& id) {
  Session& session = *session_by(id);
  std::erase_if(rounds_, [&](const Round& round) { return round.session == id; });
  session.requests.push_back(request);
  session.mark = {now.wall, index_, std::nullopt};
  session.marking = true;
  for (Wait& wait : waits_) {
    if (wait.session == id) wait.ambiguous = false;
  }
  if (live_ && session.recipient.find('@') != std::string::npos) {
    rounds_.push_back({id, "", now.instant + settings.register_wait, 0});
  } else {
    finish(id);
  }
}

void NaiveModel::finish(const std::string& id) {
  Session& session = *session_by(id);
  session.marking = false;
  for (const RequestId request : session.requests) out[request] = {Outcome::session, "", "", 0};
  session.requests.clear();
  std::vector<std::pair<long, std::string>> waiting;
  for (const Wait& wait : waits_) {
    if (wait.session == id) waiting.emplace_back(wait.order, wait.id);
  }
  std::sort(waiting.begin(), waiting.end());
  for (const auto& [order, waiter] : waiting) {
    if (find_wait(waiter)) go_on(waiter);
  }
}

void NaiveModel::refresh(const std::string& id) {
  Session& session = *session_by(id);
  if (session.expires) session.expires = now.instant + settings.ttl;
}

void NaiveModel::close(const std::string& id) { end_session(id); }

void NaiveModel::end_session(const std::string& id) {
  const Session session = *session_by(id);
  const std::vector<Wait> all = waits_;
  for (const Wait& wait : all) {
    if (wait.session != id) continue;
    if (wait.delivery > 0) {
      wait_by(wait.id)->session.clear();
      continue;
    }
    out[wait.request] = {Outcome::closed, "", "", 0};
    leave(wait.id);
  }
  for (const RequestId request : session.requests) out[request] = {Outcome::closed, "", "", 0};
  floor(session.recipient);
  std::erase_if(rounds_, [&](const Round& round) { return round.session == id; });
  std::erase_if(sessions_, [&](const Session& each) { return each.id == id; });
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
  rounds_.clear();
  live_ = false;
  uid_next_.reset();
  std::vector<long> all;
  for (const Message& message : messages_) all.push_back(message.index);
  for (const long index : all) replace_by(index);
  tick();
}

}  // namespace otpctl::delivery::test
