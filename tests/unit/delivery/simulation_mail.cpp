// What reaches the agent: mail in the mailbox and through the doors, SMS, the mailbox's answers.
#include "unit/delivery/simulation.hpp"

namespace otpctl::delivery::test {

void Simulation::come_up() {
  live_ = true;
  model_.now = now();
  model_.mailbox(true);
  world_.mailbox();
  model_.position(uid_);
  world_.position(uid_);
}

void Simulation::toggle_mailbox() {
  live_ = !live_;
  if (live_) return come_up();
  model_.mailbox(false);
  SourceUpdate update;
  update.status.name = kMain;
  update.status.kind = "imap";
  update.status.state = SourceState::unreachable;
  update.brings_email = true;
  apply(update);
}

Simulation::Message Simulation::new_mail() {
  static const std::vector<std::string> kDomains{"shop.example", "bank.example"};
  Message message;
  message.id = ++id_;
  message.from_mailbox = true;
  message.uid = uid_++;
  message.received = std::chrono::floor<std::chrono::seconds>(now().wall);
  message.sender_key = one_of(kDomains);
  const std::string to = recipient();
  message.to = {to == kPhone ? "a@example.com" : to};
  if (chance(15)) {
    message.stamped = false;
    message.to = {"a@example.com", chance(50) ? "b@example.com" : "c@example.com"};
  }
  if (chance(5)) {
    message.choices = {std::to_string(300000 + id_),
                       std::to_string((chance(50) ? 100000 : 300000) + id_ - 1)};
  } else if (!chance(10))
    message.value =
        chance(5) && id_ > 3 ? std::to_string(100000 + id_ - 2) : std::to_string(100000 + id_);
  to_[message.id] = message.to;
  landed_[message.id] = now().instant;
  return message;
}

void Simulation::land() { server_.push_back(new_mail()); }

void Simulation::fetch() {
  if (!live_) return;
  if (chance(4) && server_.size() > 1) {  // the connection hangs in the middle of it
    arrive(server_.front(), true);
    server_.erase(server_.begin());
    return;
  }
  const bool say_settled = chance(50);
  for (std::size_t i = 0; i < server_.size(); ++i)
    arrive(server_[i], say_settled || i + 1 < server_.size());
  const bool any = !server_.empty();
  server_.clear();
  if (any && say_settled) {
    model_.settle_mailbox();
    apply(Settled{kMain});
  }
  model_.position(uid_);
  apply(PositionIs{kMain, {1, uid_}});
}

void Simulation::through_a_door() {
  Message message = new_mail();
  --uid_;
  landed_.erase(message.id);
  message.from_mailbox = false;
  message.uid = 0;
  message.received = now().wall;
  if (chance(40)) {
    message.channel = 's';
    message.stamped = true;
    message.to = {kPhone};
    message.sender_key = chance(50) ? "SHOP" : "BANK";
    if (chance(50)) message.sent = now().wall - Duration(std::chrono::seconds(pick(100)));
    to_[message.id] = message.to;
  }
  arrive(message, false);
}

/// A look-back, a reconnect or an attacker brings it again.
void Simulation::replay() {
  if (recent_.empty()) return;
  const Message message = one_of(recent_);
  if (message.from_mailbox && !live_) return;
  if (done_.count(message.id) > 0 && chance(50)) return;
  arrive(message, false);
}

Arrive Simulation::command_for(const Message& message, bool more) {
  Arrive each;
  each.request = world_.next_request();
  each.source = message.channel == 's' ? "phone1" : message.from_mailbox ? kMain : "lmtp";
  each.more_to_come = more;
  (message.stamped ? each.message.recipients.stamped : each.message.recipients.claimed) =
      message.to;
  each.message.sender = message.channel == 's' ? message.sender_key : "login@" + message.sender_key;
  each.message.sender_domain = message.sender_key;
  each.message.sent = message.sent;
  if (message.channel == 's') {
    each.message.channel = message::Channel::sms;
    each.provider_id = std::to_string(message.id);
  } else {
    each.message.message_id = std::to_string(message.id);
  }
  if (message.from_mailbox) each.place = Arrive::Place{1, message.uid, message.received};
  const auto add = [&](code::Outcome outcome, const std::string& value) {
    each.verdict.outcome = outcome;
    each.verdict.codes.emplace_back();
    each.verdict.codes.back().value = value;
  };
  if (!message.value.empty()) add(code::Outcome::code, message.value);
  for (const std::string& choice : message.choices) add(code::Outcome::ambiguous, choice);
  return each;
}

void Simulation::arrive(const Message& message, bool more) {
  if (failed_) return;
  Arrive each = command_for(message, more);
  Message copy = message;
  if (!message.from_mailbox) copy.received = now().wall;
  model_.arrive(each.request, copy, more);
  recent_.push_back(message);
  if (recent_.size() > 12) recent_.erase(recent_.begin());
  apply(std::move(each));
}

void Simulation::answer_mailbox() {
  if (asked_.empty() || !live_) return;
  fetch();
  const std::uint64_t token = asked_.front().token;
  asked_.erase(asked_.begin());
  for (const NaiveModel::Round& round : model_.rounds()) {
    // What is on the server when it answers came before the mark; the model and the truth must
    // agree on it.
    if (round.token == token && !round.session.empty()) marked_[round.session] = now().instant;
  }
  model_.synchronised(token, uid_);
  apply(Synchronised{token, kMain, Position{1, uid_}});
}

}  // namespace otpctl::delivery::test
