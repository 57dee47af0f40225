// What the timeline is told (docs/events.md). Metadata and verdicts: a code is told by its shape, and
// is cut out of whatever its sender may have written it into.
#include "delivery/brain.hpp"

#include "base/text.hpp"
#include "code/hide.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

constexpr std::size_t kMostWords = 4;  // told of one trouble: a server may say something else each time
constexpr std::size_t kMostRecipients = 8;

/// What describes the message is without it already; the reason and the name of another sender may hold it.
void hide(Event& event, const std::string& value) {
  for (std::string* text : {&event.sender, &event.message_id, &event.reason}) *text = code::without_code(*text, value);
}

/// The shape that all have, or nothing.
std::string shape_of(const std::vector<code::Code>& codes) {
  std::string shape;
  for (const code::Code& code : codes) {
    const std::string one = describe_code(code.value);
    if (!shape.empty() && shape != one) return {};
    shape = one;
  }
  return shape;
}

void describe(Event& event, const Held& held) {
  event.source = held.arrival.source;
  event.channel = message::name_of(held.arrival.channel);
  event.sender = held.shown_sender;
  event.message_id = held.shown_id;
}

}  // namespace

Event& Brain::tell(EventType type, std::string_view state, std::string_view reason, Seq about) {
  Event& event = out_.events.emplace_back();
  out_.about.resize(out_.events.size());
  out_.about.back() = about;
  event.at = now_.wall;
  event.type = type;
  event.state = state;
  event.reason = reason;
  return event;
}

// ---- sources ----

/// One line for each real change. A new try (`starting`) of what is in trouble is none; other words
/// in the same state are told once until it is live again.
void Brain::tell_source(const SourceStatus& status) {
  const auto [entry, first] = told_sources_.try_emplace(status.name);
  ToldSource& told = entry->second;
  const bool live = status.state == SourceState::live;
  if (!first && status.state == SourceState::starting) return;
  if (!first && status.state == told.state &&
      (live || told.words.size() >= kMostWords || told.words.count(status.detail) > 0))
    return;
  told.state = status.state;
  if (live) told.words.clear();
  else if (told.words.size() < kMostWords) told.words.insert(status.detail);
  static constexpr std::string_view kStates[] = {"starting", "live", "unreachable", "signed_out",
                                                 "throttled"};
  Event& event =
      tell(EventType::source, kStates[static_cast<std::size_t>(status.state)], status.detail);
  event.source = status.name;
  event.retry_at = status.retry_at;
}

void Brain::tell_source_gone(const std::string& name) {
  if (told_sources_.erase(name) > 0) tell(EventType::source, "gone").source = name;
}

// ---- sessions and waits ----

void Brain::tell_session(std::string_view state, const Session& session, std::string_view reason,
                         int pid) {
  Event& event = tell(EventType::session, state, reason, session.order);
  event.session = session.id;
  event.target = {session.email, session.phone};
  event.pid = pid;
}

Event& Brain::tell_wait(std::string_view state, const Waiter& waiter, std::string_view reason) {
  Event& event = tell(EventType::wait, state, reason);
  event.session = waiter.outlived_session() ? waiter.claim->ended_session : waiter.party();
  event.target = {waiter.address(), waiter.number()};
  event.pid = waiter.pid;
  return event;
}

/// Once, as long as it blocks and its session is not marked anew.
void Brain::tell_ambiguous(Waiter& waiter) {
  if (std::exchange(waiter.told_ambiguous, true)) return;
  tell_wait("ambiguous", waiter, choice(waiter));
}

void Brain::tell_end(const Waiter& waiter, ExitCode exit, std::string_view reason) {
  Event& event = tell_wait("ended", waiter, reason);
  event.exit = exit;
  event.waited = now_.instant - waiter.started;
}

/// Its agent was killed; it has not come back, but said that the code is printed.
void Brain::tell_end_of(const Copy& claimed) {
  Event& event = tell(EventType::wait, "ended");
  event.session = claimed.session.empty() ? claimed.waiter : claimed.session;
  const bool phone = claimed.recipient.find('@') == std::string::npos;
  (phone ? event.target.phone : event.target.email) = claimed.recipient;
  event.exit = ExitCode::done;
}

/// Of somebody who stands in line; a session that is not registered yet has no events.
Event* Brain::tell_line(std::string_view state, const std::variant<Register, Wait>& command,
                        std::string_view reason) {
  const Wait* wait = std::get_if<Wait>(&command);
  if (!wait) return nullptr;
  Event& event = tell(EventType::wait, state, reason);
  event.session = wait->session.empty() ? wait->waiter : wait->session;
  event.target = {wait->spec.email, wait->spec.phone};
  if (const auto session = sessions_.find(wait->session); session != sessions_.end())
    event.target = {session->second->email, session->second->phone};
  event.pid = wait->pid;
  return &event;
}

void Brain::tell_end(const InLine& in_line, ExitCode exit, std::string_view reason) {
  if (Event* event = tell_line("ended", in_line.command, reason)) {
    event->exit = exit;
    event->waited = now_.instant - in_line.since.instant;
  }
}

// ---- messages and codes ----

void Brain::tell_message(const Held& held, const Arrive& command,
                         const std::vector<std::string>& recipients, std::string_view state) {
  Event& event = tell(EventType::message, state, command.verdict.reason, held.arrival.seq);
  describe(event, held);
  for (const std::string& recipient : recipients) {
    if (!recipient.empty() && event.recipients.size() < kMostRecipients)
      event.recipients.push_back(recipient);
  }
  event.uid_validity = held.arrival.uid_validity;
  event.uid = held.arrival.uid;
  event.verdict = code::name_of(held.outcome);
  event.shape = shape_of(held.codes);
  event.sent = held.arrival.sent;
  event.received = held.arrival.received;
  if (command.message.bounce) {
    event.reason = "a delivery report or an automatic reply carries no code";
  } else if (held.outcome == code::Outcome::none && !command.verdict.codes.empty()) {
    event.reason = "what looks like its code cannot be printed on one line";
  }
  if (state == "duplicate") event.reason = "it is known already";
  if (state == "for_nobody") event.reason = "it names no recipient that could be asked for";
  for (const auto* codes : {&held.codes, &command.verdict.codes}) {
    for (const code::Code& code : *codes) hide(event, code.value);
  }
}

Event& Brain::tell_code(std::string_view state, CopyRef ref, std::string_view reason) {
  const Held& held = *pool_.find(ref.seq);
  const Copy& copy = copy_at(ref);
  // A choice makes a code out of what is there already: it is the choice that the code stands and falls with.
  Event& event = tell(EventType::code, state, reason, std::max(copy.decided, ref.seq));
  describe(event, held);
  if (copy.state == Copy::State::claimed || state == "acknowledged") {
    event.session = copy.session.empty() ? copy.waiter : copy.session;
    event.delivery = copy.delivery;
  }
  if (copy.recipient.empty()) {
    event.recipients.assign(copy.candidates.begin(),
                            copy.candidates.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                          copy.candidates.size(), kMostRecipients)));
    std::erase(event.recipients, std::string());
  } else {
    event.recipients.push_back(copy.recipient);
  }
  event.shape = copy.value.empty() ? shape_of(held.codes) : describe_code(copy.value);
  hide(event, copy.value);
  for (const code::Code& code : held.codes) hide(event, code.value);
  return event;
}

/// Only a pattern has found it: what this command has told of its message did not know it yet.
void Brain::hide_what_was_told(std::string_view value) {
  for (Event& event : out_.events) hide(event, std::string(value));
}

void Brain::tell_claimed(const Waiter& waiter) {
  const std::size_t same = waiter.claim->copies.size();
  Event& event = tell_code("claimed", waiter.claim->copies.front(),
                           same > 1 ? std::to_string(same) + " messages say the same" : "");
  event.waited = now_.instant - waiter.started;
}

void Brain::tell_entry(const std::string& recipient, std::string_view reason, Seq about) {
  tell(EventType::entry, "taken", reason, about).recipients.push_back(recipient);
}

}  // namespace otpctl::delivery
