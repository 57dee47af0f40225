#include "source/lmtp_door.hpp"

#include "base/text.hpp"
#include "io/pump.hpp"
#include "message/limits.hpp"
#include "smtp/session.hpp"

#include <map>

namespace otpctl::source {

struct LmtpDoor::State {
  State(io::Loop& l, Sink& s) : loop(l), sink(s) {}

  using Pump = io::Pump<smtp::Session>;
  io::Loop& loop;
  Sink& sink;
  message::MailOptions mail_options;  // no mailbox of its own
  std::unique_ptr<io::Listener> listener;
  std::map<std::uint64_t, std::unique_ptr<Pump>> clients;
  std::uint64_t last_client = 0;
  std::shared_ptr<int> alive = std::make_shared<int>(0);

  void welcome(Fd fd) {
    const auto id = ++last_client;
    smtp::Options options;
    options.max_recipients = message::kAddresses;  // of more, the rest would be lost
    smtp::Session session(options, loop.now());
    clients[id] = std::make_unique<Pump>(
        loop, std::make_unique<io::SocketStream>(std::move(fd)), std::move(session),
        Pump::Calls{[this, id](smtp::Event& event) { on_event(id, event); },
                    [this, id](const Error&) {
                      clients.erase(id);
                      listener->client_left();
                    },
                    {}});
  }

  void on_event(std::uint64_t id, smtp::Event& event) {
    if (std::holds_alternative<smtp::Closed>(event)) {
      clients.at(id)->close();
      return;
    }
    auto& mail = std::get<smtp::Mail>(event);
    TakenMail taken;
    taken.source = "lmtp";
    taken.options = &mail_options;
    taken.envelope.bytes = std::move(mail.bytes);
    for (auto& recipient : mail.recipients) {
      if (!equals_ignoring_case(recipient, kUnknownRecipient)) {
        taken.envelope.recipients.push_back(std::move(recipient));
      }
    }
    taken.on_safe = [this, id, guard = std::weak_ptr<int>(alive)](const Result<void>& safe) {
      if (!guard.expired()) answer(id, safe);
    };
    sink.take(std::move(taken));
  }

  void answer(std::uint64_t id, const Result<void>& safe) {
    const auto client = clients.find(id);
    if (client == clients.end()) return;  // left without waiting: it will come again
    if (safe) {
      client->second->machine().taken();
    } else {
      client->second->machine().refused(452, "not taken now, try again: " + safe.error().message);
    }
    client->second->wake();
  }
};

LmtpDoor::LmtpDoor(std::unique_ptr<State> state) : state_(std::move(state)) {}
LmtpDoor::~LmtpDoor() = default;

Result<std::unique_ptr<LmtpDoor>> LmtpDoor::open(io::Loop& loop, Sink& sink, const std::string& path,
                                                 std::size_t max_clients) {
  auto state = std::make_unique<State>(loop, sink);
  auto* raw = state.get();
  auto listener = io::Listener::open(loop, {path, max_clients},
                                     [raw](Fd fd, io::Peer) { raw->welcome(std::move(fd)); });
  if (!listener) return fail(listener.error());
  state->listener = std::move(*listener);
  return std::unique_ptr<LmtpDoor>(new LmtpDoor(std::move(state)));
}

}  // namespace otpctl::source
