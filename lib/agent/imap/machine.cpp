#include "imap/machine.hpp"

#include "base/text.hpp"
#include "imap/refusal.hpp"
#include "imap/wire.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::imap {

namespace {

constexpr std::uint32_t kFetchLimitCap = 1024 * 1024;  // SplitterLimits::literal
constexpr int kAlertsShown = 16;

bool is_good(const StatusResponse& status) { return status.kind == StatusResponse::Kind::ok; }

}  // namespace

Machine::Machine(Options options, Credentials credentials, Now now)
    : options_(std::move(options)),
      credentials_(std::move(credentials)),
      seen_(now.instant),
      look_back_(std::min(options_.fetch_limit, kFetchLimitCap)) {
  options_.fetch_limit = std::min(options_.fetch_limit, kFetchLimitCap);
  begin();
}

void Machine::begin() {
  if (!options_.tls_active && !options_.insecure) {
    return fail(
        {ErrorCode::tls, "the connection is not encrypted: no password or token is sent over it"});
  }
  auto folder = folder_argument(options_.folder);
  if (!folder) return fail(folder.error());
  folder_argument_ = std::move(*folder);
  if (!options_.expect_greeting) return ask_capability();
  reply_.start(options_.greeting_limit);
}

// ---- the six calls ----

void Machine::feed(std::string_view bytes) {
  if (!bytes.empty()) alive_ = state_ != State::over;
  // A mail may come slowly; a reply to anything else may not.
  if (owes_first(Command::fetch_new) || owes_first(Command::fetch_mails) || owes_first(Command::fetch_one))
    reply_.start(options_.command_limit);
  while (state_ != State::over) {
    auto raw = splitter_.take(bytes);
    if (!raw) return fail(raw.error());
    if (!*raw) return;
    handle(parse_response(std::move(**raw)));
    go_on();
  }
}

void Machine::feed_eof() {
  fail({ErrorCode::network, splitter_.inside() ? "the connection ended in the middle of a response"
                                               : "the server ended the connection"});
}

void Machine::tick(Now now) {
  seen_ = now.instant;
  if (state_ == State::over) return;
  if (leave_.expired(seen_)) return close();
  if (reply_.expired(seen_)) return fail({ErrorCode::timeout, "the server does not answer"});
  if (check_.expired(seen_)) {
    check_.stop();
    check_wanted_ = true;
  }
  if (poll_.expired(seen_)) {
    poll_.stop();
    poll_wanted_ = true;
  }
  go_on();
  for (Timer* timer : {&reply_, &check_, &poll_, &leave_}) timer->see(seen_);
}

std::optional<Event> Machine::next() {
  if (std::exchange(alive_, false)) return Alive{};
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::string Machine::take_output() { return std::exchange(output_, {}); }

std::optional<Instant> Machine::deadline() const {
  std::optional<Instant> first;
  for (const Timer* timer : {&reply_, &check_, &poll_, &leave_}) {
    auto at = timer->at(seen_);
    if (at && (!first || *at < *first)) first = at;
  }
  return first;
}

// ---- responses ----

void Machine::handle(Response response) {
  std::visit([this](auto&& each) { on(std::move(each)); }, std::move(response));
}

void Machine::on(StatusResponse&& status) {
  show_alert(status);
  if (!status.tag.empty()) return on_reply(status);
  switch (status.kind) {
    case StatusResponse::Kind::ok:
    case StatusResponse::Kind::no:
    case StatusResponse::Kind::bad: return on_notice(status);
    case StatusResponse::Kind::bye: return on_bye(status);
    case StatusResponse::Kind::preauth:
      // Somebody between us and the server could have signed in as somebody else.
      return surprise("takes us as signed in before we did (PREAUTH)");
  }
}

void Machine::on_notice(const StatusResponse& status) {
  if (!is_good(status)) {
    if (auto special = special_failure(status)) return fail(special->error, special->retry_after);
  }
  switch (state_) {
    case State::greeting:
      return is_good(status) ? ask_capability() : surprise("greets with an error");
    case State::signing_in:
      if (status.code == "CAPABILITY") on(parse_capabilities(status.arguments));
      return;
    case State::opening: return note_opening(status);
    case State::finding_end:
    case State::working:
    case State::idling:
    case State::resting:
      if (status.code == "UIDVALIDITY" &&
          status.arguments != std::to_string(folder_.uid_validity())) {
        surprise("renumbers the folder (UIDVALIDITY changes)");
      }
      return;
    case State::capability:
    case State::capability_again:
    case State::leaving:
    case State::over: return;
  }
}

void Machine::on_bye(const StatusResponse& status) {
  if (state_ == State::leaving) return;
  if (auto special = special_failure(status)) return fail(special->error, special->retry_after);
  fail({ErrorCode::network, "the server says goodbye: " + printable(status.text)});
}

void Machine::on_reply(const StatusResponse& status) {
  if (owed_.empty() || owed_.front().tag != status.tag)
    return surprise("replies to a command out of turn");
  if (!is_good(status)) {
    if (auto special = special_failure(status)) return fail(special->error, special->retry_after);
  }
  Command command = owed_.front().command;
  owed_.pop_front();
  reply_owed_changed();
  if (state_ == State::leaving && command != Command::logout) return;
  dispatch(command, status);
}

void Machine::dispatch(Command command, const StatusResponse& status) {
  bool good = is_good(status);
  switch (command) {
    case Command::capability:
      return good && capabilities_fresh_ ? sign_in() : surprise("tells no capabilities");
    case Command::sign_in: return signed_in(status);
    case Command::capability_again:
      return good && capabilities_fresh_ ? ready() : surprise("tells no capabilities");
    case Command::examine: return examined(status);
    case Command::find_end:
    case Command::find_end_by_number: return found_end(command, good);
    case Command::fetch_new: return fetched(status);
    case Command::fetch_one: return fetched_only(status);
    case Command::check: return checked(status);
    case Command::noop: return good ? void() : surprise("refuses NOOP");
    case Command::idle: return idle_ended(status);
    case Command::search:
    case Command::fetch_dates:
    case Command::fetch_mails: return look_back_.end(good);
    case Command::logout: return close();
  }
}

void Machine::on(Continuation&&) {
  switch (state_) {
    case State::signing_in: return answer_sign_in();
    case State::working:
      if (!owes_first(Command::idle) || done_sent_) return surprise("asks for more without need");
      state_ = State::idling;
      reply_.stop();
      return;
    case State::greeting:
    case State::capability:
    case State::capability_again:
    case State::opening:
    case State::finding_end:
    case State::idling:
    case State::resting:
    case State::leaving:
    case State::over: return surprise("asks for more without need");
  }
}

void Machine::on(CapabilityList&& list) {
  switch (state_) {
    case State::capability:
    case State::signing_in:
    case State::capability_again:
      capabilities_ = std::move(list);
      capabilities_fresh_ = true;
      return;
    case State::greeting: return surprise("begins with something else than a greeting");
    case State::opening:
    case State::finding_end:
    case State::working:
    case State::idling:
    case State::resting:
    case State::leaving:
    case State::over: return;
  }
}

// Data about messages means nothing before the folder is open: whoever sends it has it from
// elsewhere.

void Machine::on(Exists&& exists) {
  if (watching() || state_ == State::opening || state_ == State::finding_end)
    folder_.exists(exists.count);
}

void Machine::on(Recent&& recent) {
  if (watching() || state_ == State::opening || state_ == State::finding_end)
    folder_.recent(recent.count);
}

void Machine::on(Expunge&&) {
  if (watching() || state_ == State::opening || state_ == State::finding_end) folder_.expunged();
}

void Machine::on(SearchResult&& result) {
  if (owes_first(Command::search)) look_back_.take(result);
}

void Machine::on(Fetch&& fetch) {
  if (owed_.empty() || !fetch.uid) return;
  switch (owed_.front().command) {
    case Command::fetch_new:
      if (folder_.take(fetch)) take_mail(std::move(fetch), true);
      if (folder_.overrun()) surprise("sends messages without end");
      return;
    case Command::fetch_one:
      if (*fetch.uid != options_.only->uid || !fetch.body || std::exchange(only_told_, true)) return;
      return take_mail(std::move(fetch), false);
    case Command::check: folder_.saw(*fetch.uid); return;
    case Command::find_end:
    case Command::find_end_by_number: end_ = std::max(end_, *fetch.uid); return;
    case Command::fetch_dates:
    case Command::fetch_mails:
      if (*fetch.uid >= folder_.uid_next()) {
        folder_.saw(*fetch.uid);  // it is told as live mail
      } else if (look_back_.take(fetch)) {
        take_mail(std::move(fetch), false);
      }
      return;
    case Command::capability:
    case Command::sign_in:
    case Command::capability_again:
    case Command::examine:
    case Command::noop:
    case Command::idle:
    case Command::search:
    case Command::logout: return;  // nobody asked: a flag that changed, or an injection
  }
}

void Machine::on(Malformed&& malformed) {
  if (!malformed.untagged) surprise("sends " + std::string(malformed.reason));
}

// ---- helpers ----

void Machine::send(Command command, std::string_view text) {
  std::string tag = options_.tag_prefix + std::to_string(++last_tag_);
  output_.append(tag).append(1, ' ').append(text).append("\r\n");
  owed_.push_back({command, std::move(tag)});
  if (owed_.size() == 1) reply_owed_changed();
}

void Machine::reply_owed_changed() {
  if (owed_.empty()) return reply_.stop();
  Command next = owed_.front().command;
  bool cheap = next == Command::idle || next == Command::noop;  // "+" and a look cost nothing
  reply_.start(cheap ? options_.done_limit : options_.command_limit);
  if (owed_.front().command == Command::fetch_new) folder_.begin_fetch();
}

bool Machine::owes(Command command) const {
  return std::any_of(owed_.begin(), owed_.end(),
                     [&](const Pending& each) { return each.command == command; });
}

bool Machine::owes_first(Command command) const {
  return !owed_.empty() && owed_.front().command == command;
}

void Machine::show_alert(const StatusResponse& status) {
  if (status.code == "ALERT" && alerts_++ < kAlertsShown) emit(Alert{printable(status.text)});
}

void Machine::surprise(std::string_view what) {
  fail({ErrorCode::protocol, "the server " + std::string(what)});
}

void Machine::fail(Error error, std::optional<Duration> retry_after) {
  if (state_ == State::over) return;
  if (stopping_) return close();
  emit(Failed{std::move(error), retry_after});
  end();
}

void Machine::close() {
  emit(Closed{});
  end();
}

void Machine::end() {
  state_ = State::over;
  owed_.clear();
  credentials_.reset();
  answers_.clear();
  wipe(output_);
  for (Timer* timer : {&reply_, &check_, &poll_, &leave_}) timer->stop();
}

}  // namespace otpctl::imap
