// The open folder: IDLE or polling, checks, fetches, look-backs, and the wishes of the source.
//
// One rule keeps mail from being lost between DONE and the next "+": whatever comes in only changes
// what is known (folder_, the wanted_ flags), and plan() alone sends commands, only when nothing is
// owed or in IDLE. So a notice at an awkward moment waits for the next call of plan(), which the
// reply that is owed brings about.
#include "imap/commands.hpp"
#include "imap/machine.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::imap {

bool Machine::watching() const {
  switch (state_) {
    case State::working:
    case State::idling:
    case State::resting: return true;
    case State::greeting:
    case State::capability:
    case State::signing_in:
    case State::capability_again:
    case State::opening:
    case State::finding_end:
    case State::leaving:
    case State::over: return false;
  }
  return false;
}

bool Machine::idle_offered() const {
  return capabilities_.has("IDLE") || capabilities_.has("IMAP4REV2");
}

bool Machine::aims_at_idle() const {
  return idle_offered() && idle_works_ && !(demand_ && options_.probe);
}

Duration Machine::longest_silence() const {
  Duration pace = aims_at_idle() ? options_.idle_renewal : options_.quiet_poll;
  if (demand_) pace = options_.probe.value_or(aims_at_idle() ? options_.safety_poll : options_.poll);
  return std::max(pace + options_.done_limit, options_.command_limit);
}

bool Machine::at_rest() const { return watching() && (state_ == State::idling || owed_.empty()); }

void Machine::go_on() {
  if (!watching()) return;
  tell_answers();
  plan();
  tell_answers();  // a look-back in an empty folder is over at once
}

// ---- what to send ----

void Machine::plan() {
  if (!at_rest()) return;
  if (stopping_) return leave();
  bool was_idling = state_ == State::idling;
  bool idle_may_follow = send_next_step();
  bool busy = owed_.size() > (was_idling ? 1U : 0U);
  if (!busy && aims_at_idle() == was_idling) return was_idling ? void() : rest();
  if (was_idling && !done_sent_) say_done();
  if (aims_at_idle() && idle_may_follow) send(Command::idle, "IDLE");
  if (owed_.empty()) return rest();
  state_ = State::working;
  poll_.stop();
}

bool Machine::send_next_step() {
  if (folder_.behind()) {
    send_fetch();
    return true;
  }
  if (check_wanted_ || !asked_.empty()) {
    send_check();
    return true;
  }
  if (auto step = look_back_.step(folder_)) {
    send_look_back(*step);
    return false;  // its reply decides what comes next
  }
  if (std::exchange(poll_wanted_, false)) {
    say_done();
    send(Command::noop, "NOOP");
  }
  return true;
}

void Machine::send_fetch() {
  say_done();
  if (check_wanted_ || !asked_.empty()) send_noop_for_answers();
  send(Command::fetch_new, "UID FETCH " + std::to_string(folder_.uid_next()) + ":* " +
                               message_items(options_.fetch_limit));
}

/// NOOP makes the server look (Dovecot's FETCH alone shows the folder of before); the FETCH is for
/// servers whose NOOP tells nothing either. It asks for UIDs only: "n:*" always has the last
/// message in it.
void Machine::send_check() {
  say_done();
  send_noop_for_answers();
  send(Command::check, "UID FETCH " + std::to_string(folder_.uid_next()) + ":* (UID)");
}

void Machine::send_noop_for_answers() {
  check_wanted_ = false;
  poll_wanted_ = false;
  check_.stop();
  checking_ = std::exchange(asked_, {});
  send(Command::noop, "NOOP");
}

void Machine::send_look_back(const LookBack::Step& step) {
  say_done();
  switch (step.question) {
    case LookBack::Question::search: return send(Command::search, step.command);
    case LookBack::Question::dates: return send(Command::fetch_dates, step.command);
    case LookBack::Question::mails: return send(Command::fetch_mails, step.command);
  }
}

/// Ends IDLE, if we are in it. Always the first line of a write.
void Machine::say_done() {
  if (state_ != State::idling || done_sent_) return;
  done_sent_ = true;
  output_ += "DONE\r\n";
  reply_.start(options_.done_limit);
}

void Machine::rest() {
  if (state_ == State::resting) return;
  state_ = State::resting;
  if (!demand_) return poll_.start(options_.quiet_poll);
  poll_.start(options_.probe.value_or(options_.poll));
}

void Machine::leave() {
  say_done();
  state_ = State::leaving;
  check_.stop();
  poll_.stop();
  send(Command::logout, "LOGOUT");
}

// ---- what came ----

void Machine::take_mail(Fetch&& fetch, bool live) {
  Mail mail;
  mail.uid = *fetch.uid;
  mail.uid_validity = folder_.uid_validity();
  mail.internal_date = fetch.internal_date;
  mail.size = fetch.size.value_or(0);
  mail.bytes = std::move(*fetch.body);
  // RFC822.SIZE alone says nothing: some servers only estimate it
  mail.truncated =
      mail.bytes.size() >= options_.fetch_limit && (!fetch.size || *fetch.size > mail.bytes.size());
  mail.live = live;
  emit(std::move(mail));
}

void Machine::fetched(const StatusResponse& status) {
  bool good = status.kind == StatusResponse::Kind::ok;
  bool complete = folder_.end_fetch(good);
  checked_.insert(checked_.end(), checking_.begin(), checking_.end());
  checking_.clear();
  if (complete) tell_synchronised();
  check_.start(good ? options_.settle : options_.safety_poll);
  // an empty folder makes "*" an error
  if (status.kind == StatusResponse::Kind::bad && folder_.exists() > 0) surprise("refuses FETCH");
}

void Machine::checked(const StatusResponse& status) {
  checked_.insert(checked_.end(), checking_.begin(), checking_.end());
  checking_.clear();
  check_.start(demand_ ? options_.safety_poll : options_.idle_renewal);
  if (status.kind == StatusResponse::Kind::bad && folder_.exists() > 0) surprise("refuses FETCH");
}

void Machine::idle_ended(const StatusResponse& status) {
  state_ = State::working;
  if (std::exchange(done_sent_, false)) {
    if (status.kind != StatusResponse::Kind::ok) surprise("refuses DONE");
    return;
  }
  // Refused, or ended by the server. To ask again at once could go on for ever.
  idle_works_ = false;
  emit(Polling{printable(status.text)});
}

void Machine::tell_answers() {
  if (!watching()) return;
  for (const LookedBack& answer : look_back_.take_finished()) emit(answer);
  if (!folder_.behind() && !owes(Command::fetch_new)) tell_synchronised();
}

void Machine::tell_synchronised() {
  for (std::uint64_t token : std::exchange(checked_, {})) {
    emit(Synchronised{token, folder_.uid_validity(), folder_.uid_next()});
  }
}

// ---- wishes ----

void Machine::set_demand(bool somebody_waits) {
  if (std::exchange(demand_, somebody_waits) == somebody_waits || !watching()) return;
  if (demand_ && !owes(Command::check)) check_wanted_ = true;
  if (state_ == State::resting) state_ = State::working;  // to rest at another pace
  go_on();
}

void Machine::synchronise(std::uint64_t token) {
  if (state_ == State::over) return;
  asked_.push_back(token);
  go_on();
}

void Machine::look_back(WallTime since) {
  if (state_ == State::over) return;
  look_back_.ask(since);
  go_on();
}

void Machine::stop() {
  if (state_ == State::over || std::exchange(stopping_, true)) return;
  leave_.start(options_.leave_limit);
  if (state_ == State::greeting) return close();
  go_on();
}

}  // namespace otpctl::imap
