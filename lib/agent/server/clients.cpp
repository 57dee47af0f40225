#include "server/clients.hpp"

#include "delivery/delivery.hpp"
#include "io/log.hpp"

#include <utility>

namespace otpctl::server {

Clients::Clients(io::Loop& loop, Handlers handlers) : loop_(loop), handlers_(std::move(handlers)) {}
Clients::~Clients() = default;

Result<void> Clients::listen(const std::string& path, std::size_t max_clients, Fd inherited) {
  listener_.reset();
  const io::Listener::Options options{path, max_clients};
  const auto on_client = [this](Fd fd, io::Peer peer) { welcome(std::move(fd), peer); };
  if (inherited) {
    listener_ = io::Listener::adopt(loop_, options, std::move(inherited), on_client);
    return {};
  }
  auto listener = io::Listener::open(loop_, options, on_client);
  if (!listener) return fail(listener.error());
  listener_ = std::move(*listener);
  return {};
}

void Clients::welcome(Fd fd, io::Peer peer) {
  const auto client = ++last_client_;
  auto& connection = connections_[client];
  connection.pid = peer.pid;
  connection.pump = std::make_unique<Pump>(
      loop_, std::make_unique<io::SocketStream>(std::move(fd)), rpc::Peer(rpc::Peer::Options{}, loop_.now()),
      Pump::Calls{[this, client](rpc::Peer::Event& event) { on_event(client, event); },
                  [this, client](const Error&) { on_closed(client); },
                  {}});
}

void Clients::on_event(std::uint64_t client, rpc::Peer::Event& event) {
  if (auto* call = std::get_if<rpc::Call>(&event)) {
    on_call(client, *call);
    return;
  }
  on_ended(client, std::get<rpc::Peer::Ended>(event));
}

// Its waits end now, whoever else waits gets their codes. What else it asked for is still answered; delivery refuses
// what stands in line.
void Clients::on_ended(std::uint64_t client, const rpc::Peer::Ended& ended) {
  io::log_debug("client " + std::to_string(client) + ": " + ended.why.message);
  auto& connection = connections_.at(client);
  if (ended.linger && ended.why.code == ErrorCode::network) {  // an end of file, no broken frame
    const auto asked = open_of_[client];
    for (const auto request : asked) {
      if (open_.at(request).is_wait) refuse(request, delivery::sending_side_ended());
    }
    if (!open_of_[client].empty()) {
      connection.leaving = std::make_unique<io::Timer>(loop_);
      connection.leaving->set(loop_.now().instant + std::chrono::seconds(5), [this, client] {
        connections_.at(client).pump->close();
      });
      handlers_.gone(client);
      return;
    }
  }
  connection.pump->close(ended.why);
}

void Clients::on_call(std::uint64_t client, rpc::Call& call) {
  auto& connection = connections_.at(client);
  if (const auto* hello = std::get_if<rpc::Hello>(&call.request)) {
    if (auto welcome = handlers_.hello(*hello)) {
      connection.pump->machine().greeted();
      connection.pump->machine().send(rpc::encode_answer(call.id, *welcome));
    } else {
      connection.pump->machine().send(rpc::encode_error(call.id, welcome.error()));
      connection.pump->close(welcome.error());
    }
    return;
  }
  const auto request = ++last_request_;
  if (io::log_enabled(io::LogLevel::debug)) {
    io::log_debug("client " + std::to_string(client) + " (pid " + std::to_string(connection.pid) +
                  "): " + std::string(rpc::method_name(call.request)));
  }
  open_of_[client].push_back(request);
  open_[request] = Open{client, std::move(call.id), std::holds_alternative<rpc::Wait>(call.request)};
  handlers_.asked(Asked{request, client, connection.pid, call.request});
}

void Clients::on_closed(std::uint64_t client) {
  if (auto requests = open_of_.extract(client)) {
    for (auto request : requests.mapped()) open_.erase(request);
  }
  const bool told = connections_.at(client).leaving != nullptr;
  connections_.erase(client);
  if (listener_) listener_->client_left();
  if (!told) handlers_.gone(client);
}

void Clients::close_when_answered(std::uint64_t client) {
  const auto connection = connections_.find(client);
  if (connection == connections_.end() || !connection->second.leaving || !open_of_[client].empty()) return;
  connection->second.pump->close();
}

void Clients::send(std::uint64_t client, std::string line) {
  const auto connection = connections_.find(client);
  if (connection == connections_.end()) return;
  connection->second.pump->machine().send(std::move(line));
  connection->second.pump->wake();  // may end the connection
}

void Clients::answer(std::uint64_t request, const rpc::Answer& answer) {
  auto open = open_.extract(request);
  if (!open) return;
  const auto client = open.mapped().client;
  std::erase(open_of_[client], request);
  send(client, rpc::encode_answer(open.mapped().id, answer));
  close_when_answered(client);
}

void Clients::refuse(std::uint64_t request, const Error& error) {
  auto open = open_.extract(request);
  if (!open) return;
  const auto client = open.mapped().client;
  std::erase(open_of_[client], request);
  send(client, rpc::encode_error(open.mapped().id, error));
  close_when_answered(client);
}

void Clients::notify(std::uint64_t request, const rpc::Notification& notification) {
  const auto open = open_.find(request);
  if (open == open_.end()) return;
  send(open->second.client, rpc::encode_notification(open->second.id, notification));
}

void Clients::close_all() {
  std::vector<std::uint64_t> all;
  for (const auto& [client, connection] : connections_) all.push_back(client);
  for (auto client : all) {
    if (auto found = connections_.find(client); found != connections_.end()) found->second.pump->close();
  }
}

}  // namespace otpctl::server
