#include "manual/conversation.hpp"

#include "base/digits.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "client/pages.hpp"
#include "manual/target.hpp"
#include "shared/cells.hpp"
#include "shared/output.hpp"
#include "shared/sessions.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace otpctl::apps::manual {

namespace {

constexpr std::size_t kLongestTyped = 64 * 1024;
constexpr Duration kAnswerWithin = std::chrono::seconds(5);  // as long as a hello: somebody sits before it
constexpr char kEnterEnds[] = "Enter ends: ";

rpc::Events what_happens() {
  rpc::Events events;
  events.types = {EventType::wait, EventType::message, EventType::code};
  events.follow = true;
  return events;
}

bool shows_color(const Options& options, const Context& context) {
  const std::string term = context.env("TERM");
  return !options.plain && context.err_tty && !term.empty() && term != "dumb" && context.env("NO_COLOR").empty();
}

std::string only(std::size_t count) {
  return (count == 1 ? "there is only " : "there are only ") + std::to_string(count);
}

/// 1 to `count`, as an index.
std::optional<std::size_t> chosen(const std::string& text, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (text == std::to_string(i + 1)) return i;
  }
  return std::nullopt;
}

}  // namespace

Conversation::Conversation(const Options& options, Context& context, const client::Options& agent)
    : options_(options),
      context_(context),
      signals_{SIGINT, SIGTERM, SIGCONT},
      agent_(agent),
      feed_(agent, what_happens(), client::Follower::Patience::endless) {}

std::optional<ExitCode> Conversation::run() {
  begin();
  while (!exit_ && !keep_) {
    list();
    if (exit_ || board_.empty()) continue;
    const bool known = !options_.target.empty() && board_.size() == 1;
    if (known) swallow_line("Enter goes on: ");
    if (exit_) break;
    mid_line_ = false;  // a name: what is left of a code is hardly one, and no harm when it is
    if (const auto who = known ? std::optional<std::size_t>(0) : ask_who()) ask_code(*who);
  }
  return exit_;
}

/// From here on nothing that happens is missed: what is listed is read after it.
void Conversation::begin() {
  feed_.ask_page();
  std::array<pollfd, 1> watch{pollfd{signals_.fd(), POLLIN, 0}};
  while (!exit_) {
    auto what = feed_.next(watch, std::nullopt);
    if (std::holds_alternative<rpc::EventsResult>(what)) return feed_.ask_page();
    if (const auto* error = std::get_if<Error>(&what)) fail_with(*error);
    if (const auto* away = std::get_if<client::Follower::Away>(&what)) return without_agent(away->why);
    if (const auto number = signals_.take()) take_signal(*number, "");
  }
}

/// It ends, or with --follow waits for the next agent: then everybody is listed anew.
void Conversation::without_agent(const Error& why) {
  if (!options_.follow || why.code != ErrorCode::agent_unreachable) return fail_with(why);
  static_cast<void>(agent_.release());  // its connection is to the one that is gone
  new_line_behind_prompt();
  if (!std::exchange(said_away_, true))
    say_wrapped(printable(why.message, 400) + "; it goes on when there is an agent again (q ends)");
  feed_.ask(rpc::Status{});  // of one that is there again already, nothing else would tell
  while (!exit_) {
    std::array<pollfd, 2> watch{pollfd{signals_.fd(), POLLIN, 0}, pollfd{context_.in.fd(), POLLIN, 0}};
    const auto what = feed_.next(watch, std::nullopt);
    if (std::holds_alternative<AgentStatus>(what)) return;
    if (const auto* error = std::get_if<Error>(&what)) return fail_with(*error);
    if (std::holds_alternative<rpc::EventsResult>(what)) feed_.ask_page();  // all are listed anew behind it
    if (!std::holds_alternative<client::Follower::Watched>(what)) continue;
    if (const auto number = signals_.take()) take_signal(*number, "");
    if (!exit_ && watch[1].revents != 0) read_typed();
    while (const auto typed = typed_line()) {  // what is typed here is nobody's code
      if (trim(*typed) == "q") end(ExitCode::no);
    }
  }
}

template <class T>
Result<T> Conversation::ask(const rpc::Request& request) {
  signals_.release();  // an agent that hangs must not keep anybody from leaving
  auto answer = agent_.ask<T>(request, kAnswerWithin);
  signals_.hold();
  return answer;
}

Result<std::vector<WaiterInfo>> Conversation::waiters() {
  signals_.release();
  auto all = client::all_waiters(agent_, kAnswerWithin);
  signals_.hold();
  return all;
}

void Conversation::list() {
  auto all = waiters();
  if (!all) {
    board_ = Board();  // whoever is listed next
    return without_agent(all.error());
  }
  said_away_ = false;
  if (!options_.target.empty()) return list_of_target(*all);
  board_ = Board(std::move(*all));
  if (!board_.empty()) {
    listed_ = true;
    return say(in_lines(board_, {}, context_.now().wall, view()));
  }
  if (options_.follow) return wait_for_somebody();
  say_wrapped(listed_ ? "nobody waits any more" : "nobody waits (otpctl manual --follow waits for somebody)");
  swallow_line(kEnterEnds);
  if (!exit_) end(ExitCode::no);
}

/// A target is settled before anybody types a code for it, by the agent: it knows whose code came a moment ago.
void Conversation::list_of_target(const std::vector<WaiterInfo>& all) {
  if (!listed_) {
    const auto settled = ask<rpc::ManualResult>(rpc::Manual{options_.target, {}, false, true});
    if (!settled) return fail_with(settled.error());
  }
  signals_.release();
  const auto sessions = all_sessions(agent_, kAnswerWithin);
  signals_.hold();
  if (!sessions) return fail_with(sessions.error());
  auto meant = whom(options_.target, all, *sessions);
  board_ = meant ? Board(std::move(meant->waiting)) : Board();
  if (!board_.empty()) {
    listed_ = true;
    return say(in_lines(board_, {}, context_.now().wall, view()));
  }
  if (listed_) {
    say_wrapped("nobody waits for " + printable(options_.target, 80) + " any more");
    swallow_line(kEnterEnds);
    if (!exit_) end(ExitCode::no);
    return;
  }
  if (!meant) return fail_with(meant.error());
  say_wrapped("nobody waits for " + meant->name + ": the code is kept for the next wait");
  keep_ = true;
}

void Conversation::wait_for_somebody() {
  mid_line_ = false;  // what is typed here is nobody's code
  say_wrapped("nobody waits; it goes on when somebody does (q ends)");
  while (const auto typed = line("")) {
    if (trim(*typed) == "q") return end(ExitCode::no);
    if (trim(*typed) == "?") return;
  }
}

std::optional<std::size_t> Conversation::ask_who() {
  say_wrapped(board_.size() == 1 ? "Enter takes it; ? lists again, q ends"
                                 : "a number or a part of the name; ? lists again, q ends");
  for (;;) {
    const auto typed = line("whose code? ");
    if (!typed) return std::nullopt;
    const std::string text = fold_digits(trim(*typed));
    if (text == "q") end(ExitCode::no);
    if (text == "q" || text == "?") return std::nullopt;
    const std::vector<std::size_t> found = board_.fitting(text);
    if (found.size() == 1 && board_.gone(found.front()).empty()) return found.front();
    if (found.size() == 1) {
      say_wrapped(name_of(board_.waiter(found.front())) + " " + board_.gone(found.front()));
    } else if (!found.empty()) {
      say_wrapped("several fit:");
      say(in_lines(board_, found, context_.now().wall, view()));
    } else if (!text.empty()) {
      say_wrapped(board_.is_beyond(text) ? only(board_.size()) : "nobody who waits has that number or name");
    }
  }
}

void Conversation::ask_code(std::size_t index) {
  const WaiterInfo waiter = board_.waiter(index);
  const std::size_t count = waiter.candidates.size();
  if (board_.size() > 1) say(candidates_in_lines(waiter, context_.now().wall, view()));
  const std::string choice = count == 0 ? "" : "1" + (count == 1 ? "" : "-" + std::to_string(count)) + " or ";
  for (;;) {
    auto typed = line(choice + "code for " + name_of(waiter) + ": ", index);
    if (!typed) return;
    const std::string text(trim(*typed));
    wipe(*typed);
    if (text == "q") return end(ExitCode::no);
    if (text == "?" || text.empty()) return;
    const std::string number = fold_digits(text);
    const auto picked = chosen(number, count);
    if (count > 0 && !picked && is_number_of_list(number, count)) {  // never the code itself
      say_wrapped(only(count));
      continue;
    }
    std::string code = picked ? waiter.candidates[*picked].code : as_code(text);
    const bool done = hand_over(waiter, code, picked.has_value());
    wipe(code);
    if (done) return;
  }
}

/// A pick counts as long as the agent holds it: what was listed may have been superseded since.
bool Conversation::hand_over(const WaiterInfo& waiter, const std::string& code, bool picked) {
  if (const auto good = check(code); !good) {
    report(context_, good.error(), options_.json);
    return false;
  }
  rpc::Manual entry{waiter.session, code, true, false, picked};
  const auto result = ask<rpc::ManualResult>(entry);
  wipe(entry.code);
  if (result) {
    const ExitCode told = options_.json ? answer_json(context_, *result) : answer(context_, in_words(*result), false);
    if (told != ExitCode::done || !options_.follow) end(told);
    return true;
  }
  const ErrorCode why = result.error().code;
  if (picked && why == ErrorCode::no_code) {
    forget_typed();  // the numbers were those of the list before
    say_wrapped("a newer message came, that code counts no more; it was not handed over");
    return true;  // all is listed anew
  }
  if (why == ErrorCode::not_found || why == ErrorCode::expired) {
    say_wrapped("too late: " + printable(result.error().message, 400) + "; the code was not kept");
    return true;
  }
  if (why != ErrorCode::usage) {
    without_agent(result.error());
    return true;
  }
  report(context_, result.error(), options_.json);
  return false;
}

// ------------------------------------------------------------------------------- what is typed, and what happens meanwhile

std::optional<std::string> Conversation::line(const std::string& prompt, std::optional<std::size_t> about) {
  say(prompt);
  prompted_ = !prompt.empty();
  while (!exit_) {
    if (auto typed = typed_line()) {
      prompted_ = false;
      return typed;
    }
    std::array<pollfd, 2> watch{pollfd{signals_.fd(), POLLIN, 0}, pollfd{context_.in.fd(), POLLIN, 0}};
    auto what = feed_.next(watch, std::nullopt);
    if (const auto* error = std::get_if<Error>(&what)) fail_with(*error);
    if (const auto* away = std::get_if<client::Follower::Away>(&what)) {
      without_agent(away->why);
      return std::nullopt;
    }
    if (const auto* page = std::get_if<rpc::EventsResult>(&what)) {
      feed_.ask_page();
      if (tell(*page, about, prompt)) return std::nullopt;
    }
    if (!std::holds_alternative<client::Follower::Watched>(what)) continue;
    if (const auto number = signals_.take()) take_signal(*number, prompt);
    if (!exit_ && watch[1].revents != 0) read_typed();
  }
  return std::nullopt;
}

/// True when what was asked for is answered by what happened.
bool Conversation::tell(const rpc::EventsResult& page, std::optional<std::size_t> about, const std::string& prompt) {
  std::vector<std::string> news;
  bool over = false;
  for (const Event& event : page.events) {
    const auto heard = board_.hear(event);
    if (!heard) continue;
    if (!about || board_.concerns(*heard, *about)) news.push_back(heard->text);
    over = over || board_.empty() || (about ? !board_.gone(*about).empty() : board_.all_gone());
  }
  if (news.empty()) return over;
  if (over) forget_typed();  // it was meant for one who does not want it any more
  new_line_behind_prompt();
  for (const std::string& each : news) say_wrapped(each);
  if (over) return true;
  say(prompt);
  prompted_ = !prompt.empty();
  return false;
}

void Conversation::take_signal(int number, const std::string& prompt) {
  if (number == SIGCONT) return say(prompt);  // the shell has written in between
  new_line_behind_prompt();
  end(exit_for_signal(number).value_or(ExitCode::terminated));
}

/// The terminal gives whole lines.
void Conversation::read_typed() {
  std::array<char, 4096> buffer{};
  const ssize_t got = read(context_.in.fd(), buffer.data(), buffer.size());
  if (got > 0) {
    if (typed_.size() > kLongestTyped) wipe(typed_);
    typed_.append(buffer.data(), static_cast<std::size_t>(got));
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    new_line_behind_prompt();
    end(ExitCode::no);
  }
  explicit_bzero(buffer.data(), buffer.size());
}

std::optional<std::string> Conversation::typed_line() {
  const std::size_t end_of_line = typed_.find('\n');
  if (end_of_line == typed_.npos) return std::nullopt;
  std::string first = typed_.substr(0, end_of_line);
  std::string rest = typed_.substr(end_of_line + 1);
  wipe(typed_);
  typed_ = std::move(rest);
  return first;
}

void Conversation::forget_typed() {
  mid_line_ = may_be_typing();
  wipe(typed_);
  tcflush(context_.in.fd(), TCIFLUSH);
}

/// At the prompt, and the line is not ended: the terminal does not tell whether it is begun.
bool Conversation::may_be_typing() const {
  pollfd whole_line{context_.in.fd(), POLLIN, 0};
  return prompted_ && typed_.find('\n') == typed_.npos && poll(&whole_line, 1, 0) == 0;
}

/// Reads to the end of a line that is being typed, for nobody.
void Conversation::swallow_line(const std::string& prompt) {
  if (!std::exchange(mid_line_, false)) return;
  say(prompt);
  prompted_ = true;
  while (!exit_ && !typed_line()) {
    std::array<pollfd, 2> watch{pollfd{signals_.fd(), POLLIN, 0}, pollfd{context_.in.fd(), POLLIN, 0}};
    if (poll(watch.data(), watch.size(), -1) < 0 && errno != EINTR) return end(ExitCode::no);
    if (const auto number = signals_.take()) take_signal(*number, prompt);
    if (!exit_ && watch[1].revents != 0) read_typed();
  }
  prompted_ = false;
}

void Conversation::fail_with(const Error& error) {
  mid_line_ = mid_line_ || may_be_typing();
  new_line_behind_prompt();
  const ExitCode exit = report(context_, error, options_.json);
  swallow_line(kEnterEnds);
  if (exit_.value_or(ExitCode::no) == ExitCode::no) end(exit);
}

// ---------------------------------------------------------------------------------------------------------------- what is said

void Conversation::say(const std::string& text) { static_cast<void>(context_.err.write(text)); }

void Conversation::say(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& each : lines) text += painted(each, shows_color(options_, context_)) + "\n";
  say(text);
}

void Conversation::say_wrapped(const std::string& text) {
  std::vector<Line> lines;
  for (std::string& each : wrap(text, view().columns, 2)) lines.push_back({std::move(each), Tone::plain});
  say(lines);
}

void Conversation::new_line_behind_prompt() {
  if (std::exchange(prompted_, false)) say("\n");
}

View Conversation::view() const { return View{size_of(context_).columns, looks_of(context_).utf8}; }

std::string Conversation::name_of(const WaiterInfo& waiter) const {
  const std::string name = waiter.target.email.empty() ? waiter.target.phone : waiter.target.email;
  const int room = std::max(view().columns - 20, 10);
  return fit_middle(without_blanks(shown(name, view().utf8)), room, view().utf8);
}

}  // namespace otpctl::apps::manual
