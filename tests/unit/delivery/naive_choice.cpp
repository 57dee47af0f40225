// The model's answer to: which message counts for which wait, and which of them is given.
#include "unit/delivery/naive_model.hpp"

#include <algorithm>
#include <set>

namespace otpctl::delivery::test {

using namespace std::chrono_literals;

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
    const auto blocked = [&to = recipient](const Wait& wait) {
      return wait.recipient == to && wait.delivery == 0;
    };
    for (const std::string& id : in_line(blocked)) {
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
    message.session = wait.session;
    message.value = value;
    message.decided = decided;
  }
  if (Session* session = session_by(wait.session))
    session->decided = std::max(session->decided, decided);
  wait.deadline.reset();
  served_.push_back({wait.id, wait.recipient, wait.session, now.instant});
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

}  // namespace otpctl::delivery::test
