// `otpctl manual`: an operator has read the code and enters it for whoever waits.
#include "delivery/brain.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

constexpr std::size_t kShortestPrefix = 4;
constexpr std::size_t kMostNamed = 5;

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); ++i)
    list += (i > 0 ? ", " : "") + printable(names[i]);
  if (names.size() > kMostNamed)
    list += " and " + std::to_string(names.size() - kMostNamed) + " more";
  return list;
}

std::string name_of(const Waiter& waiter) { return "wait " + waiter.id.substr(0, 8); }

const std::string& first_of(const std::string& email, const std::string& phone) {
  return email.empty() ? phone : email;
}

/// Those of `all` that begin with `wanted`, else those that hold it.
std::vector<std::string> fitting(const std::vector<std::string>& all, const std::string& wanted) {
  std::vector<std::string> beginning, holding;
  if (wanted.empty()) return beginning;
  for (const std::string& recipient : all) {
    if (recipient.starts_with(wanted)) beginning.push_back(recipient);
    if (recipient.find(wanted) != std::string::npos) holding.push_back(recipient);
  }
  return beginning.empty() ? holding : beginning;
}

}  // namespace

// ---- whom is it for? ----

/// The session or wait that is called so, or whose id alone begins so.
Result<std::optional<Brain::PersonTarget>> Brain::target_by_id(const std::string& id) const {
  const auto of_session = [](Session& session) {
    return PersonTarget{first_of(session.email, session.phone), &session, nullptr};
  };
  const auto of_wait = [](Waiter& waiter) {
    return PersonTarget{first_of(waiter.address(), waiter.number()), nullptr, &waiter};
  };
  const auto session = sessions_.lower_bound(id);
  if (session != sessions_.end() && session->first == id) return of_session(*session->second);
  const auto wait = waiters_.lower_bound(id);
  if (wait != waiters_.end() && wait->first == id) return of_wait(*wait->second);
  if (id.size() < kShortestPrefix) return std::nullopt;
  std::vector<PersonTarget> fits;
  std::vector<std::string> names;
  for (auto each = session; each != sessions_.end() && each->first.starts_with(id); ++each) {
    if (names.size() <= kMostNamed) fits.push_back(of_session(*each->second));
    names.push_back("session " + each->first);
  }
  for (auto each = wait; each != waiters_.end() && each->first.starts_with(id); ++each) {
    if (names.size() <= kMostNamed) fits.push_back(of_wait(*each->second));
    names.push_back("wait " + std::string(each->first));
  }
  if (fits.empty()) return std::nullopt;
  if (fits.size() > 1)
    return fail(ErrorCode::ambiguous, "'" + printable(id, 80) + "' fits several: " + list_of(names));
  return fits.front();
}

/// The recipient as it stands, asked for or not; else the id of a session or wait, or its start;
/// else the one asked-for recipient that begins with the target, else that holds it.
Result<Brain::PersonTarget> Brain::person_target(const PersonEntry& command) const {
  if (!command.recipient.empty()) return PersonTarget{command.recipient};
  const auto by_id = target_by_id(command.target);
  if (!by_id) return fail(by_id.error());
  const std::string name = "'" + printable(command.target, 80) + "'";
  const std::string wanted = to_lower(command.target);
  const std::vector<std::string> fits = fitting(interests_.asked_for(), wanted);
  if (*by_id) {
    // "5550" may begin an id by chance and yet be meant as a part of a number.
    const PersonTarget& found = **by_id;
    const auto its = found.waiter ? recipients_of(*found.waiter) : recipients_of(*found.session);
    const auto other = [&](const std::string& recipient) {
      return std::find(its.begin(), its.end(), recipient) == its.end();
    };
    const bool chance = std::any_of(fits.begin(), fits.end(), other);
    if (!chance) return found;
    const std::string who =
        found.waiter ? name_of(*found.waiter) : short_name(found.session->id);
    return fail(ErrorCode::ambiguous, name + " fits " + who + " and " + list_of(fits));
  }
  if (fits.size() == 1) return PersonTarget{fits.front()};
  if (fits.size() > 1)
    return fail(ErrorCode::ambiguous, name + " fits several that are asked for: " + list_of(fits));
  return fail(nobody_named(command.target));
}

/// What has become of it, as far as that is known.
Error Brain::nobody_named(const std::string& target) const {
  const std::string name = "'" + printable(target, 80) + "'";
  const auto not_found = [](std::string message) {
    return Error{ErrorCode::not_found, std::move(message)};
  };
  const auto session = find_session(target);
  if (!session && session.error().code == ErrorCode::expired) return session.error();
  for (const auto& [ticket, in_line] : line_) {
    const Wait* wait = std::get_if<Wait>(&in_line.command);
    if (wait && target.size() >= kShortestPrefix && wait->waiter.starts_with(target))
      return not_found("wait " + wait->waiter.substr(0, 8) +
                       " still stands in line: it can take no code yet");
  }
  if (const PastWait* past = past_.of_wait(target))
    return not_found("wait " + past->id.substr(0, 8) + " waits no more: it " + past->how + ' ' +
                     ago(*past));
  if (const PastWait* past = past_.like(to_lower(target)))
    return not_found("nobody waits for " + name + " any more: the last wait for " +
                     printable(first_of(past->email, past->phone)) + ' ' + past->how + ' ' +
                     ago(*past));
  return not_found("nobody asks for " + name + ", and no session or wait begins with it");
}

std::vector<Waiter*> Brain::waiting_for(const PersonTarget& target) const {
  std::vector<Waiter*> all;
  const auto add = [&all](const std::set<Waiter*, Older>& waiters) {
    for (Waiter* waiter : waiters) {
      if (waiter->state != Waiter::State::claimed) all.push_back(waiter);
    }
  };
  if (target.waiter) {
    if (target.waiter->state != Waiter::State::claimed) all.push_back(target.waiter);
  } else if (target.session) {
    add(target.session->waiters);
  } else if (const Interest* interest = interests_.find(target.recipient)) {
    add(interest->waiting);
  }
  return all;
}

// ---- too late ----

void Brain::remember(const Waiter& waiter, std::string how) {
  past_.add({waiter.id, waiter.session ? waiter.session->id : std::string(), waiter.address(),
             waiter.number(), std::move(how), now_.instant});
}

std::string Brain::giver(CopyRef ref) const {
  const Held& held = *pool_.find(ref.seq);
  if (held.arrival.channel == message::Channel::person) return "a person";
  return held.shown_sender.empty() ? "an unknown sender" : printable(held.shown_sender, 100);
}

std::string Brain::ago(const PastWait& past) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now_.instant - past.when);
  if (seconds < std::chrono::seconds(1)) return "a moment ago";
  return format_duration(seconds) + " ago";
}

/// Nobody is blocked on it: what the last one came to.
Error Brain::too_late(const PersonTarget& target) const {
  const PastWait* past = target.waiter    ? past_.of_wait(target.waiter->id)
                         : target.session ? past_.of_session(target.session->id)
                                          : past_.of_recipient(target.recipient);
  const std::string came_to = past ? past->how + ' ' + ago(*past) : std::string();
  if (target.waiter) {
    return {ErrorCode::not_found, name_of(*target.waiter) + " waits no more: it " +
                                      (past ? came_to : "has got its code")};
  }
  const std::string nobody =
      target.session ? "nobody waits on " + short_name(target.session->id)
                     : "nobody waits for " + printable(target.recipient);
  return {ErrorCode::not_found, past ? nobody + " any more: the last wait " + came_to : nobody};
}

/// Why an entry that is not to be kept cannot be taken by anybody.
std::optional<Error> Brain::cannot_take(const PersonTarget& target, const Held& entry) const {
  const std::vector<Waiter*> waiting = waiting_for(target);
  if (waiting.empty()) return too_late(target);
  const bool fits = std::any_of(waiting.begin(), waiting.end(), [&](const Waiter* waiter) {
    return pick(entry, *waiter).code.has_value();
  });
  if (fits) return std::nullopt;
  return Error{ErrorCode::usage, "a code of another length is waited for"};
}

// ---- the entry ----

Held Brain::entry_for(const PersonTarget& target, const std::string& code) {
  Held held;
  held.arrival.channel = message::Channel::person;
  held.arrival.source = "person";
  held.arrival.received = now_.wall;
  held.outcome = code::Outcome::code;
  held.codes.emplace_back();
  held.codes.back().kind = kind_of(code);
  held.codes.back().value = code;
  held.codes.back().confidence = 1;
  held.settled = true;
  held.expires = now_.instant + settings_.keep;
  held.expires_wall = now_.wall + settings_.keep;
  if (target.session) held.only_session = target.session->id;
  if (target.waiter) held.only_session = target.waiter->id;
  held.copies.emplace_back();
  held.copies.back().candidates.push_back(target.recipient);
  return held;
}

void Brain::run(PersonEntry& command) {
  const auto refuse_with = [&](Error error) {
    wipe(command.code);
    reply(command.request, std::move(error));
  };
  if (!code::is_printable_code(command.code))
    return refuse_with({ErrorCode::usage, "a code is one line of 1 to 64 printable characters"});
  const auto target = person_target(command);
  if (!target) return refuse_with(target.error());
  Accepted accepted;
  accepted.recipient = target->recipient;
  if (const Interest* interest = interests_.find(target->recipient))
    accepted.waiting = static_cast<int>(interest->waiting.size());
  for (Waiter* waiter : waiting_for(*target)) {
    const auto chosen = take_choice(*waiter, command.code);
    if (!chosen) continue;
    accepted.recipient = *chosen;
    accepted.delivered = true;
    wipe(command.code);
    return reply(command.request, std::move(accepted));
  }
  Held held = entry_for(*target, command.code);
  wipe(command.code);
  if (command.waiting_only || target->waiter) {  // a wait that is over will not take it later
    if (auto error = cannot_take(*target, held)) return refuse_with(std::move(*error));
  }
  held.arrival.seq = next_seq();
  tell_entry(target->recipient, {}, held.arrival.seq);
  promise(held.arrival.seq);
  make_room();
  const Seq seq = held.arrival.seq;
  const Held& kept = pool_.add(std::move(held), {{}});
  message_deadlines_.add(kept.expires, seq);
  touch(seq);
  accepted.delivered = offer({{seq, 0}});
  reply(command.request, std::move(accepted));
}

}  // namespace otpctl::delivery
