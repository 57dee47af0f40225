// What the IMAP session tells, and what becomes of it: mail, positions, states.
#include "base/overloaded.hpp"
#include "io/log.hpp"
#include "source/folder.hpp"

#include <map>
#include <utility>

namespace otpctl::source {
namespace {

constexpr std::uint64_t kCatchUp = ~std::uint64_t{0};  // our own token, never one of delivery's

}  // namespace

void Folder::on_event(imap::Event& event) {
  std::visit(Overloaded{
                 [this](const imap::Ready& ready) {
                   io::log_debug(name() + ": signed in, " + (ready.idle ? "IDLE" : "no IDLE: polling"));
                   breaker_.accepted();
                   secret_ = Secret();
                 },
                 [this](const imap::Polling& polling) { io::log_info(name() + ": polling: " + polling.words); },
                 [this](const imap::Opened& opened) { on_opened(opened); },
                 [this](imap::Mail& mail) { on_mail(mail); },
                 [this](const imap::Synchronised& answer) { on_synchronised(answer); },
                 [this](const imap::LookedBack& answer) { on_looked_back(answer); },
                 [this](const imap::Alive&) { on_alive(); },
                 [this](const imap::Alert& alert) { io::log_warning(name() + ": the server says: " + alert.text); },
                 [this](const imap::LoginRefused& refused) { on_refused(refused); },
                 [this](const imap::Failed& failed) {
                   ended_by_ = failed.error;
                   retry_after_ = failed.retry_after;
                   pump_->close(failed.error);
                 },
                 [this](const imap::Closed&) { pump_->close(Error{ErrorCode::network, "closed"}); },
             },
             event);
}

void Folder::on_alive() {
  const auto now = surroundings_.loop.now();
  status_.last_alive = now.wall;
  last_byte_ = now.instant;
}

void Folder::on_opened(const imap::Opened& opened) {
  const bool resumed = position_ && !opened.validity_changed;
  const auto now = surroundings_.loop.now();
  if (!resumed) {
    position_ = imap::Position{opened.uid_validity, opened.uid_next};
    covered_since_ = now.wall;
    if (begun_look_back_) ++look_backs_;
  } else {
    if (!covered_since_) covered_since_ = now.wall;
    if (!catching_up_) {
      catching_up_ = true;
      session()->synchronise(kCatchUp);
    }
  }
  // Somebody may have come since the session began. What was looked back to once is not asked for again.
  const auto known = !resumed && begun_look_back_ ? *begun_look_back_ : *covered_since_;
  if (demand_.look_back && *demand_.look_back < known) look_back_if_needed(*demand_.look_back);
  opened_ = true;
  opened_at_ = now.instant;
  pace_began_ = now.instant;
  last_logged_.clear();
  set_state(SourceState::live, "watching");
  io::log_info(name() + ": open, " + std::to_string(opened.exists) + " messages" +
               (opened.validity_changed ? ", UIDVALIDITY changed" : ""));
  for (const auto& [token, since] : std::map(tokens_)) {
    tokens_.erase(token);
    synchronise(token, since);
  }
}

void Folder::on_mail(imap::Mail& mail) {
  if (retired_) return;
  unsettled_ = true;
  if (!told_.is_new(mail.uid_validity, mail.uid, surroundings_.loop.now().instant)) {
    io::log_debug(name() + ": UID " + std::to_string(mail.uid) + " was found again by a look-back");
    return;
  }
  ++status_.messages;
  io::log_debug(name() + ": fetched UID " + std::to_string(mail.uid) + ", " + std::to_string(mail.bytes.size()) + " of " +
                std::to_string(mail.size) + " bytes" + (mail.live ? "" : ", by a look-back"));
  TakenMail taken;
  taken.source = name();
  taken.envelope.bytes = std::move(mail.bytes);
  taken.options = &mail_options_;
  taken.place = delivery::Arrive::Place{mail.uid_validity, mail.uid, mail.internal_date};
  taken.more_to_come = true;
  surroundings_.sink.take(std::move(taken));
}

void Folder::on_synchronised(const imap::Synchronised& answer) {
  const delivery::Position position{answer.uid_validity, answer.uid_next};
  if (answer.token == kCatchUp) {
    catching_up_ = false;
    return;
  }
  if (tokens_.erase(answer.token) == 0) return;
  if (unsettled_) tell(delivery::Settled{name()});  // the answer says that all is there
  unsettled_ = false;
  tell(delivery::Synchronised{answer.token, name(), position});
}

void Folder::on_looked_back(const imap::LookedBack& answer) {
  if (look_backs_ > 0) --look_backs_;
  if (!covered_since_ || answer.since < *covered_since_) covered_since_ = answer.since;
  if (!answer.complete) io::log_warning(name() + ": the look-back was not complete: too many mails, or refused");
  unsettled_ = true;  // even with no mail: waiters held for it are decided now
  if (look_backs_ > 0) return;
  for (auto token : std::exchange(after_look_back_, {})) session()->synchronise(token);
}

// All that one read brought has been told: only now a newer code can be preferred to an older one.
void Folder::on_cycle() {
  if (unsettled_ && !catching_up_ && look_backs_ == 0) {
    unsettled_ = false;
    tell(delivery::Settled{name()});
  }
  if (opened_ && session()->position()) position_ = session()->position();
  if (opened_ && position_ && position_ != told_position_ && position_->uid_validity != 0) {
    told_position_ = position_;
    tell(
        delivery::PositionIs{name(), delivery::Position{position_->uid_validity, position_->uid_next}});
  }
  if (status_.last_alive && surroundings_.loop.now().instant - status_told_ >= std::chrono::seconds(1)) {
    tell_status();
  }
}

void Folder::on_refused(const imap::LoginRefused& refused) {
  refused_ = refused.permanent;
  if (refused.permanent) {
    breaker_.refused(std::exchange(secret_, {}), surroundings_.loop.now().instant);
    ended_by_ = Error{ErrorCode::auth_rejected, "the server refused the sign-in: " + refused.words};
  } else {
    ended_by_ = Error{ErrorCode::network, "the server cannot sign us in now: " + refused.words};
  }
}

}  // namespace otpctl::source
