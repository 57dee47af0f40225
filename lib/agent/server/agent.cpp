#include "server/agent.hpp"

#include "base/text.hpp"
#include "code/code.hpp"
#include "code/hide.hpp"
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

Agent::Agent(io::Loop& loop, Beginning with, store::Store store)
    : loop_(loop),
      paths_(std::move(with.paths)),
      origin_(std::move(with.origin)),
      config_(std::move(with.plan.config)),
      lock_(std::move(with.lock)),
      store_(std::move(store)),
      started_(loop.now().wall),
      hints_(std::move(with.plan.hints)),
      delivery_(settings_of(config_)),
      clients_(loop, {[this](const rpc::Hello& said) { return hello(said); },
                      [this](const Clients::Asked& what) { asked(what); },
                      [this](std::uint64_t client) {
                        if (ending_) return;
                        apply(delivery::ClientGone{client});
                        events_.client_gone(client);
                      }}),
      commit_(loop, store_,
              {[this](const delivery::Notice& notice) { clients_.notify(notice.request, notification_of(notice)); },
               [this](delivery::Reply& reply) { hand_over(reply); },
               [this](std::vector<Event> events, Instant at) { committed(std::move(events), at); },
               [this](const Error* error) { store_trouble(error); },
               [this](delivery::Withdraw what) { return withdraw(std::move(what)); }}),
      events_(loop, store_, config_.history,
              [this](std::uint64_t request, const rpc::EventsResult& page) { clients_.answer(request, page); }),
      deadline_(loop),
      home_timer_(loop),
      supervisor_(loop, with.watchdog, [this] { return health(); }) {
  // A store in memory begins anew with each agent: its ids grow all the same, so that whoever goes on from one misses nothing.
  if (config_.store_in_memory) events_.begin_above(static_cast<std::uint64_t>(started_.time_since_epoch().count()));
  deadline_.on_fire([this] { apply(delivery::Tick{}); });
  health_.add_door("lmtp", "takes whole messages", loop.now());
  health_.add_door("pipe", "takes text messages", loop.now());
}

Agent::~Agent() = default;

Result<std::unique_ptr<Agent>> Agent::create(io::Loop& loop, Beginning with) {
  // Nobody else has business in the store; a stranger's lock must not hold up the loop for long.
  auto store = store::Store::open({with.plan.config.store_in_memory ? ":memory:" : with.paths.store, with.paths.key,
                                   std::chrono::milliseconds(200)});
  if (!store) return fail(store.error());
  if (store->timeline_is_new())
    io::log_warning("the timeline of the store could not be used: it begins anew, codes are not touched");
  Fd socket = std::move(with.socket);
  std::unique_ptr<Agent> agent(new Agent(loop, std::move(with), std::move(*store)));
  if (auto opened = agent->open(std::move(socket)); !opened) return fail(opened.error());
  return agent;
}

Result<void> Agent::open(Fd socket) {
  auto records = store_.load();
  if (!records) return fail(records.error());
  std::size_t unreadable = 0;
  const auto changes = delivery_.restore(*records, loop_.now(), &unreadable);
  if (unreadable > 0) io::log_warning(std::to_string(unreadable) + " records of the store cannot be read");
  if (auto written = store_.commit(changes); !written) return fail(written.error());

  auto door = source::LmtpDoor::open(loop_, *this, paths_.lmtp_socket, room_for_mail(config_));
  if (!door) return fail(door.error());
  lmtp_ = std::move(*door);
  return clients_.listen(paths_.socket, room_for_clients(config_) - room_for_mail(config_), std::move(socket));
}

std::unique_ptr<source::Mailbox> Agent::make_mailbox(const config::Mailbox& wanted, bool resumes) {
  const source::Mailbox::Surroundings surroundings{
      loop_, *this, config_.keep, [this, resumes](const std::string& name) {
        return resumes ? delivery_.position(name) : std::nullopt;
      }};
  auto mailbox = std::make_unique<source::Mailbox>(wanted, surroundings);
  mailbox->demand(demand_);
  return mailbox;
}

void Agent::run() {
  signals_ = std::make_unique<io::Signals>(loop_, std::vector<int>{SIGTERM, SIGINT, SIGHUP}, [this](int signal) {
    const bool managed = supervisor_.is_listened_to() && clients_.socket_is_adopted();
    if (signal != SIGHUP) stop(managed ? Stop::by_manager : Stop::for_good);
    else if (stopping_ == Stop::not_yet) (void)reload();
  });
  for (const auto& mailbox : config_.mailboxes) {
    mailboxes_.push_back(make_mailbox(mailbox, true));
    mailboxes_.back()->start();
  }
  update_demand();
  home_timer_.set(loop_.now().instant + std::chrono::seconds(30), [this] { look_after_home(); });
  io::log_info(std::string("otpctl-agentd ") + kVersion + " runs on " + paths_.state);
  note("started", std::string("otpctl ") + kVersion);
  supervisor_.ready();
  rpc::Events day;
  day.since = started_ - std::chrono::hours(24);
  day.types = {EventType::message, EventType::source, EventType::agent};
  loop_.post([this, day] { recall(day); });
  loop_.run();
}

// ------------------------------------------------------------------------- the way of a message

void Agent::take(source::TakenMail mail) {
  begin_work(mail.source);
  delivery::Arrive arrive;
  arrive.source = std::move(mail.source);
  arrive.message = message::read_mail(mail.envelope, *mail.options);
  arrive.verdict = code::extract(arrive.message, hints_);
  arrive.place = mail.place;
  arrive.mailbox_address = mail.options->mailbox_address;
  arrive.more_to_come = mail.more_to_come;
  std::string sender = arrive.message.sender.empty() ? "?" : arrive.message.sender;
  for (const code::Code& code : arrive.verdict.codes) sender = code::without_code(sender, code.value);
  std::string line = arrive.source + ": a mail from " + sender + ": " + std::string(code::name_of(arrive.verdict.outcome));
  apply(std::move(arrive));
  loop_.post([line = std::move(line)] { io::log_info(line); });  // behind the commit: the waiter comes first
  if (mail.on_safe) commit_.when_durable(std::move(mail.on_safe));
}

void Agent::hand_over(delivery::Reply& reply) {
  std::string line;
  if (const auto* given = std::get_if<Delivered>(&reply.answer)) {
    line = code::without_code(given->recipient, given->code) + ": " + describe_code(given->code) + " from " + given->source + " handed over, session " +
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

void Agent::try_failed(const std::string& source) { health_.try_failed(source, loop_.now()); }

void Agent::apply(delivery::Command command) {
  if (const auto* update = std::get_if<delivery::SourceUpdate>(&command)) health_.source_is(update->status, loop_.now());
  if (const auto* gone = std::get_if<delivery::SourceGone>(&command)) health_.source_gone(gone->source);
  auto effects = delivery_.apply(std::move(command), loop_.now());
  const auto wanted = std::move(effects.synchronise);
  commit_.add(std::move(effects));
  update_demand();
  for (const auto& one : wanted) synchronise(one);
  deadline_.move_to(delivery_.deadline());
  supervisor_.changed();
}

/// In the middle of a commit that has failed: whoever listens to mailboxes hears of it in the next turn.
delivery::Effects Agent::withdraw(delivery::Withdraw what) {
  auto effects = delivery_.apply(std::move(what), loop_.now());
  loop_.post([this, wanted = std::move(effects.synchronise)] {
    update_demand();
    for (const auto& one : wanted) synchronise(one);
    deadline_.move_to(delivery_.deadline());
    supervisor_.changed();
  });
  return effects;
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

// ------------------------------------------------------------------------- what is kept of it

void Agent::begin_work(const std::string& source) {
  constexpr std::size_t kMost = 10'000;  // while the store cannot be written
  if (in_hand_.size() < kMost) in_hand_.push_back({source, BootClock::now()});  // a turn that reads much began long ago
}

/// The answers have gone: what is left is for those who look on.
void Agent::committed(std::vector<Event> events, Instant written_at) {
  for (const auto& message : std::exchange(in_hand_, {})) {
    health_.processed(message.source, written_at - message.came, loop_.now());
  }
  for (const Event& event : events) {
    if (event.type == EventType::message && event.state != "duplicate") health_.message(event.source, loop_.now());
  }
  events_.add(std::move(events));
}

/// The day before the start, a page a turn: nobody waits for it.
void Agent::recall(const rpc::Events& asked) {
  const auto page = events_.page(asked, 0, 0);
  if (!page) return io::log_warning("the timeline cannot be read: " + page.error().message);
  for (const Event& event : (*page)->events) {
    if (event.at < started_) recall_.add(event, health_, loop_.now());
  }
  const bool over = !(*page)->events.empty() && (*page)->events.back().at >= started_;
  if (!(*page)->more || over || stopping_ != Stop::not_yet) return;
  rpc::Events next = asked;
  next.since.reset();
  next.after = (*page)->next;
  loop_.post([this, next] { recall(next); });
}

void Agent::store_trouble(const Error* error) {
  if (error) {
    note("store_trouble", error->message);
  } else {
    note("store_well", "the store can be written again");
  }
}

void Agent::note(const std::string& state, const std::string& reason) {
  Event event;
  event.at = loop_.now().wall;
  event.type = EventType::agent;
  event.state = state;
  event.reason = reason;
  events_.add({std::move(event)});
}

// ------------------------------------------------------------------------- ending

/// The agent lives until it is stopped or its home is removed.
void Agent::look_after_home() {
  if (!home_is_there(paths_, lock_)) {
    io::log_warning("the store's folder was removed; the agent ends");
    stop(Stop::for_good);
    return;
  }
  if (!clients_.socket_is_ours() && clients_.socket_is_adopted()) {
    io::log_warning(paths_.socket + " was removed and belongs to a socket unit; restart that: otpctl-agent.socket");
  } else if (!clients_.socket_is_ours()) {
    io::log_warning("the socket was removed; it is made again");
    if (auto again = clients_.listen(paths_.socket, room_for_clients(config_) - room_for_mail(config_)); !again) {
      io::log_error(again.error().message);
      stop(Stop::for_good);
      return;
    }
  }
  home_timer_.set(loop_.now().instant + std::chrono::seconds(30), [this] { look_after_home(); });
}

/// A manager's stop may be half of its restart. Its socket goes on listening then: waiters come back through it, as after
/// `agent restart`, and wake the next agent. Where nobody listens any more the mark in agent.json ends them.
void Agent::stop(Stop why) {
  if (stopping_ != Stop::not_yet) return;
  stopping_ = why;
  io::log_info(why == Stop::for_restart ? "restarting" : "stopping");
  supervisor_.stopping();
  if (why == Stop::for_good) {
    mark_as_stopped();
    auto effects = delivery_.apply(delivery::Stop{}, loop_.now());
    commit_.add(std::move(effects));
  }
  note("stopping", why == Stop::for_restart ? "restarts" : "stopped");
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

void Agent::mark_as_stopped() {
  const rpc::AgentFile file{paths_.socket, paths_.lmtp_socket, ::getpid(), kVersion, started_, loop_.now().wall};
  if (home_is_there(paths_, lock_)) (void)write_agent_file(paths_.agent_file, file);
}

void Agent::finish() {
  if (stopping_ == Stop::by_manager) mark_as_stopped();  // it holds for 2 s from here on
  commit_.flush();
  events_.flush();
  ending_ = true;  // as if killed: what is not acknowledged is kept for its waiter
  clients_.close_all();
  loop_.post([this] { loop_.stop(); });
}

}  // namespace otpctl::server
