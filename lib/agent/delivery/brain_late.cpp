// An operator's answer that comes too late: how the last wait ended, and whether its code came only a moment ago.
#include "delivery/brain.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

constexpr std::size_t kShortestPrefix = 4;

}  // namespace

void Brain::remember(const Waiter& waiter, std::string how, bool served) {
  past_.add({waiter.id, waiter.session ? waiter.session->id : std::string(), waiter.address(),
             waiter.number(), std::move(how), served, now_.instant});
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
    return {ErrorCode::not_found, wait_name(target.waiter->id) + " waits no more: it " +
                                      (past ? came_to : "has got its code")};
  }
  const std::string nobody =
      target.session ? "nobody waits on " + short_name(target.session->id)
                     : "nobody waits for " + printable(target.recipient);
  return {ErrorCode::not_found, past ? nobody + " any more: the last wait " + came_to : nobody};
}

Error Brain::served_already(const std::string& name, const Fits::Served& one) const {
  return {ErrorCode::not_found, "nobody waits for " + name + " any more: the last wait for " +
                                    printable(one.recipient) + ' ' + one.past->how + ' ' + ago(*one.past)};
}

/// Its code came a moment ago and nobody expects another one: kept, the entry would be a stale code for the next login.
std::optional<Error> Brain::just_served(const PersonTarget& target) const {
  if (target.waiter || expected(target)) return std::nullopt;
  const auto all = past_.served_after(now_.instant - settings_.late);
  const auto last = std::find_if(all.begin(), all.end(), [&](const PastWait* past) {
    if (target.session) return past->session == target.session->id;
    return past->email == target.recipient || past->phone == target.recipient;
  });
  if (last == all.end()) return std::nullopt;
  const auto left = std::chrono::ceil<std::chrono::seconds>((*last)->when + settings_.late - now_.instant);
  const std::string where = target.session ? "on " + short_name(target.session->id) : "for " + printable(target.recipient);
  return Error{ErrorCode::not_found,
               "nobody waits " + where + " any more: the last wait " + (*last)->how + ' ' + ago(**last) +
                   "; a code entered now is not kept: for the next login enter it when that waits, or in " +
                   format_duration(left)};
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
      return not_found(wait_name(wait->waiter) +
                       " still stands in line: it can take no code yet");
  }
  if (const PastWait* past = past_.of_wait(target))
    return not_found(wait_name(past->id) + " waits no more: it " + past->how + ' ' +
                     ago(*past));
  if (const PastWait* past = past_.like(to_lower(target)))
    return not_found("nobody waits for " + name + " any more: the last wait for " +
                     printable(first_of(past->email, past->phone)) + ' ' + past->how + ' ' +
                     ago(*past));
  return not_found("nobody asks for " + name + ", and no session or wait begins with it");
}

}  // namespace otpctl::delivery
