// `otpctl manual`: an operator has read the code and enters it for whoever waits.
#include "delivery/brain.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 5); ++i)
    list += (i > 0 ? ", " : "") + printable(names[i]);
  if (names.size() > 5) list += " and " + std::to_string(names.size() - 5) + " more";
  return list;
}

}  // namespace

/// The recipient as it stands, asked for or not; else a session's id or the start of one; else the
/// one asked-for recipient that begins with the target, else that holds it.
Result<std::pair<std::string, Session*>> Brain::person_target(const PersonEntry& command) const {
  using Target = std::pair<std::string, Session*>;
  if (!command.recipient.empty()) return Target{command.recipient, nullptr};
  const auto session = find_session(command.target);
  if (session)
    return Target{(*session)->email.empty() ? (*session)->phone : (*session)->email, *session};
  if (session.error().code == ErrorCode::ambiguous) return fail(session.error());
  const std::string wanted = to_lower(command.target);
  std::vector<std::string> beginning, holding;
  for (const std::string& recipient : interests_.asked_for()) {
    if (!wanted.empty() && recipient.starts_with(wanted)) beginning.push_back(recipient);
    if (!wanted.empty() && recipient.find(wanted) != std::string::npos)
      holding.push_back(recipient);
  }
  const std::vector<std::string>& fits = beginning.empty() ? holding : beginning;
  if (fits.size() == 1) return Target{fits.front(), nullptr};
  const std::string name = "'" + printable(command.target, 80) + "'";
  if (fits.size() > 1)
    return fail(ErrorCode::ambiguous, name + " fits several that are asked for: " + list_of(fits));
  if (session.error().code == ErrorCode::expired) return fail(session.error());
  return fail(ErrorCode::not_found, "nobody asks for " + name + ", and no session begins with it");
}

void Brain::run(PersonEntry& command) {
  if (!code::is_printable_code(command.code)) {
    return reply(command.request,
                 Error{ErrorCode::usage, "a code is one line of 1 to 64 printable characters"});
  }
  const auto target = person_target(command);
  if (!target) return reply(command.request, target.error());
  Accepted accepted;
  accepted.recipient = target->first;
  if (const Interest* interest = interests_.find(target->first))
    accepted.waiting = static_cast<int>(interest->waiting.size());

  Held held;
  held.arrival.channel = message::Channel::person;
  held.arrival.source = "person";
  held.arrival.received = now_.wall;
  held.arrival.seq = next_seq();
  held.outcome = code::Outcome::code;
  held.codes.emplace_back();
  held.codes.back().value = command.code;
  held.codes.back().kind = kind_of(command.code);
  held.codes.back().confidence = 1;
  held.settled = true;
  held.expires = now_.instant + settings_.keep;
  held.expires_wall = now_.wall + settings_.keep;
  if (target->second) held.only_session = target->second->id;
  held.copies.emplace_back();
  held.copies.back().candidates.push_back(target->first);
  wipe(command.code);

  make_room();
  const Seq seq = held.arrival.seq;
  const Held& kept = pool_.add(std::move(held), {{}});
  message_deadlines_.add(kept.expires, seq);
  touch(seq);
  accepted.delivered = offer({{seq, 0}});
  reply(command.request, std::move(accepted));
}

}  // namespace otpctl::delivery
