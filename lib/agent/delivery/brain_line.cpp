// Exclusive use of a recipient, as flock(1): at once, refused with the holder's name, or in line by
// arrival.
#include "delivery/brain.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::delivery {

namespace {

std::optional<Duration> patience(const std::variant<Register, Wait>& command) {
  return std::visit([](const auto& each) { return each.queue; }, command);
}

RequestId request_of(const std::variant<Register, Wait>& command) {
  return std::visit([](const auto& each) { return each.request; }, command);
}

}  // namespace

std::optional<std::string> Brain::obstacle(const std::vector<std::string>& recipients,
                                           std::string_view self, bool exclusive,
                                           std::optional<std::uint64_t> ticket) const {
  for (const std::string& recipient : recipients) {
    if (auto other = interests_.obstacle(recipient, self, exclusive))
      return printable(recipient) + " is taken by " + other->name;
    if (!exclusive && !ticket) continue;  // one that shares passes by those who stand in line
    const auto line = line_for_.find(recipient);
    if (line == line_for_.end()) continue;
    const std::uint64_t first = *line->second.begin();
    if (!ticket || first < *ticket) return printable(recipient) + " has a line before it";
  }
  return std::nullopt;
}

bool Brain::held_up(const std::variant<Register, Wait>& command,
                    std::vector<std::string> recipients, std::string_view self, bool exclusive) {
  const auto holder = obstacle(recipients, self, exclusive, std::nullopt);
  if (!holder) return false;
  const auto asked = patience(command);
  if (!asked || *asked <= Duration(0)) {
    refuse(command, *holder);
    return true;
  }
  const Duration limit = std::min<Duration>(*asked, std::chrono::hours(24 * 366));
  const std::uint64_t ticket = ++last_ticket_;
  for (const std::string& recipient : recipients) line_for_[recipient].insert(ticket);
  tell_line("queued", command, *holder);
  warn(request_of(command), *holder + ": standing in line for up to " + format_duration(limit));
  const Instant deadline = now_.instant + limit;
  line_deadlines_.add(deadline, ticket);
  line_.emplace(
      ticket, InLine{command, std::move(recipients), std::string(self), exclusive, now_, deadline});
  return true;
}

void Brain::refuse(const std::variant<Register, Wait>& command, const std::string& holder) {
  reply(request_of(command),
        Error{ErrorCode::busy, holder + "; try later, or stand in line with --queue"});
}

InLine Brain::leave_line(std::uint64_t ticket) {
  const auto found = line_.find(ticket);
  InLine in_line = std::move(found->second);
  line_.erase(found);
  line_deadlines_.remove(in_line.deadline, ticket);
  for (const std::string& recipient : in_line.recipients) {
    const auto line = line_for_.find(recipient);
    line->second.erase(ticket);
    if (line->second.empty()) line_for_.erase(line);
    freed_.insert(recipient);
  }
  return in_line;
}

/// Whoever is first in line for something that was left, and hindered by nothing else, comes in.
void Brain::move_line() {
  while (!freed_.empty()) {
    const std::string recipient = std::move(freed_.extract(freed_.begin()).value());
    while (true) {
      const auto line = line_for_.find(recipient);
      if (line == line_for_.end()) break;
      const std::uint64_t ticket = *line->second.begin();
      const InLine& first = line_.at(ticket);
      if (obstacle(first.recipients, first.self, first.exclusive, ticket)) break;
      InLine in_line = leave_line(ticket);
      if (auto* registration = std::get_if<Register>(&in_line.command)) {
        admit(*registration);
      } else if (Wait& wait = std::get<Wait>(in_line.command);
                 !wait.session.empty() && sessions_.count(wait.session) == 0) {
        const std::string why = short_name(wait.session) + " has ended";
        tell_end(in_line, ExitCode::not_found, why);
        reply(wait.request, Error{ErrorCode::expired, why});
      } else {
        admit(wait, in_line.since);
      }
    }
  }
}

}  // namespace otpctl::delivery
