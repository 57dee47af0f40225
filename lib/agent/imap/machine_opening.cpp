// From the greeting to the open folder.
#include "imap/commands.hpp"
#include "imap/machine.hpp"
#include "imap/refusal.hpp"
#include "imap/wire.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace otpctl::imap {

namespace {

/// The number of [UIDNEXT n]; 0 when it is none.
std::uint32_t number_of(const StatusResponse& status) {
  std::uint32_t number = 0;
  const std::string& text = status.arguments;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

void Machine::ask_capability() {
  state_ = State::capability;
  send(Command::capability, "CAPABILITY");
}

void Machine::sign_in() {
  if (stopping_) return leave();
  auto script = script_login(*credentials_, capabilities_, options_);
  if (!script) return fail(script.error());
  answers_.assign(std::make_move_iterator(script->answers.begin()),
                  std::make_move_iterator(script->answers.end()));
  dismissal_ = std::move(script->dismissal);
  credentials_.reset();
  capabilities_fresh_ = false;
  state_ = State::signing_in;
  send(Command::sign_in, script->command.reveal());
}

void Machine::answer_sign_in() {
  if (!answers_.empty()) {
    output_.append(answers_.front().reveal()).append("\r\n");
    answers_.pop_front();
    return;
  }
  if (std::exchange(dismissed_, true)) return surprise("asks for more without need");
  output_.append(dismissal_).append("\r\n");
}

void Machine::signed_in(const StatusResponse& status) {
  answers_.clear();
  if (status.kind != StatusResponse::Kind::ok) {
    emit(login_refused(status));
    return close();
  }
  if (stopping_) return leave();
  if (status.code == "CAPABILITY") on(parse_capabilities(status.arguments));
  if (capabilities_fresh_) return ready();
  state_ = State::capability_again;
  send(Command::capability_again, "CAPABILITY");
}

void Machine::ready() {
  if (stopping_) return leave();
  emit(Ready{idle_offered(), capabilities_.has("NOTIFY")});
  state_ = State::opening;
  checking_ = std::exchange(asked_, {});  // EXAMINE tells where the folder stands
  send(Command::examine, "EXAMINE " + folder_argument_);
}

void Machine::note_opening(const StatusResponse& status) {
  if (status.code == "UIDVALIDITY") folder_.set_uid_validity(number_of(status));
  if (status.code == "UIDNEXT") server_uid_next_ = number_of(status);
}

void Machine::examined(const StatusResponse& status) {
  if (status.kind != StatusResponse::Kind::ok) return fail(folder_error(status, options_.folder));
  if (stopping_) return leave();
  if (options_.only) return fetch_only(*options_.only);
  folder_.set_uid_next(server_uid_next_);
  if (server_uid_next_ != 0 || resume_fits()) return opened(server_uid_next_ == 0);
  find_end(Command::find_end);
}

/// RFC 3501 lets a server leave UIDNEXT out: then the highest UID is asked for, in two ways.
void Machine::find_end(Command command) {
  state_ = State::finding_end;
  if (folder_.exists() == 0) {  // "*" means nothing in an empty folder; whatever comes is new
    folder_.set_uid_next(1);
    return opened(true);
  }
  send(command, command == Command::find_end
                    ? std::string("UID FETCH * (UID)")
                    : "FETCH " + std::to_string(folder_.exists()) + " (UID)");
}

void Machine::found_end(Command command, bool good) {
  if (stopping_) return leave();
  if (good && end_ > 0 && end_ < UINT32_MAX) {
    folder_.set_uid_next(end_ + 1);
    return opened(true);
  }
  if (command == Command::find_end) return find_end(Command::find_end_by_number);
  surprise("does not tell where new mail begins (no UIDNEXT, no UID)");
}

/// A lower UIDNEXT than we have seen already: the folder was put back from a backup, and its UIDs
/// will be given again.
bool Machine::resume_fits() const {
  if (!options_.resume || options_.resume->uid_next == 0) return false;
  if (folder_.uid_validity() == 0 || folder_.uid_validity() != options_.resume->uid_validity)
    return false;
  return server_uid_next_ == 0 || options_.resume->uid_next <= server_uid_next_;
}

/// A UID names a message only together with the UIDVALIDITY that it was given under (RFC 3501 2.3.1.1).
void Machine::fetch_only(Place place) {
  if (place.uid_validity == 0 || folder_.uid_validity() != place.uid_validity) {
    return fail({ErrorCode::not_found, "the folder was numbered anew (UIDVALIDITY is another one): the message cannot "
                                       "be found by its number any more"});
  }
  state_ = State::working;
  send(Command::fetch_one, "UID FETCH " + std::to_string(place.uid) + ' ' + message_items(options_.fetch_limit));
}

void Machine::fetched_only(const StatusResponse& status) {
  if (status.kind == StatusResponse::Kind::bad) return surprise("refuses FETCH");
  if (!only_told_ && is_temporary(status)) {
    return fail({ErrorCode::busy, "the server cannot give the message now: " + printable(status.text)});
  }
  if (!only_told_) return fail({ErrorCode::not_found, "the message is not in the folder any more"});
  if (!stopping_) leave_.start(options_.leave_limit);
  leave();
}

std::optional<Position> Machine::position() const {
  if (folder_.uid_next() == 0) return std::nullopt;
  return Position{folder_.uid_validity(), folder_.uid_next()};
}

void Machine::opened(bool guessed) {
  bool fits = resume_fits();
  folder_.opened();
  if (fits) {
    const auto limit = options_.resume_limit;
    const auto oldest = server_uid_next_ > limit ? server_uid_next_ - limit : 0;
    folder_.resume_at(std::max(options_.resume->uid_next, oldest));
  } else if (options_.look_back) {
    look_back_.ask(*options_.look_back);
  }
  emit(Opened{folder_.uid_validity(), folder_.uid_next(), folder_.exists(), guessed,
              options_.resume && !fits});
  checked_ = std::exchange(checking_, {});
  check_.start(options_.settle);
  state_ = State::working;
}

}  // namespace otpctl::imap
