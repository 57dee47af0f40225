// What clients and people do: wait, acknowledge, die, register, enter a code.
#include "unit/delivery/simulation.hpp"

namespace otpctl::delivery::test {

void Simulation::wait() {
  Client client;
  client.wait.id = "waiter-" + std::to_string(++names_);
  std::optional<Duration> since;
  if (chance(40)) since = one_of(std::vector<Duration>{0s, 5s, 90s});
  std::optional<Duration> timeout;
  if (chance(10)) timeout = Duration(0);
  if (chance(45) && !model_.sessions().empty()) {
    const auto& session = one_of(model_.sessions());
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
  Wait command = command_for(client);
  command.since = since;
  command.timeout = timeout;
  if (resumed) command.resume = client.resume;
  party_of_[client.wait.id] = client.wait.session.empty() ? client.wait.id : client.wait.session;
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

Wait Simulation::command_for(const Client& client) {
  Wait command;
  command.request = world_.next_request();
  command.client = ++client_;
  command.waiter = client.wait.id;
  command.pid = 1;
  command.session = client.wait.session;
  command.spec = World::spec(client.wait.recipient);
  if (!client.wait.from.empty()) {
    command.spec.filters.from =
        client.wait.recipient == kPhone ? client.wait.from : "*@" + client.wait.from;
  }
  return command;
}

void Simulation::acknowledge() {
  std::vector<std::size_t> holding;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    if (!clients_[i].delivery.empty()) holding.push_back(i);
  }
  if (holding.empty()) return;
  const std::size_t chosen = one_of(holding);
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
  const std::string id = one_of(sessions).id;
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
    meant = one_of(choosing);
    entry.code = one_of(model_.held_for(*meant));
    ++choices_;
  } else if (!waits.empty()) {
    meant = &one_of(waits);
  }
  if (meant && chance(60)) {
    to = meant->recipient;
    only = !meant->session.empty() && chance(50) ? meant->session : meant->id;
  }
  (only.empty() ? entry.recipient : entry.target) = only.empty() ? to : only;
  model_.enter(entry.request, to, only, entry.code, entry.waiting_only);
  apply(std::move(entry));
}

}  // namespace otpctl::delivery::test
