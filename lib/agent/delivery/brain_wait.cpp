// A wait: it comes, blocks, and ends.
#include "delivery/brain.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

constexpr Duration kLongestWaited =
    std::chrono::hours(24 * 366);  // a forged resume shall not overflow a clock

bool any_filter(const Filters& filters) { return !(filters == Filters{}); }

}  // namespace

void Brain::run(Wait& command) {
  if (stopped_)
    return reply(command.request, Error{ErrorCode::agent_unreachable, "the agent was stopped"});
  if (command.waiter.empty())
    return reply(command.request, Error{ErrorCode::usage, "a wait needs an id"});
  if (const auto gate = make_gate(command.spec.filters); !gate)
    return reply(command.request, gate.error());
  if (!command.resume.empty() && !read_resume(command.resume)) {
    return reply(command.request,
                 Error{ErrorCode::usage, "the mark to resume from cannot be read"});
  }
  std::vector<std::string> recipients;
  std::string self = command.waiter;
  if (!command.session.empty()) {
    const auto session = find_session(command.session);
    if (!session) return reply(command.request, session.error());
    self = command.session = (*session)->id;
    for (const auto recipient : recipients_of(**session)) recipients.emplace_back(recipient);
  } else {
    for (const auto recipient : recipients_of(command.spec.email, command.spec.phone))
      recipients.emplace_back(recipient);
  }
  if (recipients.empty())
    return reply(command.request,
                 Error{ErrorCode::usage, "name a recipient or a session to wait for"});
  const auto old = waiters_.find(command.waiter);
  const bool there =
      old != waiters_.end() || reserved_.count(command.waiter) > 0 || !command.resume.empty();
  if (!there && held_up(command, std::move(recipients), self, command.exclusive)) return;
  admit(command, now_);
}

/// A waiter that comes again over a new connection: its code is given to it again under the same
/// delivery.
std::vector<CopyRef> Brain::leave_behind(const Wait& command) {
  std::vector<CopyRef> refs;
  if (const auto old = waiters_.find(command.waiter); old != waiters_.end()) {
    Waiter& waiter = *old->second;
    if (waiter.state == Waiter::State::claimed) {
      refs = std::exchange(waiter.claim->copies, {});
    } else {
      reply(waiter.request, Error{ErrorCode::busy, "this wait goes on over another connection"});
    }
    leave(waiter);
  } else if (const auto reserved = reserved_.find(command.waiter); reserved != reserved_.end()) {
    refs = claims_.at(reserved->second);
    reserved_.erase(reserved);
  }
  return refs;
}

void Brain::admit(Wait& command, Now since) {
  const std::vector<CopyRef> own = leave_behind(command);
  auto owned = std::make_unique<Waiter>();
  Waiter& waiter = *owned;
  waiter.id = command.waiter;
  waiter.request = command.request;
  waiter.client = command.client;
  waiter.pid = command.pid;
  waiter.order = next_seq();
  waiter.started = since.instant;
  waiter.started_wall = since.wall;
  waiter.fail_fast = command.fail_fast;
  waiter.exclusive = command.exclusive;
  waiter.at_once = command.timeout && *command.timeout <= Duration(0);
  if (any_filter(command.spec.filters))
    waiter.gate = std::make_unique<Gate>(std::move(*make_gate(command.spec.filters)));
  if (!command.session.empty()) {
    waiter.session = sessions_.at(command.session).get();
  } else {
    waiter.email = command.spec.email;
    waiter.phone = command.spec.phone;
    waiter.mark = implicit_mark(command);
    take_floors(waiter);
  }
  if (const auto resume = read_resume(command.resume)) take_up(waiter, *resume);
  waiter.arrivals_before = {passed_[0].total, passed_[1].total};
  waiters_.emplace(waiter.id, std::move(owned));
  const bool goes_on = !own.empty() || !command.resume.empty();
  tell_wait("began", waiter, goes_on ? "it goes on over a new connection" : "");
  join(waiter, command);
  if (!own.empty()) {
    waiter.claim = std::make_unique<Claim>();
    waiter.claim->copies = own;
    waiter.claim->delivery = copy_at(own.front()).delivery;
    hold(waiter);
    return reply(waiter.request, delivered(waiter));
  }
  begin(waiter);
}

Mark Brain::implicit_mark(const Wait& command) const {
  const Duration since =
      std::clamp<Duration>(command.since.value_or(settings_.since), Duration(0), kLongestWaited);
  if (since > Duration(0)) return {now_.wall - since, std::nullopt, {}};
  return {now_.wall, last_seq_, sources_.live_positions()};
}

void Brain::take_floors(Waiter& waiter) const {
  Floors floors;
  if (const auto floor = floors_.find(waiter.email);
      !waiter.email.empty() && floor != floors_.end())
    floors.email = floor->second.mark;
  if (const auto floor = floors_.find(waiter.phone);
      !waiter.phone.empty() && floor != floors_.end())
    floors.phone = floor->second.mark;
  if (floors.email || floors.phone) waiter.floors = std::make_unique<Floors>(std::move(floors));
}

void Brain::take_up(Waiter& waiter, const Resume& resume) const {
  waiter.order = std::min(waiter.order, resume.order);
  const Duration before =
      std::clamp<Duration>(now_.wall - std::max(resume.started, now_.wall - kLongestWaited),
                           Duration(0), kLongestWaited);
  waiter.started = now_.instant - before;
  waiter.started_wall = now_.wall - before;
  if (waiter.session || !resume.mark) return;
  waiter.mark = *resume.mark;
  waiter.floors.reset();
  if (resume.floors.email || resume.floors.phone)
    waiter.floors = std::make_unique<Floors>(resume.floors);
}

/// Into all that finds it; says so to the client.
void Brain::join(Waiter& waiter, const Wait& command) {
  int others = 0;
  for (const auto recipient : recipients_of(waiter))
    others = std::max(others, contenders_but(recipient, waiter));
  if (waiter.session) {
    waiter.session->waiters.insert(&waiter);
    keep_alive(*waiter.session);
  }
  interests_.add(waiter);
  by_client_.emplace(waiter.client, &waiter);
  set_clock(waiter, command);
  start_waiting(waiter);
  tell_joined(waiter, others);
}

Waiting Brain::waiting_notice(const Waiter& waiter) const {
  Waiting waiting;
  waiting.session = waiter.party();
  Resume resume{waiter.order, waiter.started_wall, std::nullopt, {}};
  if (!waiter.session) {
    resume.mark = waiter.mark;
    if (waiter.floors) resume.floors = *waiter.floors;
  }
  waiting.resume = write_resume(resume);
  if (waiter.deadline) waiting.remaining = *waiter.deadline - now_.instant;
  if (waiter.at_once) waiting.remaining = Duration(0);
  return waiting;
}

/// That it waits, who else does, and whether anything can bring its code.
void Brain::tell_joined(const Waiter& waiter, int others) {
  if (waiter.request != 0) out_.notices.push_back({waiter.request, waiting_notice(waiter)});
  const std::string target = names_of(waiter);
  if (others > 0) {
    warn(waiter.request,
         std::to_string(others + 1) + " wait for " + target +
             ": a code goes to the one that waits longest",
         others + 1);
  }
  if (!sources_.any(wants_email(waiter), wants_sms(waiter))) {
    warn(waiter.request, "no source can bring a code for " + target +
                             ": configure one, or hand it in with otpctl " +
                             (wants_email(waiter) ? "deliver" : "sms") + " or otpctl manual");
  } else if (sources_.none_works(wants_email(waiter), wants_sms(waiter))) {
    warn(waiter.request, "nothing can bring a code for " + target + " now: " + sources_stand(waiter));
  }
}

/// How many others than this waiter (and its session) want `recipient`.
int Brain::contenders_but(std::string_view recipient, const Waiter& waiter) const {
  const int all = interests_.contenders(recipient);
  const bool counted =
      waiter.session && (!waiter.session->received || !waiter.session->waiters.empty());
  return all - (counted ? 1 : 0);
}

std::string Brain::names_of(const Waiter& waiter) {
  std::string names;
  for (const auto recipient : recipients_of(waiter)) {
    if (!names.empty()) names += " or ";
    names += printable(recipient);
  }
  return names;
}

/// How far back the mailboxes must look for it. A session speaks for its waiters.
std::optional<WallTime> Brain::look_back_of(const Waiter& waiter) {
  if (waiter.session || waiter.email.empty()) return std::nullopt;
  if (waiter.floors && waiter.floors->email)
    return std::max(waiter.mark.time, waiter.floors->email->time);
  return waiter.mark.time;
}

void Brain::set_clock(Waiter& waiter, const Wait& command) {
  if (waiter.at_once || (!command.timeout && command.no_limit)) return;
  waiter.deadline = now_.instant + std::min(command.timeout.value_or(settings_.timeout), kLongestWaited);
}

/// It asks.
void Brain::start_waiting(Waiter& waiter) {
  if (waiter.deadline) wait_deadlines_.add(*waiter.deadline, &waiter);
  if (waiter.fail_fast) impatient_.insert(&waiter);
  if (const auto mark = look_back_of(waiter)) look_back_.insert(*mark);
  waiting_email_ += wants_email(waiter) ? 1 : 0;
  waiting_sms_ += wants_sms(waiter) ? 1 : 0;
}

void Brain::begin(Waiter& waiter) {
  waiter.state = Waiter::State::synchronising;
  if (waiter.at_once) {
    Round round;
    for (std::string& source : sources_.askable(wants_email(waiter), wants_sms(waiter)))
      round.awaited.insert(std::move(source));
    round.waiter = &waiter;
    const WallTime since = waiter.session ? waiter.session->mark.time
                                          : look_back_of(waiter).value_or(waiter.mark.time);
    waiter.round = open(std::move(round), settings_.sync_wait, since);
    if (rounds_.at(waiter.round).awaited.empty()) finish(waiter.round);
    return;
  }
  go_on(waiter);
}

/// What it waited for before it may have a code has come.
void Brain::go_on(Waiter& waiter) {
  if (waiter.round != 0 || (waiter.session && waiter.session->round != 0)) return;
  waiter.state = Waiter::State::blocked;
  if (serve(waiter)) return;
  if (!waiter.told_ambiguous && !to_choose(waiter).empty()) tell_ambiguous(waiter);
  if (waiter.at_once) return end(waiter, explain(waiter));
  if (waiter.fail_fast && cause(waiter)) doomed_.push_back(waiter.id);
}

/// Every end of a wait but a stop for good moves the floor: what came before it was for it.
void Brain::end(Waiter& waiter, std::optional<WaitEnd> end) {
  if (end) {
    tell_end(waiter, end->exit, end->message);
    remember(waiter, end->exit == ExitCode::timed_out
                         ? "timed out"
                         : "ended with exit code " + std::to_string(static_cast<int>(end->exit)));
    reply(waiter.request, std::move(*end));
  }
  for (const auto recipient : recipients_of(waiter)) put_floor(recipient);
  leave(waiter);
}

void Brain::leave(Waiter& waiter) {
  if (waiter.state != Waiter::State::claimed) stop_waiting(waiter);
  interests_.remove(waiter);
  const auto [first, last] = by_client_.equal_range(waiter.client);
  by_client_.erase(
      std::find_if(first, last, [&](const auto& each) { return each.second == &waiter; }));
  if (const auto round = rounds_.find(waiter.round); round != rounds_.end()) {
    round_deadlines_.remove(round->second.deadline, waiter.round);
    rounds_.erase(round);
  }
  for (const auto recipient : recipients_of(waiter)) freed_.emplace(recipient);
  if (Session* session = waiter.session) {
    session->waiters.erase(&waiter);
    let_go(*session);
  }
  waiters_.erase(waiters_.find(waiter.id));
}

/// It no longer asks: it has its code, or leaves.
void Brain::stop_waiting(Waiter& waiter) {
  if (waiter.deadline) wait_deadlines_.remove(*waiter.deadline, &waiter);
  waiter.deadline.reset();
  impatient_.erase(&waiter);
  if (const auto mark = look_back_of(waiter)) look_back_.erase(look_back_.find(*mark));
  waiting_email_ -= wants_email(waiter) ? 1 : 0;
  waiting_sms_ -= wants_sms(waiter) ? 1 : 0;
}

void Brain::put_floor(std::string_view recipient) {
  if (recipient.empty()) return;
  Mark mark{now_.wall, last_seq_, sources_.live_positions()};
  put(RecordKind::floor, std::string(recipient), write_mark(mark));
  set_floor(std::string(recipient), std::move(mark), now_.instant + settings_.guard_life);
}

void Brain::set_floor(const std::string& recipient, Mark mark, Instant ends) {
  if (const auto old = floors_.find(recipient); old != floors_.end())
    floor_deadlines_.remove(old->second.ends, recipient);
  floors_.insert_or_assign(recipient, Floor{std::move(mark), ends});
  floor_deadlines_.add(ends, recipient);
}

/// Why it cannot come, as far as the sources can say now.
std::optional<ExitCode> Brain::cause(const Waiter& waiter) const {
  if (sources_.signed_out(wants_email(waiter), wants_sms(waiter))) return ExitCode::not_allowed;
  if (sources_.unreachable_now(wants_email(waiter), wants_sms(waiter)))
    return ExitCode::unreachable;
  return std::nullopt;
}

void Brain::fail_fast_on_sources() {
  for (const Waiter* waiter : impatient_) {
    if (waiter->state == Waiter::State::blocked && cause(*waiter)) doomed_.push_back(waiter->id);
  }
}

}  // namespace otpctl::delivery
