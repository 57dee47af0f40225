// Sessions: registered, marked, refreshed, closed, expired; and asking the mailboxes where they
// stand.
#include "delivery/brain.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

constexpr std::size_t kShortestPrefix = 4;
constexpr Duration kLongestTtl = std::chrono::hours(24 * 366);

Duration bounded(Duration ttl) {
  return std::clamp<Duration>(ttl, std::chrono::seconds(1), kLongestTtl);
}

bool is_json_object(const std::string& text) {
  return nlohmann::json::parse(text, nullptr, false).is_object();
}

}  // namespace

void Brain::run(Register& command) {
  const auto refuse_with = [&](ErrorCode code, std::string message) {
    reply(command.request, Error{code, std::move(message)});
  };
  if (stopped_) return refuse_with(ErrorCode::agent_unreachable, "the agent was stopped");
  if (command.id.empty() || sessions_.count(command.id) > 0)
    return refuse_with(ErrorCode::usage, "a session needs an id of its own");
  if (command.spec.email.empty() && command.spec.phone.empty())
    return refuse_with(ErrorCode::usage, "name an e-mail address or a phone number");
  if (!is_json_object(command.spec.metadata))
    return refuse_with(ErrorCode::usage, "metadata must be a JSON object");
  if (const auto gate = make_gate(command.spec.filters); !gate)
    return refuse_with(gate.error().code, gate.error().message);
  if (sessions_.size() >= settings_.max_sessions) {
    return refuse_with(ErrorCode::busy, std::to_string(sessions_.size()) +
                                            " sessions are open: close some or let them expire");
  }
  std::vector<std::string> recipients;
  for (const auto recipient : recipients_of(command.spec.email, command.spec.phone))
    recipients.emplace_back(recipient);
  if (!held_up(command, std::move(recipients), command.id, command.exclusive)) admit(command);
}

void Brain::admit(Register& command) {
  auto owned = std::make_unique<Session>();
  Session& session = *owned;
  session.id = command.id;
  session.email = command.spec.email;
  session.phone = command.spec.phone;
  session.gate = std::move(*make_gate(command.spec.filters));
  session.country = command.spec.country;
  session.metadata = command.spec.metadata;
  session.order = next_seq();
  session.created = now_.wall;
  session.ttl = bounded(command.ttl.value_or(settings_.ttl));
  session.exclusive = command.exclusive;
  session.mark.time = now_.wall;
  if (!session.email.empty()) look_back_.insert(session.mark.time);
  sessions_.emplace(session.id, std::move(owned));
  interests_.add(session);
  set_expiry(session, now_.instant + session.ttl);
  tell_session("registered", session, {}, command.pid);
  start_mark(session, {command.request});
}

/// From now on. Until the mailboxes have said where they stand nobody on this session gets a code.
void Brain::start_mark(Session& session, std::vector<RequestId> requests) {
  if (const auto before = rounds_.find(session.round); before != rounds_.end()) {
    requests.insert(requests.begin(), before->second.requests.begin(),
                    before->second.requests.end());
    round_deadlines_.remove(before->second.deadline, session.round);
    rounds_.erase(before);
  }
  set_mark(session, Mark{now_.wall, last_seq_, {}});
  session.received = false;
  touch(session);
  for (Waiter* waiter : session.waiters) {
    if (waiter->state == Waiter::State::claimed) continue;
    waiter->state = Waiter::State::synchronising;
    waiter->ambiguous = waiter->told_ambiguous = false;
  }
  Round round;
  round.session = &session;
  round.requests = std::move(requests);
  const bool email = !session.email.empty();
  const bool sms = !session.phone.empty();
  for (std::string& source : sources_.askable(email, sms)) round.awaited.insert(std::move(source));
  round.degraded = sources_.cannot_say(email, sms);
  const bool nobody = round.awaited.empty();
  session.round = open(std::move(round), settings_.register_wait, std::nullopt);
  if (nobody) finish(session.round);
}

std::uint64_t Brain::open(Round round, Duration limit, std::optional<WallTime> since) {
  const std::uint64_t token = ++last_token_;
  round.deadline = now_.instant + limit;
  if (!round.awaited.empty()) {
    round_deadlines_.add(round.deadline, token);
    out_.synchronise.push_back({token, {round.awaited.begin(), round.awaited.end()}, since});
  }
  rounds_.emplace(token, std::move(round));
  return token;
}

void Brain::run(Synchronised& command) {
  if (command.position) {
    PositionIs position{command.source, *command.position};
    run(position);
  }
  const auto found = rounds_.find(command.token);
  if (found == rounds_.end() || found->second.awaited.erase(command.source) == 0) return;
  Round& round = found->second;
  if (command.position) {
    round.positions[command.source] = *command.position;
  } else if (const auto source = sources_.all().find(command.source);
             source != sources_.all().end()) {
    round.degraded = round.degraded || source->second.brings_email;
  }
  if (round.awaited.empty()) finish(command.token);
}

void Brain::answered(const std::string& source) {
  std::vector<std::uint64_t> complete;
  for (auto& [token, round] : rounds_) {
    if (round.awaited.erase(source) == 0) continue;
    round.degraded = true;
    if (round.awaited.empty()) complete.push_back(token);
  }
  for (const std::uint64_t token : complete) finish(token);
}

void Brain::finish(std::uint64_t token) {
  const auto found = rounds_.find(token);
  if (found == rounds_.end()) return;
  Round round = std::move(found->second);
  round_deadlines_.remove(round.deadline, token);
  rounds_.erase(found);
  if (round.session) return finish_mark(std::move(round));
  round.waiter->round = 0;
  go_on(*round.waiter);
}

void Brain::finish_mark(Round round) {
  Session& session = *round.session;
  session.round = 0;
  session.mark.positions = std::move(round.positions);
  session.degraded = round.degraded;
  touch(session);
  for (const RequestId request : round.requests) reply(request, info(session, state_of(session)));
  if (!std::exchange(session.promised, true)) promise(session);
  std::vector<std::string> waiting;  // going on may end one
  for (const Waiter* waiter : session.waiters) {
    if (waiter->state == Waiter::State::synchronising) waiting.push_back(waiter->id);
  }
  for (const std::string& id : waiting) {
    if (const auto waiter = waiters_.find(id); waiter != waiters_.end()) go_on(*waiter->second);
  }
}

void Brain::set_mark(Session& session, Mark mark) {
  if (!session.email.empty()) {
    look_back_.erase(look_back_.find(session.mark.time));
    look_back_.insert(mark.time);
  }
  session.mark = std::move(mark);
}

void Brain::run(MarkSession& command) {
  const auto session = find_session(command.session);
  if (!session) return reply(command.request, session.error());
  tell_session("marked", **session);
  start_mark(**session, {command.request});
}

void Brain::run(RefreshSession& command) {
  const auto session = find_session(command.session);
  if (!session) return reply(command.request, session.error());
  if (command.ttl) (*session)->ttl = bounded(*command.ttl);
  if ((*session)->waiters.empty() && (*session)->holders.empty())
    set_expiry(**session, now_.instant + (*session)->ttl);
  touch(**session);
  reply(command.request, info(**session, state_of(**session)));
}

void Brain::run(CloseSession& command) {
  const auto session = find_session(command.session);
  if (!session) return reply(command.request, session.error());
  SessionInfo closed = info(**session, SessionState::closed);
  closed.expires = now_.wall;
  end(**session, SessionState::closed);
  reply(command.request, std::move(closed));
}

void Brain::end(Session& session, SessionState state) {
  const std::string why =
      short_name(session.id) + (state == SessionState::closed ? " was closed" : " expired");
  if (state == SessionState::closed) {
    tell_session("closed", session);
  } else {
    tell_session("expired", session, "nobody waited on it for " + format_duration(session.ttl));
  }
  for (const auto recipient : recipients_of(session)) put_floor(recipient);
  remove(session, why);
}

/// One whose code is on the way goes on without the session.
void Brain::end_waits(Session& session, const std::string& why) {
  const std::set<Waiter*, Older> waiters = session.waiters;
  for (Waiter* waiter : waiters) {
    if (waiter->state == Waiter::State::claimed) {
      waiter->email = session.email;
      waiter->phone = session.phone;
      session.waiters.erase(waiter);
      waiter->session = nullptr;
      waiter->claim->ended_session = session.id;
      continue;
    }
    WaitEnd ended = explain(*waiter);
    ended.exit = ExitCode::not_found;
    ended.message = why;
    end(*waiter, std::move(ended));
  }
}

/// Out of all that finds it, and out of the store.
void Brain::remove(Session& session, const std::string& why) {
  end_waits(session, why);
  if (const auto round = rounds_.find(session.round); round != rounds_.end()) {
    for (const RequestId request : round->second.requests)
      reply(request, Error{ErrorCode::expired, why});
    round_deadlines_.remove(round->second.deadline, session.round);
    rounds_.erase(round);
  }
  for (const auto recipient : recipients_of(session)) freed_.emplace(recipient);
  if (!session.email.empty()) look_back_.erase(look_back_.find(session.mark.time));
  set_expiry(session, std::nullopt);
  interests_.remove(session);
  for (const ClientId holder : session.holders) {
    const auto held = holds_.find(holder);
    held->second.erase(session.id);
    if (held->second.empty()) holds_.erase(held);
  }
  touched_sessions_.erase(&session);
  erase(RecordKind::session, session.id);
  ended_sessions_[session.id] = now_.wall;
  sessions_.erase(sessions_.find(session.id));
}

Result<Session*> Brain::find_session(const std::string& id_or_prefix) const {
  const auto exact = sessions_.find(id_or_prefix);
  if (exact != sessions_.end()) return exact->second.get();
  if (ended_sessions_.count(id_or_prefix) > 0)
    return fail(ErrorCode::expired, short_name(id_or_prefix) + " has ended");
  if (id_or_prefix.size() < kShortestPrefix) {
    return fail(ErrorCode::not_found,
                "no session '" + id_or_prefix +
                    "': an id is given whole or by its first 4 characters or more");
  }
  std::vector<Session*> fits;
  for (auto each = sessions_.lower_bound(id_or_prefix);
       each != sessions_.end() && each->first.starts_with(id_or_prefix); ++each) {
    fits.push_back(each->second.get());
  }
  if (fits.size() == 1) return fits.front();
  if (fits.empty()) {
    const auto ended = ended_sessions_.lower_bound(id_or_prefix);
    if (ended != ended_sessions_.end() && ended->first.starts_with(id_or_prefix)) {
      return fail(ErrorCode::expired, short_name(ended->first) + " has ended");
    }
    return fail(ErrorCode::not_found,
                "no session '" + id_or_prefix + "'; otpctl session list shows them");
  }
  std::string names;
  for (std::size_t i = 0; i < std::min<std::size_t>(fits.size(), 5); ++i)
    names += (i > 0 ? ", " : "") + fits[i]->id;
  if (fits.size() > 5) names += " and " + std::to_string(fits.size() - 5) + " more";
  return fail(ErrorCode::ambiguous, "'" + id_or_prefix + "' fits several sessions: " + names);
}

SessionState Brain::state_of(const Session& session) {
  if (!session.waiters.empty()) return SessionState::waiting;
  return session.received ? SessionState::received : SessionState::open;
}

SessionInfo Brain::info(const Session& session, SessionState state) const {
  SessionInfo info;
  info.id = session.id;
  info.state = state;
  info.target = {session.email, session.phone};
  info.filters = session.gate.filters;
  info.country = session.country;
  info.metadata = session.metadata;
  info.created = session.created;
  info.marked = session.mark.time;
  if (session.expires) info.expires = session.expires_wall;
  info.waiters = static_cast<int>(session.waiters.size());
  info.codes_given = session.codes_given;
  info.degraded = session.degraded;
  for (const auto recipient : recipients_of(session))
    info.contended = std::max(info.contended, interests_.contenders(recipient));
  if (info.contended < 2) info.contended = 0;
  return info;
}

void Brain::run(HoldSession& command) {
  const auto found = find_session(command.session);
  if (!found) return reply(command.request, found.error());
  Session& session = **found;
  if (command.client != 0 && session.holders.insert(command.client).second)
    holds_[command.client].insert(session.id);
  keep_alive(session);
  reply(command.request, info(session, state_of(session)));
}

void Brain::release_holds(ClientId client) {
  const auto held = holds_.extract(client);
  if (!held) return;
  for (const std::string& id : held.mapped()) {
    Session& session = *sessions_.at(id);
    session.holders.erase(client);
    let_go(session);
  }
}

void Brain::let_go(Session& session) {
  if (session.waiters.empty() && session.holders.empty() && !session.expires)
    set_expiry(session, now_.instant + session.ttl);
}

void Brain::keep_alive(Session& session) {
  if (session.expires) set_expiry(session, std::nullopt);
}

void Brain::set_expiry(Session& session, std::optional<Instant> expires) {
  if (session.expires) session_deadlines_.remove(*session.expires, &session);
  session.expires = expires;
  if (expires) {
    session.expires_wall = now_.wall + (*expires - now_.instant);
    session_deadlines_.add(*expires, &session);
  }
  touch(session);
}

std::vector<SessionInfo> Brain::sessions() const {
  std::vector<const Session*> all;
  for (const auto& [id, session] : sessions_) all.push_back(session.get());
  std::sort(all.begin(), all.end(), Older());
  std::vector<SessionInfo> infos;
  for (const Session* session : all) infos.push_back(info(*session, state_of(*session)));
  return infos;
}

std::vector<SessionInfo> Brain::sessions_after(const std::string& id, std::size_t most) const {
  std::vector<SessionInfo> infos;
  for (auto each = sessions_.upper_bound(id); each != sessions_.end() && infos.size() < most; ++each)
    infos.push_back(info(*each->second, state_of(*each->second)));
  return infos;
}

Result<SessionInfo> Brain::session(const std::string& id_or_prefix) const {
  const auto found = find_session(id_or_prefix);
  if (!found) return fail(found.error());
  return info(**found, state_of(**found));
}

}  // namespace otpctl::delivery
