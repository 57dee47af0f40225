// Why a wait ended without a code: what was seen and did not match, and how alive the sources are.
#include "base/text.hpp"
#include "code/hide.hpp"
#include "delivery/brain.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace otpctl::delivery {

namespace {

constexpr std::size_t kReasons = 9;

std::string from(const std::string& sender) {
  return sender.empty() ? "an unknown sender" : printable(sender, 100);
}

/// `ours`: how many of those that were taken went to its own session.
std::string phrase(const Seen& seen, const std::vector<std::string>& senders, int ours = 0) {
  const bool one = seen.count == 1;
  const std::string messages = std::to_string(seen.count) + (one ? " message" : " messages");
  const std::string codes = std::to_string(seen.count) + (one ? " code" : " codes");
  const std::string last = (one ? " (from " : " (last from ") + from(seen.sender) + ")";
  switch (seen.reason) {
    case Unmatched::no_code: return messages + " came without a code" + last;
    case Unmatched::ambiguous_code:
      return messages + (one ? " holds" : " hold") + " more than one code" + last;
    case Unmatched::ambiguous_sender: {
      std::string names;
      for (std::size_t i = 0; i < std::min<std::size_t>(senders.size(), 4); ++i)
        names += (i > 0 ? " and " : "") + from(senders[i]);
      return "different codes came from " + names + ": filter with --from next time, or choose with otpctl manual while it waits";
    }
    case Unmatched::other_recipient: return messages + " came for others" + last;
    case Unmatched::ambiguous_recipient:
      return messages + (one ? " names" : " name") + " several recipients that are asked for" +
             last;
    case Unmatched::before_mark: return codes + " came too early to count" + last;
    case Unmatched::filtered: return messages + " did not pass the filters" + last;
    case Unmatched::taken:
      if (ours >= seen.count) return codes + " went to another wait of this session" + last;
      if (ours > 0)
        return codes + " went to other waits, " + std::to_string(ours) + " of them of this session" + last;
      return codes + " went to another wait" + last;
    case Unmatched::superseded:
      return codes + (one ? " was" : " were") + " superseded by a later one" + last;
  }
  return {};
}

std::string state_phrase(const SourceStatus& source, const WallTime now) {
  const std::string detail =
      source.detail.empty() ? "" : " (" + printable(source.detail, 300) + ")";
  const Duration age =
      std::max<Duration>(std::chrono::floor<std::chrono::seconds>(now - source.since), Duration(0));
  const std::string since = source.since == WallTime{} ? "" : " for " + format_duration(age);
  switch (source.state) {
    case SourceState::starting: return "still starting";
    case SourceState::live: return "live";
    case SourceState::unreachable: return "unreachable" + since + detail;
    case SourceState::signed_out: return "signed out" + detail;
    case SourceState::throttled: return "throttled" + since + detail;
  }
  return {};
}

std::string sources_phrase(const std::vector<SourceStatus>& sources, const WallTime now) {
  constexpr std::size_t kNamed = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(sources.size(), kNamed); ++i) {
    const bool mailbox = sources[i].kind == "imap";
    text += (i > 0 ? ", " : "") + std::string(mailbox ? "mailbox " : "") +
            printable(sources[i].name, 80) + ' ' + state_phrase(sources[i], now);
  }
  if (sources.size() > kNamed) text += " and " + std::to_string(sources.size() - kNamed) + " more";
  return text.empty() ? "no source is configured" : text;
}

void note(std::array<Seen, kReasons>& all, Unmatched why, const std::string& sender,
          WallTime received) {
  Seen& seen = all[static_cast<std::size_t>(why)];
  ++seen.count;
  if (seen.count == 1 || received >= seen.latest) {
    seen.latest = received;
    seen.sender = sender;
  }
}

}  // namespace

/// Why this copy did not go to this waiter; nothing when it is none of its business.
std::optional<Unmatched> Brain::unmatched(const Waiter& waiter, CopyRef ref,
                                          std::string_view recipient) const {
  const Held& held = *pool_.find(ref.seq);
  const Copy& copy = copy_at(ref);
  if (!held.settled) return std::nullopt;
  if (!is_for(held, waiter)) return std::nullopt;
  const bool live = copy.state == Copy::State::free;
  const Pick picked = live ? pick_of(waiter, ref) : Pick{};
  if (!counts(waiter, held, copy)) {
    if (live && picked.code) return Unmatched::before_mark;
    return std::nullopt;
  }
  if (copy.state == Copy::State::superseded) return Unmatched::superseded;
  if (!live) return Unmatched::taken;
  const auto meant = recipient_of(copy);
  if (meant && *meant != recipient) return Unmatched::other_recipient;
  if (!meant && picked.code) return Unmatched::ambiguous_recipient;
  if (!picked.code) return picked.why;
  if (waiter.ambiguous) return Unmatched::ambiguous_sender;
  // Several asked for it when it came; that the others have left since decides nothing.
  if (copy.candidates.size() > 1) return Unmatched::ambiguous_recipient;
  return std::nullopt;
}

std::vector<std::pair<CopyRef, std::string_view>> Brain::all_for(const Waiter& waiter) const {
  std::vector<std::pair<CopyRef, std::string_view>> all;
  for (const auto recipient : recipients_of(waiter)) {
    for (const CopyRef ref : pool_.of(recipient)) all.emplace_back(ref, recipient);
  }
  if (wants_sms(waiter)) {
    for (const CopyRef ref : pool_.of({})) all.emplace_back(ref, waiter.number());
  }
  return all;
}

/// Without the codes that anybody knows and without the one that this waiter's pattern would find.
std::string Brain::shown_sender(const Waiter& waiter, CopyRef ref) const {
  const Held& held = *pool_.find(ref.seq);
  const bool by_pattern = (waiter.session && waiter.session->gate.pattern) || (waiter.gate && waiter.gate->pattern);
  if (!by_pattern) return held.shown_sender;
  const Pick picked = pick_of(waiter, ref);
  return picked.code ? code::without_code(held.shown_sender, picked.code->value) : held.shown_sender;
}

struct Brain::Sight {
  std::array<Seen, kReasons> all;
  std::array<std::uint64_t, 2> mine{};  // e-mail, SMS: came since it waits and is its own
  std::set<Seq> own;
  std::vector<std::string> senders;
};

void Brain::look_at(const Waiter& waiter, CopyRef ref, std::string_view recipient, Sight& sight) const {
  const Held& held = *pool_.find(ref.seq);
  const bool person = held.arrival.channel == message::Channel::person;
  if (held.arrival.seq > waiter.order && sight.own.insert(ref.seq).second && !person)
    ++sight.mine[held.arrival.channel == message::Channel::sms ? 1 : 0];
  const auto why = unmatched(waiter, ref, recipient);
  if (!why) return;
  const std::string sender = shown_sender(waiter, ref);
  note(sight.all, *why, sender, held.arrival.received);
  if (*why == Unmatched::ambiguous_sender) sight.senders.push_back(person ? "a person" : sender);
}

/// What came since it waits and is not held for it.
void Brain::look_at_passed(const Waiter& waiter, Sight& sight) const {
  for (const std::size_t channel : {0, 1}) {
    if (!(channel == 0 ? wants_email(waiter) : wants_sms(waiter))) continue;
    const Passed& passed = passed_[channel];
    for (const Passed::One& one : passed.latest) sight.mine[channel] += one.withdrawn && one.seq > waiter.order;
    const std::uint64_t since = passed.total - waiter.arrivals_before[channel];
    if (since <= sight.mine[channel]) continue;
    Seen& others = sight.all[static_cast<std::size_t>(Unmatched::other_recipient)];
    others.count += static_cast<int>(since - sight.mine[channel]);
    for (const Passed::One& one : passed.latest) {
      if (one.withdrawn || one.seq <= waiter.order || sight.own.count(one.seq) > 0) continue;
      others.sender = one.sender;
      others.latest = one.received;
    }
  }
}

Brain::Look Brain::look(const Waiter& waiter) const {
  Sight sight;
  for (std::size_t i = 0; i < kReasons; ++i) sight.all[i].reason = static_cast<Unmatched>(i);
  for (const auto& [ref, recipient] : all_for(waiter)) look_at(waiter, ref, recipient, sight);
  look_at_passed(waiter, sight);
  Look look;
  look.senders = std::move(sight.senders);
  for (Seen& seen : sight.all) {
    if (seen.count > 0) look.seen.push_back(std::move(seen));
  }
  return look;
}

ExitCode Brain::exit_of(const Waiter& waiter, const Look& look) const {
  const bool email = wants_email(waiter), sms = wants_sms(waiter);
  if (sources_.signed_out(email, sms)) return ExitCode::not_allowed;
  const bool down = waiter.fail_fast ? sources_.unreachable_now(email, sms)
                                     : sources_.unreachable_since(email, sms, waiter.started);
  if (down) return ExitCode::unreachable;
  const bool unreadable = std::any_of(look.seen.begin(), look.seen.end(), [](const Seen& seen) {
    return seen.reason == Unmatched::no_code || seen.reason == Unmatched::ambiguous_code ||
           seen.reason == Unmatched::ambiguous_sender ||
           seen.reason == Unmatched::ambiguous_recipient;
  });
  if (unreadable) return ExitCode::unreadable;
  if (refused_for(waiter) > 0) return ExitCode::try_later;
  return waiter.at_once ? ExitCode::no : ExitCode::timed_out;
}

/// What it has to choose from, for people.
std::string Brain::choice(const Waiter& waiter) const {
  const Look found = look(waiter);
  std::string text;
  for (const Seen& seen : found.seen) {
    const bool several = seen.reason == Unmatched::ambiguous_code;
    if (!several && seen.reason != Unmatched::ambiguous_sender) continue;
    text += (text.empty() ? "" : ", ") + phrase(seen, found.senders);
    if (several) text += ": choose with otpctl manual while it waits";
  }
  return text;
}

WaitEnd Brain::explain(const Waiter& waiter) const {
  Look found = look(waiter);
  WaitEnd end;
  end.exit = exit_of(waiter, found);
  end.waited = now_.instant - waiter.started;
  end.sources = sources_.statuses(wants_email(waiter), wants_sms(waiter));
  end.message = line(waiter, found, end.waited);
  end.seen = std::move(found.seen);
  return end;
}

std::string Brain::line(const Waiter& waiter, const Look& look, Duration waited) const {
  std::string text = "no code for " + names_of(waiter);
  if (!waiter.at_once)
    text += " in " + format_duration(std::max<Duration>(
                         std::chrono::round<std::chrono::seconds>(waited), Duration(0)));
  text += ": ";
  int ours = 0;
  for (const auto& [ref, recipient] : all_for(waiter)) {
    const bool same = waiter.session && copy_at(ref).session == waiter.session->id;
    if (same && unmatched(waiter, ref, recipient) == Unmatched::taken) ++ours;
  }
  for (std::size_t i = 0; i < look.seen.size(); ++i)
    text += (i > 0 ? ", " : "") + phrase(look.seen[i], look.senders, ours);
  const int refused = refused_for(waiter);
  if (refused > 0) {
    text += (look.seen.empty() ? "" : ", ") + std::to_string(refused) + (refused == 1 ? " message was" : " messages were") +
            " refused because the store could not be written";
  } else if (look.seen.empty()) {
    text += "no message came";
  }
  return text + "; " +
         sources_phrase(sources_.statuses(wants_email(waiter), wants_sms(waiter)), now_.wall);
}

int Brain::waiting() const {
  const auto blocked = std::count_if(waiters_.begin(), waiters_.end(),
                                     [](const auto& each) { return each.second->state != Waiter::State::claimed; });
  const auto in_line = std::count_if(line_.begin(), line_.end(), [](const auto& each) {
    return std::holds_alternative<Wait>(each.second.command);
  });
  return static_cast<int>(blocked + in_line);
}

std::vector<WaiterInfo> Brain::waiters(bool with_candidates) const {
  std::vector<const Waiter*> all;
  for (const auto& [id, waiter] : waiters_) {
    if (waiter->state != Waiter::State::claimed) all.push_back(waiter.get());
  }
  std::sort(all.begin(), all.end(), Older());
  std::vector<WaiterInfo> infos;
  for (const Waiter* waiter : all) {
    Look found = look(*waiter);
    WaiterInfo info;
    info.session = waiter->party();
    info.target = {waiter->address(), waiter->number()};
    info.pid = waiter->pid;
    info.since = waiter->started_wall;
    if (waiter->deadline) info.deadline = now_.wall + (*waiter->deadline - now_.instant);
    const std::vector<Candidate> held = to_choose(*waiter);
    info.ambiguous = !held.empty();
    if (with_candidates) info.candidates = shown(held);
    info.seen = std::move(found.seen);
    infos.push_back(std::move(info));
  }
  for (const auto& [ticket, in_line] : line_) {
    const Wait* wait = std::get_if<Wait>(&in_line.command);
    if (!wait) continue;
    WaiterInfo info;
    info.session = wait->session.empty() ? wait->waiter : wait->session;
    info.target = {wait->spec.email, wait->spec.phone};
    if (const auto session = sessions_.find(wait->session); session != sessions_.end()) {
      info.target = {session->second->email, session->second->phone};
    }
    info.pid = wait->pid;
    info.since = in_line.since.wall;
    info.queued = true;
    infos.push_back(std::move(info));
  }
  return infos;
}

std::string Brain::sources_stand(const Waiter& waiter) const {
  return sources_phrase(sources_.statuses(wants_email(waiter), wants_sms(waiter)), now_.wall);
}

}  // namespace otpctl::delivery
