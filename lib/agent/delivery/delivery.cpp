#include "delivery/delivery.hpp"

#include "delivery/brain.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

constexpr std::size_t kMaxGuards =
    50'000;  // a flood of mail must not fill the store with what was seen
constexpr std::size_t kMaxEndedSessions = 10'000;  // that are remembered to have been

bool is_pending(const Held& held, const Copy& copy) {
  return has_code(held, copy) &&
         (copy.state == Copy::State::free || copy.state == Copy::State::claimed);
}

}  // namespace

Effects Brain::apply(Command command, Now now) {
  now_ = now;
  out_ = {};
  out_.events = std::exchange(restored_, {});
  house_keeping();
  std::visit([this](auto& each) { run(each); }, command);
  for (std::size_t i = 0; i < doomed_.size(); ++i) {
    const auto found = waiters_.find(doomed_[i]);
    if (found != waiters_.end() && found->second->state != Waiter::State::claimed) {
      end(*found->second, explain(*found->second));
    }
  }
  doomed_.clear();
  move_line();
  flush();
  drop_needless_warnings();
  out_.about.resize(out_.events.size());
  return std::exchange(out_, {});
}

/// Nobody needs to hear that no source can bring what it just got.
void Brain::drop_needless_warnings() {
  if (out_.notices.empty()) return;
  std::erase_if(out_.notices, [this](const Notice& notice) {
    return std::holds_alternative<Warning>(notice.what) &&
           std::any_of(out_.replies.begin(), out_.replies.end(), [&](const Reply& reply) {
             return reply.request == notice.request && std::holds_alternative<Delivered>(reply.answer);
           });
  });
}

void Brain::reply(RequestId request, Answer answer) {
  if (request != 0) out_.replies.push_back({request, std::move(answer)});
}

void Brain::warn(RequestId request, std::string message, int contended) {
  if (request != 0) out_.notices.push_back({request, Warning{std::move(message), contended}});
}

void Brain::put(RecordKind kind, std::string key, std::string value) {
  out_.changes.push_back({{kind, std::move(key), std::move(value)}, false});
}

void Brain::erase(RecordKind kind, std::string key) {
  out_.changes.push_back({{kind, std::move(key), {}}, true});
}

Seq Brain::next_seq() {
  const auto micros = now_.wall.time_since_epoch().count();
  last_seq_ = std::max(last_seq_ + 1, micros > 0 ? static_cast<Seq>(micros) : 0);
  return last_seq_;
}

void Brain::flush() {
  for (const Seq seq : touched_) {
    Held* held = pool_.find(seq);
    if (!held) continue;
    const bool keep = std::any_of(held->copies.begin(), held->copies.end(), [&](const Copy& copy) {
      const bool live = copy.state == Copy::State::free || copy.state == Copy::State::claimed;
      return live && (held->outcome == code::Outcome::code || copy.attempts > 0);
    });
    if (keep) {
      std::vector<std::vector<Fingerprint>> known_by;
      for (std::uint32_t i = 0; i < held->copies.size(); ++i)
        known_by.push_back(pool_.identities_of({seq, i}));
      put(RecordKind::message, std::to_string(seq), write_message(*held, known_by));
    } else if (held->stored) {
      erase(RecordKind::message, std::to_string(seq));
    }
    held->stored = keep;
  }
  touched_.clear();
  for (const Session* session : touched_sessions_)
    put(RecordKind::session, session->id, write_session(*session));
  touched_sessions_.clear();
}

void Brain::house_keeping() {
  while (const auto seq = message_deadlines_.take_due(now_.instant)) {
    Held& held = *pool_.find(*seq);
    const bool claimed = std::any_of(held.copies.begin(), held.copies.end(), [](const Copy& copy) {
      return copy.state == Copy::State::claimed;
    });
    if (!claimed) forget(*seq, kNobodyAsked);  // else it goes when its waiter is through with it
  }
  while (const auto session = session_deadlines_.take_due(now_.instant))
    end(**session, SessionState::expired);
  while (const auto recipient = floor_deadlines_.take_due(now_.instant)) {
    floors_.erase(*recipient);
    erase(RecordKind::floor, *recipient);
  }
  while (const auto delivery = reservations_.take_due(now_.instant)) {
    const auto claim = claims_.find(*delivery);
    if (claim == claims_.end()) continue;
    const std::vector<CopyRef> refs = claim->second;
    if (reserved_.erase(copy_at(refs.front()).waiter) == 0) continue;  // its waiter came
    claims_.erase(claim);
    give_back(refs, "its caller did not come back after the agent had been started again");
  }
  forget_guards();
}

void Brain::forget_guards() {
  while (!guard_order_.empty() &&
         (guard_order_.front().first <= now_.instant || guard_order_.size() > kMaxGuards)) {
    const auto [when, identity] = guard_order_.front();
    guard_order_.pop_front();
    const auto guard = guards_.find(identity);
    if (guard == guards_.end() || guard->second != when) continue;  // it was renewed
    guards_.erase(guard);
    erase(RecordKind::guard, to_hex(identity));
  }
  while (ended_sessions_.size() > kMaxEndedSessions) {
    ended_sessions_.erase(
        std::min_element(ended_sessions_.begin(), ended_sessions_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
}

std::optional<Instant> Brain::deadline() const {
  std::optional<Instant> first;
  const auto consider = [&](std::optional<Instant> when) {
    if (when && (!first || *when < *first)) first = when;
  };
  consider(wait_deadlines_.next());
  consider(session_deadlines_.next());
  consider(message_deadlines_.next());
  consider(floor_deadlines_.next());
  consider(reservations_.next());
  consider(round_deadlines_.next());
  consider(line_deadlines_.next());
  if (!guard_order_.empty()) consider(guard_order_.front().first);
  return first;
}

void Brain::run(Tick&) {
  while (const auto token = round_deadlines_.take_due(now_.instant)) {
    const auto round = rounds_.find(*token);
    if (round == rounds_.end()) continue;
    round->second.degraded = round->second.degraded || !round->second.awaited.empty();
    finish(*token);
  }
  while (const auto waiter = wait_deadlines_.take_due(now_.instant)) {
    (*waiter)->deadline.reset();
    end(**waiter, explain(**waiter));
  }
  while (const auto ticket = line_deadlines_.take_due(now_.instant)) {
    const InLine& in_line = line_.at(*ticket);
    const auto holder = obstacle(in_line.recipients, in_line.self, in_line.exclusive, *ticket)
                            .value_or("somebody else has it");
    const InLine left = leave_line(*ticket);
    tell_end(left, ExitCode::try_later, holder);
    refuse(left.command, holder);
  }
}

void Brain::run(SourceUpdate& command) {
  sources_.update(command, now_);
  tell_source(command.status);
  const SourceState state = command.status.state;
  if (state == SourceState::live || state == SourceState::starting) return;
  settle(command.status.name);
  answered(command.status.name);
  fail_fast_on_sources();
}

void Brain::run(SourceGone& command) {
  sources_.remove(command.source);
  tell_source_gone(command.source);
  settle(command.source);
  answered(command.source);
  fail_fast_on_sources();
}

void Brain::run(PositionIs& command) {
  if (sources_.position(command.source) != command.position) {
    put(RecordKind::position, command.source, write_position(command.position));
  }
  sources_.set_position(command.source, command.position, true);
}

void Brain::run(Stop&) {
  stopped_ = true;
  std::vector<Waiter*> all;
  for (const auto& [id, waiter] : waiters_) {
    if (waiter->state != Waiter::State::claimed) all.push_back(waiter.get());
  }
  std::sort(all.begin(), all.end(), Older());
  for (Waiter* waiter : all) {
    WaitEnd stopped;
    stopped.exit = ExitCode::unreachable;
    stopped.message = "the agent was stopped";
    stopped.waited = now_.instant - waiter->started;
    end(*waiter, std::move(stopped));
  }
  const Error error{ErrorCode::agent_unreachable, "the agent was stopped"};
  for (const auto& [token, round] : rounds_) {
    for (const RequestId request : round.requests) reply(request, error);
    round_deadlines_.remove(round.deadline, token);
    if (round.session) round.session->round = 0;
  }
  rounds_.clear();
  while (!line_.empty()) {
    const InLine left = leave_line(line_.begin()->first);
    tell_end(left, ExitCode::unreachable, error.message);
    std::visit([&](const auto& command) { reply(command.request, error); }, left.command);
  }
}

int Brain::codes_pending() const {
  int count = 0;
  for (const auto& [seq, held] : pool_.all()) {
    for (const Copy& copy : held.copies) count += is_pending(held, copy);
  }
  return count;
}

/// When it reached the agent: INTERNALDATE may lie far behind that.
std::optional<WallTime> Brain::oldest_pending() const {
  for (const auto& [seq, held] : pool_.all()) {  // in order of arrival
    for (const Copy& copy : held.copies) {
      if (is_pending(held, copy)) return WallTime(Duration(static_cast<Duration::rep>(seq)));
    }
  }
  return std::nullopt;
}

Demand Brain::demand() const {
  Demand demand;
  demand.email = waiting_email_ > 0;
  demand.sms = waiting_sms_ > 0;
  if (!look_back_.empty()) demand.look_back = *look_back_.begin();
  return demand;
}

// ---- the public face ----

struct Delivery::State {
  explicit State(Settings settings) : brain(std::move(settings)) {}
  Brain brain;
};

Delivery::Delivery(Settings settings) : state_(std::make_unique<State>(std::move(settings))) {}
Delivery::~Delivery() = default;
Delivery::Delivery(Delivery&&) noexcept = default;
Delivery& Delivery::operator=(Delivery&&) noexcept = default;

std::vector<Change> Delivery::restore(const std::vector<Record>& records, Now now,
                                      std::size_t* unreadable) {
  return state_->brain.restore(records, now, unreadable);
}
Effects Delivery::apply(Command command, Now now) {
  return state_->brain.apply(std::move(command), now);
}
std::optional<Instant> Delivery::deadline() const { return state_->brain.deadline(); }
void Delivery::set_settings(Settings settings) { state_->brain.set_settings(std::move(settings)); }
Demand Delivery::demand() const { return state_->brain.demand(); }
std::vector<SessionInfo> Delivery::sessions_after(const std::string& id, std::size_t most, Now) const {
  return state_->brain.sessions_after(id, most);
}
std::vector<SessionInfo> Delivery::sessions(Now) const { return state_->brain.sessions(); }
Result<SessionInfo> Delivery::session(const std::string& id_or_prefix, Now) const {
  return state_->brain.session(id_or_prefix);
}
std::vector<WaiterInfo> Delivery::waiters(Now) const {
  return state_->brain.waiters(false);
}
std::vector<WaiterInfo> Delivery::waiters_to_choose(Now) const {
  return state_->brain.waiters(true);
}
std::optional<Position> Delivery::position(const std::string& source) const {
  return state_->brain.sources().position(source);
}
int Delivery::waiting() const { return state_->brain.waiting(); }
int Delivery::sessions_open() const { return state_->brain.sessions_open(); }
int Delivery::codes_pending() const { return state_->brain.codes_pending(); }
std::optional<WallTime> Delivery::oldest_pending() const { return state_->brain.oldest_pending(); }
std::uint64_t Delivery::codes_delivered() const { return state_->brain.codes_delivered(); }

}  // namespace otpctl::delivery
