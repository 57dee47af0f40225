// Waits and sessions of the model: how they begin, go on and end.
#include "unit/delivery/naive_model.hpp"

#include <algorithm>

namespace otpctl::delivery::test {

using namespace std::chrono_literals;

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
  std::string recipient, session;
  bool open = false;
  for (const Message& message : messages_) {
    if (message.delivery != delivery || message.waiter != waiter || !message.primary) continue;
    open = message.state == State::claimed || message.state == State::free ||
           message.state == State::superseded;
    recipient = message.recipient;
    session = message.session;
  }
  if (!open) return;
  if (Session* its = session_by(session)) its->received = true;
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
    if (wait.delivery > 0)
      std::erase_if(served_, [&](const Served& one) { return one.waiter == wait.id; });
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
  session.received = false;
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
  for (const std::string& waiter : in_line([&](const Wait& wait) { return wait.session == id; })) {
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

}  // namespace otpctl::delivery::test
