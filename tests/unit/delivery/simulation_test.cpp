// 10^6 random steps against the naive model: who gets what, when a wait ends, what is known, what
// is kept; and on top of that the promises themselves, checked without the model.
#include "unit/delivery/naive_model.hpp"
#include "unit/delivery/world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

using namespace otpctl;
using namespace otpctl::delivery;
using namespace otpctl::delivery::test;

namespace {

using Message = NaiveModel::Message;
using Outcome = NaiveModel::Outcome;

Settings quick() {
  Settings settings;
  settings.timeout = 20s;
  settings.ttl = 60s;
  settings.keep = 60s;
  settings.guard_life = 300s;
  return settings;
}

std::string name_of(const Reply& reply) {
  static const char* const kNames[] = {"session",  "code",         "end",
                                       "accepted", "acknowledged", "error"};
  return kNames[reply.answer.index()] + std::string(" to request ") + std::to_string(reply.request);
}

struct Landed {  // a mail on the server
  Message message;
  Instant at{};
};

class Simulation {
 public:
  explicit Simulation(unsigned seed) : random_(seed), world_(quick()), model_(quick()) {
    come_up();
  }

  /// A step is one command and what it does.
  void run(long steps) {
    while (steps_ < steps && !failed_) step();
  }
  bool failed() const { return failed_; }
  std::string failure() const { return failure_; }
  long delivered() const { return delivered_; }
  long acknowledged() const { return acknowledged_; }
  long restarts() const { return restarts_; }
  long choices() const { return choices_; }

 private:
  struct Client {  // what the program `otpctl wait` knows
    NaiveModel::Wait wait;
    std::string resume;
    std::string delivery;  // real id
    int number = 0;        // the model's
    bool connected = true;
  };

  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  bool chance(int percent) { return pick(100) < percent; }
  Now& now() { return world_.now; }
  std::string recipient() {
    static const std::vector<std::string> kAll{"a@example.com", "b@example.com", "c@example.com",
                                               kPhone};
    return kAll[static_cast<std::size_t>(pick(4))];
  }

  void step();
  void move_on(Duration duration);
  void apply(Command command);
  void compare();
  void follow();
  void fail_with(const std::string& what);
  void come_up();
  Message new_mail();
  void land();
  void fetch();
  void through_a_door();
  void replay();
  void arrive(const Message& message, bool more);
  void wait();
  void come_back(Client client);
  void start(Client client, std::optional<Duration> since, std::optional<Duration> timeout,
             const NaiveModel::Wait* resumed);
  void acknowledge();
  void die();
  void session_command();
  void person();
  void answer_mailbox();
  void toggle_mailbox();
  void restart();
  void check_store();
  std::string check_choices() const;
  void check_delivered(RequestId request, const Delivered& delivered, bool again);

  std::mt19937 random_;
  World world_;
  NaiveModel model_;
  std::vector<Landed> server_;
  std::vector<Message> recent_;
  std::vector<Client> clients_;
  std::map<RequestId, std::string> waiter_of_;
  std::map<std::string, std::string> party_of_;  // a wait → its session, or itself
  std::map<std::string, int> waiting_;           // as the timeline tells it
  std::set<std::string> on_its_way_;             // deliveries, the same
  std::map<std::string, int> number_of_;  // real delivery id → the model's
  std::map<int, Instant> landed_;         // mail: when it was on the server
  std::map<int, std::vector<std::string>> to_;
  std::set<int> done_;                     // acknowledged
  std::map<std::string, Instant> marked_;  // sessions whose mark the mailbox has confirmed
  std::vector<Synchronise> asked_;
  std::uint32_t uid_ = 1;
  int id_ = 0;
  int names_ = 0;
  ClientId client_ = 0;
  bool live_ = false;
  bool failed_ = false;
  std::string failure_;
  std::string doing_;
  long delivered_ = 0, acknowledged_ = 0, restarts_ = 0, choices_ = 0, steps_ = 0;
};

void Simulation::fail_with(const std::string& what) {
  if (!failed_) failure_ = "step " + std::to_string(steps_) + " (" + doing_ + "): " + what;
  failed_ = true;
}

void Simulation::apply(Command command) {
  ++steps_;
  world_.told.clear();
  world_.answers.clear();
  world_.notices.clear();
  world_.apply(std::move(command));
  asked_.insert(asked_.end(), world_.last.synchronise.begin(), world_.last.synchronise.end());
  for (const Synchronise& each : world_.last.synchronise) {
    for (NaiveModel::Round& round : model_.rounds()) {
      if (round.token == 0) round.token = each.token;
    }
  }
  compare();
  follow();
}

/// The timeline alone tells who waits, and where each code is.
void Simulation::follow() {
  for (const Event& event : world_.told) {
    if (event.type == EventType::wait) {
      if (event.pid == 0) continue;  // the last agent's: acknowledged, but not taken up here
      if (event.state == "began") ++waiting_[event.session];
      const bool over = event.state == "ended" || event.state == "left";
      if (over && --waiting_[event.session] == 0) waiting_.erase(event.session);
    } else if (event.type == EventType::code && event.state == "claimed") {
      if (!on_its_way_.insert(event.delivery).second) fail_with("claimed twice in the timeline");
    } else if (event.type == EventType::code &&
               (event.state == "given_back" || event.state == "acknowledged")) {
      const bool was = on_its_way_.erase(event.delivery) > 0;
      const bool late = !was && event.state == "acknowledged";  // after it was given back
      if (!was && !late) fail_with("given back in the timeline, but not claimed");
    }
  }
  if (steps_ % 8 != 0) return;  // the list explains each wait: it costs more than the step
  std::map<std::string, int> real;
  for (const WaiterInfo& waiter : world_.delivery.waiters(world_.now)) ++real[waiter.session];
  for (const NaiveModel::Wait& wait : model_.waits()) {
    if (wait.delivery > 0) ++real[party_of_[wait.id]];
  }
  if (real != waiting_) fail_with("the timeline tells of other waits");
}

void Simulation::compare() {
  for (const Reply& reply : world_.last.replies) {
    const auto found = model_.out.find(reply.request);
    if (found == model_.out.end())
      return fail_with("an answer that the model does not give: " + name_of(reply));
    const Outcome want = found->second;
    model_.out.erase(found);
    if (const auto* delivered = std::get_if<Delivered>(&reply.answer)) {
      if (want.kind != Outcome::code || want.value != delivered->code ||
          want.recipient != delivered->recipient) {
        return fail_with("another code than the model gives: " + delivered->code + " for " +
                         want.value);
      }
      const auto before = number_of_.find(delivered->delivery);
      if (before != number_of_.end() && before->second != want.delivery)
        return fail_with("a delivery id was used twice");
      number_of_[delivered->delivery] = want.delivery;
      check_delivered(reply.request, *delivered, before != number_of_.end());
    } else if (const auto* end = std::get_if<WaitEnd>(&reply.answer)) {
      const bool closed = end->exit == ExitCode::not_found;
      if (want.kind != (closed ? Outcome::closed : Outcome::ended))
        return fail_with("a wait ended, not so in the model");
      std::erase_if(clients_,
                    [&](const Client& each) { return each.wait.request == reply.request; });
    } else if (const auto* known = std::get_if<Acknowledged>(&reply.answer)) {
      if (want.kind != (known->known ? Outcome::known : Outcome::unknown))
        return fail_with("known, or not known");
    } else if (const auto* accepted = std::get_if<Accepted>(&reply.answer)) {
      if (want.kind != (accepted->duplicate ? Outcome::duplicate : Outcome::fresh))
        return fail_with("a duplicate, or not");
    } else if (std::holds_alternative<SessionInfo>(reply.answer)) {
      if (want.kind != Outcome::session) return fail_with("a session was answered");
    } else if (want.kind != Outcome::closed && want.kind != Outcome::refused) {
      return fail_with("an error: " + std::get<Error>(reply.answer).message);
    }
  }
  if (!model_.out.empty()) {
    return fail_with("only the model answers request " + std::to_string(model_.out.begin()->first) +
                     ": kind " + std::to_string(model_.out.begin()->second.kind));
  }
  if (world_.delivery.codes_pending() != model_.pending_codes())
    fail_with("another number of codes is held");
}

/// The promises, without the model.
void Simulation::check_delivered(RequestId request, const Delivered& delivered, bool again) {
  ++delivered_;
  const std::string waiter = waiter_of_[request];
  const auto client = std::find_if(clients_.begin(), clients_.end(),
                                   [&](const Client& each) { return each.wait.id == waiter; });
  if (client == clients_.end()) return fail_with("a code for a waiter that is gone");
  client->delivery = delivered.delivery;
  client->number = number_of_[delivered.delivery];
  if (client->wait.recipient != delivered.recipient)
    return fail_with("a code of another recipient");
  if (delivered.channel == "person") return;
  const int id = std::stoi(delivered.message_id);
  if (done_.count(id) > 0) return fail_with("a code that was acknowledged comes again");
  const auto& to = to_[id];
  if (std::find(to.begin(), to.end(), delivered.recipient) == to.end())
    return fail_with("a message that names another recipient");
  if (again) return;  // given before the session was marked anew
  const auto marked = marked_.find(client->wait.session);
  if (marked != marked_.end() && landed_.count(id) > 0 && landed_[id] < marked->second) {
    fail_with("a code from before the mark");
  }
}

void Simulation::move_on(Duration duration) {
  const Instant until = now().instant + duration;
  while (!failed_) {
    const auto due = world_.delivery.deadline();
    const Instant next = due && *due <= until ? std::max(*due, now().instant) : until;
    now().wall += next - now().instant;
    now().instant = next;
    model_.now = now();
    if (!due || *due > until) return;
    model_.tick();
    apply(Tick{});
  }
}

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

Message Simulation::new_mail() {
  static const std::vector<std::string> kDomains{"shop.example", "bank.example"};
  Message message;
  message.id = ++id_;
  message.from_mailbox = true;
  message.uid = uid_++;
  message.received = std::chrono::floor<std::chrono::seconds>(now().wall);
  message.sender_key = kDomains[static_cast<std::size_t>(pick(2))];
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

void Simulation::land() { server_.push_back({new_mail(), now().instant}); }

void Simulation::fetch() {
  if (!live_) return;
  if (chance(4) && server_.size() > 1) {  // the connection hangs in the middle of it
    arrive(server_.front().message, true);
    server_.erase(server_.begin());
    return;
  }
  const bool say_settled = chance(50);
  for (std::size_t i = 0; i < server_.size(); ++i)
    arrive(server_[i].message, say_settled || i + 1 < server_.size());
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
  const Message message = recent_[static_cast<std::size_t>(pick(static_cast<int>(recent_.size())))];
  if (message.from_mailbox && !live_) return;
  if (done_.count(message.id) > 0 && chance(50)) return;
  arrive(message, false);
}

void Simulation::arrive(const Message& message, bool more) {
  if (failed_) return;
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
  if (!message.value.empty()) {
    each.verdict.outcome = code::Outcome::code;
    each.verdict.codes.emplace_back();
    each.verdict.codes.back().value = message.value;
  }
  for (const std::string& choice : message.choices) {
    each.verdict.outcome = code::Outcome::ambiguous;
    each.verdict.codes.emplace_back();
    each.verdict.codes.back().value = choice;
  }
  Message copy = message;
  if (!message.from_mailbox) copy.received = now().wall;
  model_.arrive(each.request, copy, more);
  recent_.push_back(message);
  if (recent_.size() > 12) recent_.erase(recent_.begin());
  apply(std::move(each));
}

void Simulation::wait() {
  Client client;
  client.wait.id = "waiter-" + std::to_string(++names_);
  std::optional<Duration> since;
  if (chance(40)) since = std::vector<Duration>{0s, 5s, 90s}[static_cast<std::size_t>(pick(3))];
  std::optional<Duration> timeout;
  if (chance(10)) timeout = Duration(0);
  if (chance(45) && !model_.sessions().empty()) {
    const auto& session =
        model_
            .sessions()[static_cast<std::size_t>(pick(static_cast<int>(model_.sessions().size())))];
    client.wait.session = session.id;
    client.wait.recipient = session.recipient;
  } else {
    client.wait.recipient = recipient();
  }
  if (chance(15)) client.wait.from = client.wait.recipient == kPhone ? "SHOP" : "shop.example";
  start(std::move(client), since, timeout, nullptr);
}

void Simulation::start(Client client, std::optional<Duration> since,
                       std::optional<Duration> timeout, const NaiveModel::Wait* resumed) {
  Wait command;
  command.request = world_.next_request();
  command.client = ++client_;
  command.waiter = client.wait.id;
  command.pid = 1;
  party_of_[client.wait.id] = client.wait.session.empty() ? client.wait.id : client.wait.session;
  command.session = client.wait.session;
  command.spec = World::spec(client.wait.recipient);
  if (!client.wait.from.empty()) {
    command.spec.filters.from =
        client.wait.recipient == kPhone ? client.wait.from : "*@" + client.wait.from;
  }
  command.since = since;
  command.timeout = timeout;
  if (resumed) command.resume = client.resume;
  client.wait.request = command.request;
  client.wait.client = command.client;
  client.wait.delivery = 0;
  client.wait.ambiguous = false;
  client.connected = true;
  waiter_of_[command.request] = client.wait.id;
  const std::string id = client.wait.id;
  const RequestId request = command.request;
  NaiveModel::Wait asked = client.wait;
  clients_.push_back(std::move(client));
  std::optional<NaiveModel::Wait> before;
  if (resumed) before = *resumed;
  model_.wait(std::move(asked), since, timeout, before ? &*before : nullptr);
  apply(std::move(command));
  for (Client& each : clients_) {
    if (each.wait.id != id) continue;
    if (const NaiveModel::Wait* now_known = model_.find_wait(id)) each.wait = *now_known;
    for (const Notice& notice : world_.notices[request]) {
      if (const auto* waiting = std::get_if<Waiting>(&notice.what)) each.resume = waiting->resume;
    }
  }
}

void Simulation::acknowledge() {
  std::vector<std::size_t> holding;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (!clients_[i].delivery.empty()) holding.push_back(i);
  }
  if (holding.empty()) return;
  const std::size_t chosen =
      holding[static_cast<std::size_t>(pick(static_cast<int>(holding.size())))];
  const Client client = clients_[chosen];
  const RequestId request = world_.next_request();
  model_.acknowledge(request, client.number, client.wait.id);
  std::set<int> ids;
  for (const Message& message : model_.messages()) {
    if (message.delivery == client.number && message.state == NaiveModel::State::taken &&
        message.id != 0)
      ids.insert(message.id);
  }
  apply(Acknowledge{request, client.delivery, client.wait.id});
  if (std::get<Acknowledged>(world_.answers.at(request)).known) {
    ++acknowledged_;
    for (const int id : ids) {
      if (!done_.insert(id).second) fail_with("a code was acknowledged twice");
    }
  }
  if (chance(90)) clients_.erase(clients_.begin() + static_cast<long>(chosen));
}

/// The connection ends; some come back for their acknowledgement later.
void Simulation::die() {
  if (clients_.empty()) return;
  const std::size_t chosen = static_cast<std::size_t>(pick(static_cast<int>(clients_.size())));
  Client& client = clients_[chosen];
  if (client.connected) {
    model_.client_gone(client.wait.client);
    const ClientId number = client.wait.client;
    client.connected = false;
    apply(ClientGone{number});
  }
  if (chance(60)) clients_.erase(clients_.begin() + static_cast<long>(chosen));
}

void Simulation::session_command() {
  const auto& sessions = model_.sessions();
  const int what = pick(10);
  const RequestId request = world_.next_request();
  if (sessions.empty() || (what < 4 && sessions.size() < 6)) {
    Register each;
    each.request = request;
    each.id = "session-" + std::to_string(++names_);
    each.spec = World::spec(recipient());
    const std::string to = each.spec.email + each.spec.phone;
    if (chance(15) && to != kPhone) each.spec.filters.from = "*@bank.example";
    model_.open(request, each.id, to, each.spec.filters.from.empty() ? "" : "bank.example");
    return apply(std::move(each));
  }
  const std::string id =
      sessions[static_cast<std::size_t>(pick(static_cast<int>(sessions.size())))].id;
  if (what < 6) {
    marked_.erase(id);
    model_.mark(request, id);
    return apply(MarkSession{request, id});
  }
  model_.out[request] = {Outcome::session, "", "", 0};
  if (what < 9) {
    model_.refresh(id);
    return apply(RefreshSession{request, id, std::nullopt});
  }
  model_.close(id);
  apply(CloseSession{request, id});
}

/// Enters a code for a recipient, a session or a wait; where several are held it often chooses one.
void Simulation::person() {
  PersonEntry entry;
  entry.request = world_.next_request();
  entry.waiting_only = chance(30);
  std::string to = recipient(), only;
  entry.code = std::to_string(900000 + ++names_ % 99999);
  const auto& waits = model_.waits();
  std::vector<const NaiveModel::Wait*> choosing;
  for (const NaiveModel::Wait& wait : waits) {
    if (!model_.held_for(wait).empty()) choosing.push_back(&wait);
  }
  const NaiveModel::Wait* meant = nullptr;
  if (!choosing.empty() && chance(70)) {
    meant = choosing[static_cast<std::size_t>(pick(static_cast<int>(choosing.size())))];
    const auto held = model_.held_for(*meant);
    entry.code = held[static_cast<std::size_t>(pick(static_cast<int>(held.size())))];
    ++choices_;
  } else if (!waits.empty()) {
    meant = &waits[static_cast<std::size_t>(pick(static_cast<int>(waits.size())))];
  }
  if (meant && chance(60)) {
    to = meant->recipient;
    only = !meant->session.empty() && chance(50) ? meant->session : meant->id;
  }
  (only.empty() ? entry.recipient : entry.target) = only.empty() ? to : only;
  model_.enter(entry.request, to, only, entry.code, entry.waiting_only);
  apply(std::move(entry));
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

void Simulation::restart() {
  ++restarts_;
  const Duration away(pick(3'000'000));
  now().wall += away;
  now().instant += away;
  model_.now = now();
  std::vector<Client> before;
  for (Client& client : clients_) {
    if (client.connected || chance(30)) before.push_back(client);
  }
  clients_.clear();
  asked_.clear();
  waiting_.clear();
  model_.tick_after_kill();
  now().wall -= away;
  now().instant -= away;
  world_.restart(away);
  if (world_.delivery.codes_pending() != model_.pending_codes())
    return fail_with("a restart loses or finds a code");
  live_ = false;
  come_up();
  std::shuffle(before.begin(), before.end(), random_);
  for (Client& client : before) {
    const NaiveModel::Wait wait = client.wait;
    const bool session_there = wait.session.empty() || model_.find_session(wait.session);
    if (client.connected && chance(80) && session_there) {
      client.delivery.clear();
      start(client, std::nullopt, std::nullopt, &wait);
    } else {
      client.connected = false;
      clients_.push_back(client);
    }
  }
}

/// The operator's list shows what the model holds, for whom it holds it.
std::string Simulation::check_choices() const {
  std::multiset<std::pair<std::string, std::vector<std::string>>> mine, model;
  for (const WaiterInfo& waiter : world_.delivery.waiters_to_choose(world_.now)) {
    std::vector<std::string> values;
    for (const HeldCandidate& each : waiter.candidates) values.push_back(each.code);
    std::sort(values.begin(), values.end());
    if (waiter.ambiguous == values.empty()) return "ambiguous, and nothing to choose from";
    mine.emplace(waiter.session, values);
  }
  for (const NaiveModel::Wait& wait : model_.waits()) {
    if (wait.delivery == 0)
      model.emplace(wait.session.empty() ? wait.id : wait.session, model_.held_for(wait));
  }
  return mine == model ? "" : "the operator's list shows other candidates";
}

/// A Delivery made from the store alone knows what this one knows.
void Simulation::check_store() {
  std::vector<Record> records;
  for (const auto& [key, value] : world_.store) records.push_back({key.first, key.second, value});
  Delivery other(quick());
  std::size_t unreadable = 0;
  other.restore(records, now(), &unreadable);
  if (unreadable > 0) fail_with("a record cannot be read");
  int pending = 0;  // unsettled ones of one sender may supersede each other at a restart
  for (const Message& message : model_.messages())
    pending += message.state == NaiveModel::State::pending ? 1 : 0;
  if (pending == 0 && other.codes_pending() != world_.delivery.codes_pending())
    fail_with("the store holds other codes");
  const auto mine = world_.delivery.sessions(now());
  const auto theirs = other.sessions(now());
  if (mine.size() != theirs.size()) return fail_with("the store holds other sessions");
  for (std::size_t i = 0; i < mine.size(); ++i) {
    if (mine[i].id != theirs[i].id || mine[i].marked != theirs[i].marked ||
        mine[i].codes_given != theirs[i].codes_given) {
      fail_with("the store holds another session");
    }
  }
  if (const std::string wrong = check_choices(); !wrong.empty()) fail_with(wrong);
  if (other.position(kMain) != world_.delivery.position(kMain))
    fail_with("the store holds another position");
}

void Simulation::step() {
  doing_ = "time";
  move_on(Duration(1 + pick(chance(2) ? 20'000'000 : 400'000)));
  if (failed_) return;
  struct Row {
    int share;  // of 1000
    const char* name;
    void (Simulation::*run)();
  };
  static const Row kRows[] = {{160, "land", &Simulation::land},
                              {120, "fetch", &Simulation::fetch},
                              {80, "door", &Simulation::through_a_door},
                              {20, "replay", &Simulation::replay},
                              {200, "wait", &Simulation::wait},
                              {160, "acknowledge", &Simulation::acknowledge},
                              {60, "die", &Simulation::die},
                              {70, "session", &Simulation::session_command},
                              {20, "person", &Simulation::person},
                              {70, "answer", &Simulation::answer_mailbox},
                              {8, "toggle", &Simulation::toggle_mailbox},
                              {2, "store", &Simulation::check_store},
                              {1, "restart", &Simulation::restart}};
  int what = pick(1000);
  for (const Row& row : kRows) {
    what -= row.share;
    if (what >= 0) continue;
    doing_ = row.name;
    (this->*row.run)();
    break;
  }
  // Clients that have their answer and are not heard of again.
  if (clients_.size() > 40) clients_.erase(clients_.begin());
}

void simulate(unsigned seed, long steps) {
  Simulation simulation(seed);
  simulation.run(steps);
  CAPTURE(seed);
  INFO(simulation.failure());
  REQUIRE_FALSE(simulation.failed());
  CHECK(simulation.delivered() > steps / 50);
  CHECK(simulation.acknowledged() > steps / 100);
  CHECK(simulation.restarts() > steps / 10'000);
  CHECK(simulation.choices() > steps / 1'000);
}

}  // namespace

TEST_CASE("10^6 random steps keep every promise, part 1") { simulate(20261120, 250'000); }
TEST_CASE("10^6 random steps keep every promise, part 2") { simulate(7, 250'000); }
TEST_CASE("10^6 random steps keep every promise, part 3") { simulate(4711, 250'000); }
TEST_CASE("10^6 random steps keep every promise, part 4") { simulate(99, 250'000); }
