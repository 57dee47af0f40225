#include "manual/board.hpp"

#include "base/text.hpp"
#include "shared/cells.hpp"
#include "shared/output.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace otpctl::apps::manual {

namespace {

constexpr std::size_t kMostListed = 50;
constexpr std::size_t kFewDigits = 2;
constexpr int kIndent = 5;  // of what belongs to the line above

bool begins(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

/// 1 to `count`; 0: it is no number of the list.
std::size_t number_in(std::string_view text, std::size_t count) {
  if (text.empty() || text.size() > 5 || text.find_first_not_of("0123456789") != text.npos) return 0;
  const auto number = static_cast<std::size_t>(std::stoul(std::string(text)));
  return number <= count ? number : 0;
}

bool any_recipient(const Target& target, const std::function<bool(const std::string&)>& fits) {
  return (!target.email.empty() && fits(to_lower(target.email))) ||
         (!target.phone.empty() && fits(target.phone));
}

std::string source_in_words(const Event& event) {
  if (event.source == "person") return "a person";
  return event.source.empty() ? "elsewhere" : printable(event.source);
}

/// The text broken into lines that stand below the number.
void add_wrapped(std::vector<Line>& lines, const std::string& text, Tone tone, View view) {
  if (view.columns <= 0) {
    lines.push_back({text, tone});
    return;
  }
  for (std::string& each : wrap(text, view.columns, kIndent)) lines.push_back({std::move(each), tone});
}

/// A part of a line: it stands whole, behind `glue` or on a line of its own.
struct Part {
  std::string glue;
  std::string text;
};

/// What others have named, on a line of its own at most: it never goes on where a line begins.
std::string from(const std::string& name, View view) {
  const std::string shown_name = name.empty() ? "an unknown sender" : without_blanks(shown(name, view.utf8));
  if (view.columns <= 0) return "from " + shown_name;
  const int room = view.columns - std::min(kIndent, view.columns / 4) - static_cast<int>(std::string("from ").size());
  return "from " + fit_middle(shown_name, room, view.utf8);
}

/// `begin` is ours, and may be broken; what follows stands on the same line where there is room.
void add_parts(std::vector<Line>& lines, const std::string& begin, const std::vector<Part>& parts, Tone tone,
               View view) {
  const std::string indent(static_cast<std::size_t>(std::min(kIndent, view.columns / 4)), ' ');
  std::vector<Line> own;
  add_wrapped(own, begin, tone, view);
  for (const Part& part : parts) {
    std::string& last = own.back().text;
    if (view.columns <= 0 || cells(last) + cells(part.glue) + cells(part.text) <= view.columns) {
      last += part.glue + part.text;
    } else {
      own.push_back({indent + part.text, tone});
    }
  }
  lines.insert(lines.end(), own.begin(), own.end());
}

std::string span(const WaiterInfo& waiter, WallTime now) {
  std::string text = "waits for " + ago(waiter.since, now);
  text += waiter.deadline ? ", " + ago(now, *waiter.deadline) + " left" : ", no limit";
  if (waiter.pid > 0) text += ", pid " + std::to_string(waiter.pid);
  return waiter.queued ? text + ", stands in line behind another" : text;
}

void add_what_came(std::vector<Line>& lines, const Seen& seen, WallTime now, View view) {
  std::string text = "   came: " + std::to_string(seen.count) + " " + std::string(words_for(seen.reason));
  std::vector<Part> parts{{", ", ago(seen.latest, now) + " ago"}};
  if (!seen.sender.empty()) {
    text += ", the latest";
    parts.insert(parts.begin(), {" ", from(seen.sender, view)});
  }
  add_parts(lines, text, parts, Tone::plain, view);
}

std::string who(const Target& target, View view) {
  if (target.email.empty()) return shown(target.phone, view.utf8);
  return shown(target.email, view.utf8) +
         (target.phone.empty() ? "" : " " + shown(target.phone, view.utf8));
}

}  // namespace

Board::Board(std::vector<WaiterInfo> waiters) {
  rows_.reserve(waiters.size());
  for (WaiterInfo& each : waiters) rows_.push_back({std::move(each), {}});
}

bool Board::all_gone() const {
  return std::all_of(rows_.begin(), rows_.end(), [](const Row& row) { return !row.gone.empty(); });
}

std::vector<std::size_t> Board::of_session(const std::string& session) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < rows_.size() && !session.empty(); ++i) {
    if (rows_[i].waiter.session == session && rows_[i].gone.empty()) found.push_back(i);
  }
  return found;
}

std::optional<Board::News> Board::end(std::size_t index, std::string why) {
  rows_[index].gone = std::move(why);
  return News{index, words_for(rows_[index].waiter.target) + " " + rows_[index].gone};
}

bool Board::concerns(const News& news, std::size_t index) const {
  if (!news.about || *news.about == index) return news.about == index;
  const Target& told = rows_[*news.about].waiter.target;
  const Target& other = rows_[index].waiter.target;
  return news.of_recipient && told.email == other.email && told.phone == other.phone;
}

std::optional<Board::News> Board::hear(const Event& event) {
  std::vector<std::size_t> here = of_session(event.session);
  if (event.type == EventType::code && event.state == "claimed") {
    // Of several on one session it is not said which one it was: the end of its wait will.
    if (here.size() != 1) return std::nullopt;
    return end(here.front(), "got its code from " + source_in_words(event));
  }
  if (event.type == EventType::message) return hear_message(event);
  if (event.type != EventType::wait) return std::nullopt;
  if (event.state == "began" || event.state == "queued") {
    const bool listed = std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) {
      return row.waiter.session == event.session && (event.pid == 0 || row.waiter.pid == event.pid);
    });
    if (listed || std::exchange(told_of_another_, true)) return std::nullopt;
    return News{std::nullopt, words_for(event.target) + " waits, too"};
  }
  if (here.size() > 1 && event.pid != 0) {
    std::erase_if(here, [&](std::size_t index) { return rows_[index].waiter.pid != event.pid; });
  }
  if (here.size() != 1) return std::nullopt;
  if (event.state == "ambiguous") {
    rows_[here.front()].waiter.ambiguous = true;
    return News{here.front(), "different codes came for " + words_for(rows_[here.front()].waiter.target) + "; ? shows them"};
  }
  if (event.state == "left") return end(here.front(), "has gone away");
  if (event.state != "ended") return std::nullopt;
  return end(here.front(), event.exit == ExitCode::done ? "got its code meanwhile" : "waits no more");
}

/// The codes to choose from may be others now.
std::optional<Board::News> Board::hear_message(const Event& event) {
  if (event.state != "arrived" || event.verdict == "none") return std::nullopt;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const WaiterInfo& waiter = rows_[i].waiter;
    const bool has_choice = waiter.ambiguous || !waiter.candidates.empty();
    const bool for_it = std::any_of(event.recipients.begin(), event.recipients.end(), [&](const std::string& name) {
      return !name.empty() && (name == to_lower(waiter.target.email) || name == waiter.target.phone);
    });
    if (!has_choice || !for_it || !rows_[i].gone.empty()) continue;
    return News{i, "another message came for " + words_for(waiter.target) + "; ? lists the codes anew", true};
  }
  return std::nullopt;
}

std::vector<std::size_t> Board::fitting(std::string_view text) const {
  const std::string wanted = to_lower(trim(text));
  const auto all_that = [&](const std::function<bool(const WaiterInfo&)>& fits) {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (fits(rows_[i].waiter)) found.push_back(i);
    }
    return found;
  };
  if (wanted.empty()) {
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].gone.empty()) left.push_back(i);
    }
    return left.size() == 1 ? left : std::vector<std::size_t>();
  }
  if (const std::size_t number = number_in(wanted, rows_.size())) return {number - 1};
  if (is_beyond(wanted)) return {};
  using Name = const std::string&;
  const std::vector<std::function<bool(const WaiterInfo&)>> ways{
      [&](const WaiterInfo& each) {
        return any_recipient(each.target, [&](Name name) { return name == wanted; });
      },
      [&](const WaiterInfo& each) { return wanted.size() >= 4 && begins(each.session, wanted); },
      [&](const WaiterInfo& each) {
        return any_recipient(each.target, [&](Name name) { return begins(name, wanted); });
      },
      [&](const WaiterInfo& each) {
        return any_recipient(each.target, [&](Name name) { return name.find(wanted) != name.npos; });
      }};
  for (const auto& way : ways) {
    if (auto found = all_that(way); !found.empty()) return found;
  }
  return {};
}

bool is_number_of_list(std::string_view text, std::size_t count) {
  const std::string_view wanted = trim(text);
  const std::size_t digits = std::max(std::to_string(count).size(), kFewDigits);
  return !wanted.empty() && wanted.size() <= digits && wanted.find_first_not_of("0123456789") == wanted.npos;
}

bool Board::is_beyond(std::string_view text) const {
  return is_number_of_list(text, rows_.size()) && number_in(trim(text), rows_.size()) == 0;
}

std::vector<Line> candidates_in_lines(const WaiterInfo& waiter, WallTime now, View view) {
  std::vector<Line> lines;
  for (std::size_t i = 0; i < waiter.candidates.size(); ++i) {
    const HeldCandidate& each = waiter.candidates[i];
    add_parts(lines, "   " + std::to_string(i + 1) + ") " + shown(each.code, view.utf8),
              {{"  ", from(each.sender, view)}, {", ", ago(each.received, now) + " ago"}}, Tone::head, view);
  }
  return lines;
}

std::vector<Line> in_lines(const Board& board, const std::vector<std::size_t>& only, WallTime now, View view) {
  std::vector<Line> lines;
  const std::size_t count = only.empty() ? board.size() : only.size();
  for (std::size_t i = 0; i < std::min(count, kMostListed); ++i) {
    const std::size_t index = only.empty() ? i : only[i];
    const WaiterInfo& waiter = board.waiter(index);
    add_wrapped(lines, std::to_string(index + 1) + "  " + who(waiter.target, view), Tone::head, view);
    if (!board.gone(index).empty()) {
      add_wrapped(lines, "   " + board.gone(index), Tone::plain, view);
      continue;
    }
    add_wrapped(lines, "   " + span(waiter, now), Tone::plain, view);
    for (const Seen& seen : waiter.seen) {
      if (seen.reason == Unmatched::other_recipient) continue;  // all that came for anybody else
      add_what_came(lines, seen, now, view);
    }
    if (!waiter.candidates.empty()) {
      add_wrapped(lines, "   different codes came, one of these:", Tone::plain, view);
      for (Line& line : candidates_in_lines(waiter, now, view)) lines.push_back(std::move(line));
    }
  }
  if (count > kMostListed) {
    add_wrapped(lines, "and " + std::to_string(count - kMostListed) + " more: type a part of the name", Tone::plain,
                view);
  }
  return lines;
}

}  // namespace otpctl::apps::manual
