// What clients ask: each request becomes a command of delivery or is answered from what is there.
#include "base/overloaded.hpp"
#include "base/text.hpp"
#include "code/code.hpp"
#include "io/log.hpp"
#include "message/address.hpp"
#include "server/agent.hpp"
#include "server/translate.hpp"

#include <otpctl/version.hpp>

#include <algorithm>
#include <unistd.h>
#include <utility>

namespace otpctl::server {

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
    if (!config::watches(config_, wanted)) {
      // Where the file names mailboxes, another one of the environment is refused, however often it is restarted.
      const std::string fix = config::names_mailboxes(config_)
                                  ? "write it into " + printable(config_.path) + ", unset it, or "
                                  : "run: otpctl agent restart, or ";
      return fail(ErrorCode::config, "the environment asks for " + printable(wanted.identity()) +
                                         ", which the running agent does not watch; " + fix +
                                         "give this caller an OTPCTL_HOME of its own");
    }
  }
  return rpc::HelloResult{kProtocolVersion, kVersion, ::getpid(),
                          {"wait", "session", "hold", "sms", "manual", "waiters", "events", "health", "reload"}};
}

void Agent::asked(const Clients::Asked& asked) {
  // A code that is printed is told even now, or the next agent would give it to somebody else.
  if (stopping_ != Stop::not_yet && !std::holds_alternative<rpc::Ack>(asked.what)) return;
  answer(asked);
}

namespace {

/// Its answer says "it is taken".
bool promises(const rpc::Request& request) {
  return std::holds_alternative<rpc::Manual>(request) || std::holds_alternative<rpc::Sms>(request) ||
         std::holds_alternative<rpc::SessionRegister>(request);
}

}  // namespace

void Agent::answer(const Clients::Asked& asked) {
  // Before it is decided on: what was refused must not be handed out later.
  if (commit_.trouble() && promises(asked.what)) {
    const auto* sms = std::get_if<rpc::Sms>(&asked.what);
    if (sms && is_for_somebody(*sms)) apply(delivery::Refused{arrival_of(*sms, 0)});
    return clients_.refuse(asked.request,
                           {ErrorCode::storage, "not taken, try again: " + commit_.trouble()->message});
  }
  const Caller caller{asked.request, asked.client, asked.pid, config_.default_region};
  const auto decide = [&](const auto& request) { carry_out(asked, command_of(request, caller)); };
  std::visit(
      Overloaded{
          [&](const rpc::Hello&) {},  // Clients answers it
          [&](const rpc::Wait& wait) { decide(wait); },
          [&](const rpc::Ack& ack) { decide(ack); },
          [&](const rpc::SessionRegister& request) { decide(request); },
          [&](const rpc::SessionMark& mark) { decide(mark); },
          [&](const rpc::SessionClose& close) { decide(close); },
          [&](const rpc::SessionRefresh& refresh) { decide(refresh); },
          [&](const rpc::SessionHold& hold) { decide(hold); },
          [&](const rpc::Manual& manual) { decide(manual); },
          [&](const rpc::Sms& sms) { submit(sms, asked); },
          [&](const rpc::SessionList& list) { reply(asked, page_of_sessions(list.after)); },
          [&](const rpc::SessionShow& show) { reply(asked, delivery_.session(show.session, loop_.now())); },
          [&](const rpc::Status&) { reply(asked, status()); },
          [&](const rpc::Waiters& waiters) { reply(asked, page_of_waiters(waiters.skip)); },
          [&](const rpc::Events& events) { answer_events(events, asked); },
          [&](const rpc::Health&) { reply(asked, health()); },
          [&](const rpc::Reload&) { reply(asked, reload()); },
          [&](const rpc::Stop& end) {
            reply(asked, rpc::StopResult{::getpid()});
            stop(end.restart ? Stop::for_restart : Stop::for_good);
          },
      },
      asked.what);
}

void Agent::carry_out(const Clients::Asked& asked, Result<delivery::Command> command) {
  if (command) {
    apply(std::move(*command));
  } else {
    clients_.refuse(asked.request, command.error());
  }
}

void Agent::reply(const Clients::Asked& asked, Result<rpc::Answer> answer) {
  if (answer) {
    clients_.answer(asked.request, *answer);
  } else {
    clients_.refuse(asked.request, answer.error());
  }
}

/// One without a number is for the one phone that is asked for; one with a wrong number is for nobody.
Result<void> Agent::is_for_somebody(const rpc::Sms& sms) const {
  if (trim(sms.to).empty()) return {};
  const auto number = message::normalise_phone(sms.to, config_.default_region);
  if (!number) return fail(number.error());
  return {};
}

delivery::Arrive Agent::arrival_of(const rpc::Sms& sms, delivery::RequestId request) const {
  delivery::Arrive arrive;
  arrive.request = request;
  arrive.source = "pipe";
  arrive.message = message::read_sms({sms.to, sms.from, sms.text, sms.sent}, config_.default_region);
  arrive.verdict = code::extract(arrive.message, hints_);
  arrive.provider_id = sms.id;
  return arrive;
}

void Agent::submit(const rpc::Sms& sms, const Clients::Asked& asked) {
  if (const auto well = is_for_somebody(sms); !well) return clients_.refuse(asked.request, well.error());
  delivery::Arrive arrive = arrival_of(sms, asked.request);
  begin_work(arrive.source);
  io::log_info("pipe: an SMS: " + std::string(code::name_of(arrive.verdict.outcome)));
  apply(std::move(arrive));
  commit_.when_durable([](const Result<void>&) {});  // the answer goes out with this commit, and only then
}

// ------------------------------------------------------------------------- pages

rpc::SessionListResult Agent::page_of_sessions(const std::string& after) {
  constexpr std::size_t kPage = 40;  // of at most 1.5 KB each: a page fits a line
  rpc::SessionListResult page;
  page.sessions = delivery_.sessions_after(after, kPage + 1, loop_.now());
  page.more = page.sessions.size() > kPage;
  if (page.more) page.sessions.pop_back();
  return page;
}

rpc::WaitersResult Agent::page_of_waiters(int skip) {
  constexpr std::size_t kPage = 200;       // rpc cuts what does not fit into the line
  constexpr std::size_t kCandidates = 40;  // of at most 800 bytes each: one waiter always fits
  rpc::WaitersResult page;
  auto all = delivery_.waiters_to_choose(loop_.now());
  const std::size_t first = std::min(static_cast<std::size_t>(skip), all.size());
  const std::size_t last = std::min(first + kPage, all.size());
  page.more = last < all.size();
  for (std::size_t i = first; i < last; ++i) {
    if (all[i].candidates.size() > kCandidates) all[i].candidates.resize(kCandidates);
    page.waiters.push_back(std::move(all[i]));
  }
  return page;
}

/// One that follows stays open until there is something.
void Agent::answer_events(const rpc::Events& events, const Clients::Asked& asked) {
  auto page = events_.page(events, asked.request, asked.client);
  if (!page) return clients_.refuse(asked.request, page.error());
  if (*page) clients_.answer(asked.request, **page);
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

HealthReport Agent::health() {
  const auto now = loop_.now();
  std::vector<source::Vitals> vitals;
  for (const auto& mailbox : mailboxes_) {
    for (auto& one : mailbox->vitals()) vitals.push_back(std::move(one));
  }
  HealthReport report;
  report.version = kVersion;
  report.pid = ::getpid();
  report.started = started_;
  report.sources = health_.report(vitals, now);
  report.waiters = delivery_.waiting();
  report.sessions = delivery_.sessions_open();
  report.codes_pending = delivery_.codes_pending();
  if (const auto oldest = delivery_.oldest_pending()) report.oldest_pending = std::max(now.wall - *oldest, Duration(0));
  report.codes_delivered = delivery_.codes_delivered();
  for (const auto& source : report.sources) report.messages += source.messages;
  if (commit_.trouble()) report.store_trouble = commit_.trouble()->message;
  return report;
}

}  // namespace otpctl::server
