#include "server/agent.hpp"

#include "base/text.hpp"
#include "code/code.hpp"
#include "io/log.hpp"
#include "message/address.hpp"
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

Result<std::vector<code::Pattern>> compile_patterns(const config::Config& config) {
  std::vector<code::Pattern> patterns;
  for (const auto& pattern : config.patterns) {
    auto compiled = code::Pattern::compile(pattern.regex);
    if (!compiled) {
      return fail(ErrorCode::config,
                  config.path + ":" + std::to_string(pattern.line) + ": " + compiled.error().message);
    }
    patterns.push_back(std::move(*compiled));
  }
  return patterns;
}

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

void Agent::submit(const rpc::Sms& sms, const Clients::Asked& asked) {
  // One without a number is for the one phone that is asked for; one with a wrong number is for nobody.
  if (!trim(sms.to).empty()) {
    const auto number = message::normalise_phone(sms.to, config_.default_region);
    if (!number) return clients_.refuse(asked.request, number.error());
  }
  delivery::Arrive arrive;
  arrive.request = asked.request;
  arrive.source = "pipe";
  arrive.message = message::read_sms({sms.to, sms.from, sms.text, sms.sent}, config_.default_region);
  arrive.verdict = code::extract(arrive.message, patterns_);
  arrive.provider_id = sms.id;
  io::log_info("pipe: an SMS: " + std::string(code::name_of(arrive.verdict.outcome)));
  apply(std::move(arrive));
  commit_.when_durable([](const Result<void>&) {});  // the answer goes out with this commit, and only then
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

// ------------------------------------------------------------------------- requests

Result<rpc::HelloResult> Agent::hello(const rpc::Hello& hello) {
  if (hello.protocol != kProtocolVersion) {
    const bool older = hello.protocol > kProtocolVersion;
    return fail(ErrorCode::agent_version,
                std::string("the agent (otpctl ") + kVersion + ", pid " + std::to_string(::getpid()) + ") is " +
                    (older ? "older than this command; run: otpctl agent restart"
                           : "newer than this command; update the command"));
  }
  auto asked = config::from_environment([&](const char* name) {
    const auto found = hello.environment.find(name);
    return found == hello.environment.end() ? std::string() : found->second;
  });
  if (!asked) return fail(asked.error());
  for (const auto& wanted : asked->mailboxes) {
    const bool watched = std::any_of(config_.mailboxes.begin(), config_.mailboxes.end(),
                                     [&](const auto& own) { return own.identity() == wanted.identity(); });
    if (!watched) {
      // Where there is a file, the environment's mailbox is not looked at, however often it is restarted.
      const std::string fix = config_.path.empty() ? "run: otpctl agent restart, or "
                                                   : "write it into " + printable(config_.path) + ", unset it, or ";
      return fail(ErrorCode::config, "the environment asks for " + printable(wanted.identity()) +
                                         ", which the running agent does not watch; " + fix +
                                         "give this caller an OTPCTL_HOME of its own");
    }
  }
  return rpc::HelloResult{kProtocolVersion, kVersion, ::getpid(), {"wait", "session", "sms", "manual"}};
}

void Agent::asked(const Clients::Asked& asked) {
  // A code that is printed is told even now, or the next agent would give it to somebody else.
  if (stopping_ && !std::holds_alternative<rpc::Ack>(asked.what)) return;
  const Caller caller{asked.request, asked.client, asked.pid, config_.default_region};
  auto carry_out = [&](Result<delivery::Command> command) {
    if (command) {
      apply(std::move(*command));
    } else {
      clients_.refuse(asked.request, command.error());
    }
  };
  if (const auto* wait = std::get_if<rpc::Wait>(&asked.what)) return carry_out(command_of(*wait, caller));
  if (const auto* ack = std::get_if<rpc::Ack>(&asked.what)) return carry_out(command_of(*ack, caller));
  if (const auto* reg = std::get_if<rpc::SessionRegister>(&asked.what)) return carry_out(command_of(*reg, caller));
  if (const auto* mark = std::get_if<rpc::SessionMark>(&asked.what)) return carry_out(command_of(*mark, caller));
  if (const auto* close = std::get_if<rpc::SessionClose>(&asked.what)) return carry_out(command_of(*close, caller));
  if (const auto* more = std::get_if<rpc::SessionRefresh>(&asked.what)) return carry_out(command_of(*more, caller));
  if (const auto* manual = std::get_if<rpc::Manual>(&asked.what)) return carry_out(command_of(*manual, caller));
  if (const auto* sms = std::get_if<rpc::Sms>(&asked.what)) return submit(*sms, asked);
  if (const auto* list = std::get_if<rpc::SessionList>(&asked.what)) {
    return clients_.answer(asked.request, page_of_sessions(list->after));
  }
  if (const auto* show = std::get_if<rpc::SessionShow>(&asked.what)) {
    auto session = delivery_.session(show->session, loop_.now());
    return session ? clients_.answer(asked.request, *session) : clients_.refuse(asked.request, session.error());
  }
  if (std::holds_alternative<rpc::Status>(asked.what)) return clients_.answer(asked.request, status());
  if (const auto* end = std::get_if<rpc::Stop>(&asked.what)) {
    clients_.answer(asked.request, rpc::StopResult{::getpid()});
    stop(end->restart);
  }
}

rpc::SessionListResult Agent::page_of_sessions(const std::string& after) {
  constexpr std::size_t kPage = 40;  // of at most 1.5 KB each: a page fits a line
  rpc::SessionListResult page;
  bool begun = after.empty();
  for (auto& session : delivery_.sessions(loop_.now())) {
    if (begun && page.sessions.size() == kPage) {
      page.more = true;
      break;
    }
    if (begun) page.sessions.push_back(std::move(session));
    else begun = session.id == after;
  }
  return page;
}

AgentStatus Agent::status() {
  AgentStatus status;
  status.version = kVersion;
  status.protocol = kProtocolVersion;
  status.pid = ::getpid();
  status.started = started_;
  status.home = paths_.state;
  status.socket = paths_.socket;
  status.config = config_.path;
  for (const auto& mailbox : mailboxes_) {
    for (auto& source : mailbox->status()) status.sources.push_back(std::move(source));
  }
  status.waiters = delivery_.waiters(loop_.now());
  status.sessions = delivery_.sessions_open();
  status.codes_pending = delivery_.codes_pending();
  status.codes_delivered = delivery_.codes_delivered();
  return status;
}

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
