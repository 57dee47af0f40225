#include "unit/delivery/world.hpp"

#include "message/address.hpp"

#include <algorithm>
#include <stdexcept>

namespace otpctl::delivery::test {

namespace {

std::string uuid(std::uint64_t number) {
  std::string digits = std::to_string(number);
  digits.insert(0, 8 - std::min<std::size_t>(8, digits.size()), '0');
  return digits + "-0000-4000-8000-000000000000";
}

code::Code as_code(const std::string& value) {
  code::Code code;
  code.value = code.raw = value;
  code.confidence = 0.9;
  return code;
}

code::Verdict verdict(const std::string& value, const std::vector<std::string>& several) {
  code::Verdict verdict;
  if (!several.empty()) {
    verdict.outcome = code::Outcome::ambiguous;
    for (const std::string& each : several) verdict.codes.push_back(as_code(each));
  } else if (!value.empty()) {
    verdict.outcome = code::Outcome::code;
    verdict.codes.push_back(as_code(value));
  }
  return verdict;
}

}  // namespace

World::World(Settings with) : settings(with), delivery(with) {
  now.instant = Instant(std::chrono::hours(5));
  now.wall = WallTime(std::chrono::sys_days(std::chrono::November / 20 / 2026)) + 9h + 500ms;
}

const Effects& World::apply(Command command) {
  learn(command);
  last = delivery.apply(std::move(command), now);
  for (const Change& change : last.changes) {
    const std::pair key{change.record.kind, change.record.key};
    if (change.erase) {
      store.erase(key);
    } else {
      store[key] = change.record.value;
    }
  }
  for (const Reply& reply : last.replies) answers.insert_or_assign(reply.request, reply.answer);
  for (const Notice& notice : last.notices) notices[notice.request].push_back(notice);
  for (const Synchronise& each : last.synchronise) asked_mailboxes_.push_back(each);
  check_events();
  told.insert(told.end(), last.events.begin(), last.events.end());
  return last;
}

/// What the timeline must not tell: the last codes, subjects and texts.
void World::learn(const Command& command) {
  constexpr std::size_t kRemembered = 24;
  const auto add = [this](const std::string& secret) {
    if (secret.size() >= 4) secrets_.push_back(secret);
  };
  if (const auto* arrive = std::get_if<Arrive>(&command)) {
    for (const code::Code& code : arrive->verdict.codes) add(code.value);
    add(arrive->message.subject);
    add(arrive->message.text);
  } else if (const auto* entry = std::get_if<PersonEntry>(&command)) {
    add(entry->code);
  }
  while (secrets_.size() > kRemembered) secrets_.pop_front();
}

void World::check_events() {
  for (const Reply& reply : last.replies) {  // a --pattern may have found another one
    if (const auto* code = std::get_if<Delivered>(&reply.answer)) secrets_.push_back(code->code);
  }
  for (const Event& event : last.events) {
    std::string all;  // not the ids: hexadecimal digits may spell anything
    for (const std::string* part :
         {&event.state, &event.target.email, &event.target.phone, &event.source, &event.channel,
          &event.sender, &event.message_id, &event.verdict, &event.shape, &event.reason})
      all += *part + '\n';
    for (const std::string& recipient : event.recipients) all += recipient + '\n';
    for (const std::string& secret : secrets_) {
      if (all.find(secret) != std::string::npos)
        throw std::runtime_error("an event tells what it must not: " + all);
    }
    if (event.id != 0 || event.at > now.wall || event.at == WallTime{} || event.recipients.size() > 8)
      throw std::runtime_error("an event with an id, another time or too many recipients");
  }
}

void World::pass(Duration duration) {
  const Instant until = now.instant + duration;
  while (true) {
    const auto due = delivery.deadline();
    const bool tick = due && *due <= until;
    const Instant next = tick ? std::max(*due, now.instant) : until;
    now.wall += next - now.instant;
    now.instant = next;
    if (!tick) return;
    apply(Tick{});
  }
}

void World::restart(Duration away) {
  now.instant += away;
  now.wall += away;
  std::vector<Record> records;
  for (const auto& [key, value] : store) records.push_back({key.first, key.second, value});
  delivery = Delivery(settings);
  std::size_t unreadable = 0;
  last = {};
  last.changes = delivery.restore(records, now, &unreadable);
  if (unreadable > 0) throw std::runtime_error("a record was not read back");
  for (const Change& change : last.changes) {
    const std::pair key{change.record.kind, change.record.key};
    if (change.erase) {
      store.erase(key);
    } else {
      store[key] = change.record.value;
    }
  }
  asked_mailboxes_.clear();
}

void World::source(const std::string& name, const std::string& kind, SourceState state, bool email,
                   bool sms) {
  SourceUpdate update;
  update.status.name = name;
  update.status.kind = kind;
  update.status.state = state;
  update.status.since = now.wall;
  update.brings_email = email;
  update.brings_sms = sms;
  apply(update);
}

void World::position(std::uint32_t uid_next, const std::string& name, std::uint32_t validity) {
  apply(PositionIs{name, {validity, uid_next}});
}

void World::synchronised() {
  for (const Synchronise& each : std::exchange(asked_mailboxes_, {})) {
    for (const std::string& name : each.sources)
      apply(Synchronised{each.token, name, Position{1, next_uid}});
  }
}

SessionSpec World::spec(const std::string& recipient) {
  SessionSpec spec;
  (message::is_address(recipient) ? spec.email : spec.phone) = recipient;
  return spec;
}

Asked World::wait(Wait wait) {
  wait.request = next_request();
  if (wait.client == 0) wait.client = ++client_ + 1000;
  if (wait.pid == 0) wait.pid = static_cast<int>(wait.request) + 4000;
  if (wait.waiter.empty()) wait.waiter = uuid(wait.request);
  asked_[wait.request] = wait;
  const Asked asked{wait.request, wait.client, wait.waiter};
  apply(std::move(wait));
  return asked;
}

Asked World::wait(const std::string& recipient) {
  Wait each;
  each.spec = spec(recipient);
  return wait(each);
}

Asked World::wait_on(const Asked& session) {
  Wait each;
  each.session = session.id;
  return wait(each);
}

/// The client has lost its agent or connection and comes back with its id and mark.
Asked World::again(const Asked& before, const std::string& recipient, bool with_mark) {
  Wait each = asked_.at(before.request);
  if (each.session.empty()) each.spec = spec(recipient);
  if (with_mark) each.resume = resume(before);
  each.client = 0;
  return wait(each);
}

Asked World::register_for(SessionSpec with) {
  Register each;
  each.request = next_request();
  each.spec = std::move(with);
  each.id = uuid(each.request);
  const Asked asked{each.request, 0, each.id};
  apply(std::move(each));
  return asked;
}

Accepted World::mail(const Mail& mail) {
  Arrive each;
  each.request = next_request();
  each.source = mail.source;
  each.more_to_come = mail.more;
  each.mailbox_address = "catchall@example.com";
  message::Message& message = each.message;
  if (!mail.to.empty() && mail.claimed.empty()) message.recipients.stamped = {mail.to};
  message.recipients.claimed = mail.claimed;
  message.recipients.to_mailbox_itself = mail.to_mailbox;
  message.sender = mail.from;
  message.sender_domain = mail.from.substr(mail.from.find('@') + 1);
  message.subject = mail.subject;
  message.text = mail.text;
  message.message_id = mail.message_id;
  message.sent = mail.date;
  message.bounce = mail.bounce;
  each.verdict = verdict(mail.code, mail.codes);
  if (mail.source != "lmtp") {
    const std::uint32_t uid = mail.uid ? mail.uid : next_uid;
    next_uid = std::max(next_uid, uid + 1);
    each.place = Arrive::Place{mail.uid_validity, uid,
                               std::chrono::floor<std::chrono::seconds>(now.wall - mail.age)};
  }
  const RequestId request = each.request;
  apply(std::move(each));
  return std::get<Accepted>(answers.at(request));
}

Accepted World::sms(const Text& text) {
  Arrive each;
  each.request = next_request();
  each.source = "phone1";
  each.provider_id = text.id;
  each.message.channel = message::Channel::sms;
  if (!text.to.empty()) each.message.recipients.stamped = {text.to};
  each.message.sender = text.from;
  each.message.text = text.text.empty() ? text.code + " is your code" : text.text;
  if (text.sent_ago) each.message.sent = now.wall - *text.sent_ago;
  each.verdict = verdict(text.code, {});
  const RequestId request = each.request;
  apply(std::move(each));
  return std::get<Accepted>(answers.at(request));
}

Answer World::person(const std::string& target, const std::string& code,
                     const std::string& recipient, bool waiting_only) {
  PersonEntry entry;
  entry.waiting_only = waiting_only;
  entry.request = next_request();
  entry.target = target;
  entry.recipient = recipient;
  entry.code = code;
  const RequestId request = entry.request;
  apply(std::move(entry));
  return answers.at(request);
}

Answer World::hold(const Asked& session, ClientId client) {
  const RequestId request = next_request();
  apply(HoldSession{request, client, session.id});
  return answers.at(request);
}

bool World::acknowledge(const Asked& wait) {
  const Delivered* delivered = got(wait);
  return delivered && acknowledge(delivered->delivery, wait.id);
}

bool World::acknowledge(const std::string& id, const std::string& waiter) {
  const RequestId request = next_request();
  apply(Acknowledge{request, id, waiter});
  return std::get<Acknowledged>(answers.at(request)).known;
}

namespace {

template <class T>
const T* answer(const std::map<RequestId, Answer>& answers, RequestId request) {
  const auto found = answers.find(request);
  return found == answers.end() ? nullptr : std::get_if<T>(&found->second);
}

}  // namespace

const Delivered* World::got(const Asked& wait) const {
  return answer<Delivered>(answers, wait.request);
}
std::string World::code(const Asked& wait) const {
  return got(wait) ? got(wait)->code : std::string();
}
const WaitEnd* World::end(const Asked& wait) const {
  return answer<WaitEnd>(answers, wait.request);
}
const Error* World::error(const Asked& asked) const {
  return answer<Error>(answers, asked.request);
}
const SessionInfo* World::session(const Asked& asked) const {
  return answer<SessionInfo>(answers, asked.request);
}

std::optional<ExitCode> World::exit(const Asked& wait) const {
  if (!end(wait)) return std::nullopt;
  return end(wait)->exit;
}

std::optional<Unmatched> World::first_reason(const Asked& wait) const {
  if (!end(wait) || end(wait)->seen.empty()) return std::nullopt;
  return end(wait)->seen.front().reason;
}

std::string World::warning(const Asked& asked) const {
  std::string all;
  const auto found = notices.find(asked.request);
  if (found == notices.end()) return all;
  for (const Notice& notice : found->second) {
    if (const auto* warning = std::get_if<Warning>(&notice.what)) all += warning->message + "\n";
  }
  return all;
}

int World::contended(const Asked& asked) const {
  const auto found = notices.find(asked.request);
  if (found == notices.end()) return 0;
  for (const Notice& notice : found->second) {
    if (const auto* warning = std::get_if<Warning>(&notice.what); warning && warning->contended > 0)
      return warning->contended;
  }
  return 0;
}

std::string World::resume(const Asked& wait) const {
  const auto found = notices.find(wait.request);
  if (found == notices.end()) return {};
  for (const Notice& notice : found->second) {
    if (const auto* waiting = std::get_if<Waiting>(&notice.what)) return waiting->resume;
  }
  return {};
}

std::size_t World::records(RecordKind kind) const {
  return static_cast<std::size_t>(std::count_if(
      store.begin(), store.end(), [&](const auto& each) { return each.first.first == kind; }));
}

std::vector<std::string> World::candidates(std::size_t waiter) const {
  std::vector<std::string> codes;
  const auto waiters = delivery.waiters_to_choose(now);
  for (const HeldCandidate& each : waiters.at(waiter).candidates) codes.push_back(each.code);
  return codes;
}

std::vector<std::string> World::story() {
  static const char* const kTypes[] = {"agent", "source", "session", "wait",
                                       "message", "code", "entry"};
  std::vector<std::string> all;
  for (const Event& each : std::exchange(told, {}))
    all.push_back(kTypes[static_cast<std::size_t>(each.type)] + (" " + each.state));
  return all;
}

const Event* World::event(EventType type, const std::string& state) const {
  const auto found = std::find_if(told.rbegin(), told.rend(), [&](const Event& each) {
    return each.type == type && each.state == state;
  });
  return found == told.rend() ? nullptr : &*found;
}

}  // namespace otpctl::delivery::test
