#include "server/agent.hpp"

#include "base/text.hpp"
#include "code/code.hpp"
#include "io/log.hpp"
#include "server/translate.hpp"

#include <otpctl/version.hpp>

#include <algorithm>
#include <csignal>
#include <unistd.h>
#include <utility>

namespace otpctl::server {

delivery::Settings settings_of(const config::Config& config) {
  delivery::Settings settings;
  settings.since = config.wait_since;
  settings.timeout = config.wait_timeout;
  settings.ttl = config.session_ttl;
  settings.keep = config.keep;
  for (const auto& mailbox : config.mailboxes) settings.recipients_all |= mailbox.recipients_all;
  return settings;
}

namespace {

/// Both sockets together leave the agent its own descriptors.
std::size_t room_for_mail(const config::Config& config) {
  return std::min<std::size_t>(room_for_clients(config) / 4, 256);
}

}  // namespace

// ------------------------------------------------------------------------- beginning

Agent::Agent(io::Loop& loop, Paths paths, config::Config config, Fd lock, store::Store store)
    : loop_(loop),
      paths_(std::move(paths)),
      config_(std::move(config)),
      lock_(std::move(lock)),
      store_(std::move(store)),
      started_(loop.now().wall),
      delivery_(settings_of(config_)),
      clients_(loop, {[this](const rpc::Hello& said) { return hello(said); },
                      [this](const Clients::Asked& what) { asked(what); },
                      [this](std::uint64_t client) { if (!ending_) apply(delivery::ClientGone{client}); }}),
      commit_(loop, store_,
              {[this](const delivery::Notice& notice) { clients_.notify(notice.request, notification_of(notice)); },
               [this](delivery::Reply& reply) { hand_over(reply); }}),
      deadline_(loop),
      home_timer_(loop) {
  deadline_.on_fire([this] { apply(delivery::Tick{}); });
}

Agent::~Agent() = default;

Result<std::unique_ptr<Agent>> Agent::create(io::Loop& loop, Paths paths, config::Config config, Fd lock) {
  // Nobody else has business in the store; a stranger's lock must not hold up the loop for long.
  auto store = store::Store::open({paths.store, paths.key, std::chrono::milliseconds(200)});
  if (!store) return fail(store.error());
  std::unique_ptr<Agent> agent(
      new Agent(loop, std::move(paths), std::move(config), std::move(lock), std::move(*store)));
  if (auto opened = agent->open(); !opened) return fail(opened.error());
  return agent;
}

Result<void> Agent::open() {
  auto patterns = compile_patterns(config_);
  if (!patterns) return fail(patterns.error());
  patterns_ = std::move(*patterns);
  auto records = store_.load();
  if (!records) return fail(records.error());
  std::size_t unreadable = 0;
  const auto changes = delivery_.restore(*records, loop_.now(), &unreadable);
  if (unreadable > 0) io::log_warning(std::to_string(unreadable) + " records of the store cannot be read");
  if (auto written = store_.commit(changes); !written) return fail(written.error());

  auto door = source::LmtpDoor::open(loop_, *this, paths_.lmtp_socket, room_for_mail(config_));
  if (!door) return fail(door.error());
  lmtp_ = std::move(*door);
  return clients_.listen(paths_.socket, room_for_clients(config_) - room_for_mail(config_));
}

void Agent::run() {
  signals_ = std::make_unique<io::Signals>(loop_, std::vector<int>{SIGTERM, SIGINT, SIGHUP}, [this](int signal) {
    if (signal != SIGHUP) stop(false);
  });
  const source::Mailbox::Surroundings surroundings{
      loop_, *this, config_.keep, [this](const std::string& name) { return delivery_.position(name); }};
  for (const auto& mailbox : config_.mailboxes) {
    mailboxes_.push_back(std::make_unique<source::Mailbox>(mailbox, surroundings));
    mailboxes_.back()->start();
  }
  update_demand();
  home_timer_.set(loop_.now().instant + std::chrono::seconds(30), [this] { look_after_home(); });
  io::log_info(std::string("otpctl-agentd ") + kVersion + " runs on " + paths_.state);
  loop_.run();
}

// ------------------------------------------------------------------------- the way of a message

void Agent::take(source::TakenMail mail) {
  delivery::Arrive arrive;
  arrive.source = std::move(mail.source);
  arrive.message = message::read_mail(mail.envelope, *mail.options);
  arrive.verdict = code::extract(arrive.message, patterns_);
  arrive.place = mail.place;
  arrive.mailbox_address = mail.options->mailbox_address;
  arrive.more_to_come = mail.more_to_come;
  std::string line = arrive.source + ": a mail from " +
                     (arrive.message.sender.empty() ? "?" : arrive.message.sender) + ": " +
                     std::string(code::name_of(arrive.verdict.outcome));
  apply(std::move(arrive));
  loop_.post([line = std::move(line)] { io::log_info(line); });  // behind the commit: the waiter comes first
  if (mail.on_safe) commit_.when_durable(std::move(mail.on_safe));
}

void Agent::hand_over(delivery::Reply& reply) {
  std::string line;
  if (const auto* given = std::get_if<Delivered>(&reply.answer)) {
    line = given->recipient + ": " + describe_code(given->code) + " from " + given->source + " handed over, session " +
           given->session.substr(0, 8);
  } else if (const auto* end = std::get_if<WaitEnd>(&reply.answer)) {
    line = "a wait ends with " + std::to_string(static_cast<int>(end->exit));
  }
  if (auto answer = answer_of(std::move(reply.answer))) {
    clients_.answer(reply.request, *answer);
  } else {
    clients_.refuse(reply.request, answer.error());
  }
  if (!line.empty()) io::log_info(line);
}

void Agent::tell(delivery::Command command) { apply(std::move(command)); }

void Agent::apply(delivery::Command command) {
  auto effects = delivery_.apply(std::move(command), loop_.now());
  const auto wanted = std::move(effects.synchronise);
  commit_.add(std::move(effects));
  update_demand();
  for (const auto& one : wanted) synchronise(one);
  deadline_.move_to(delivery_.deadline());
}

void Agent::update_demand() {
  auto demand = delivery_.demand();
  if (demand == demand_) return;
  demand_ = demand;
  for (auto& mailbox : mailboxes_) mailbox->demand(demand_);  // the latest: one that ends meanwhile may change it
}

void Agent::synchronise(const delivery::Synchronise& wanted) {
  for (const auto& source : wanted.sources) {
    for (auto& mailbox : mailboxes_) {
      if (mailbox->has(source)) mailbox->synchronise(wanted.token, source, wanted.since);
    }
  }
}

void Agent::note(const std::string& state, const std::string& reason) { io::log_debug("agent " + state + ": " + reason); }

// ------------------------------------------------------------------------- ending

/// The agent lives until it is stopped or its home is removed.
void Agent::look_after_home() {
  if (!home_is_there(paths_, lock_)) {
    io::log_warning("the store's folder was removed; the agent ends");
    stop(false);
    return;
  }
  if (!clients_.socket_is_ours()) {
    io::log_warning("the socket was removed; it is made again");
    if (auto again = clients_.listen(paths_.socket, room_for_clients(config_) - room_for_mail(config_)); !again) {
      io::log_error(again.error().message);
      stop(false);
      return;
    }
  }
  home_timer_.set(loop_.now().instant + std::chrono::seconds(30), [this] { look_after_home(); });
}

void Agent::stop(bool restart) {
  if (std::exchange(stopping_, true)) return;
  io::log_info(restart ? "restarting" : "stopping");
  if (!restart) {
    const rpc::AgentFile file{paths_.socket, paths_.lmtp_socket, ::getpid(), kVersion, started_, loop_.now().wall};
    if (home_is_there(paths_, lock_)) (void)write_agent_file(paths_.agent_file, file);
    auto effects = delivery_.apply(delivery::Stop{}, loop_.now());
    commit_.add(std::move(effects));
  }
  commit_.flush();
  clients_.stop_listening();
  lmtp_.reset();
  still_stopping_ = mailboxes_.size() + 1;
  auto one_less = [this] {
    if (--still_stopping_ == 0) finish();
  };
  for (auto& mailbox : mailboxes_) mailbox->stop(one_less);
  loop_.post(one_less);
}

void Agent::finish() {
  commit_.flush();
  ending_ = true;  // as if killed: what is not acknowledged is kept for its waiter
  clients_.close_all();
  loop_.post([this] { loop_.stop(); });
}

}  // namespace otpctl::server
