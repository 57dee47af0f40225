#include "smtp/session.hpp"

#include "base/text.hpp"
#include "smtp/command.hpp"
#include "smtp/data.hpp"

#include <algorithm>
#include <deque>

namespace otpctl::smtp {

namespace {

// Behind an open Mail a client may pipeline RSET, MAIL and every RCPT of the next one, no more.
constexpr std::size_t kBacklog = 1024 * 1024;

std::string ascii_line(std::string_view text) {
  std::string line(text.substr(0, 200));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < 0x20 || c > 0x7E; }, '?');
  return line;
}

}  // namespace

struct Session::State {
  enum class Mode {
    command,    // a line of the client is due
    long_line,  // the rest of one that was too long is thrown away
    data,       // the message
    answering,  // a Mail was handed on and is not answered yet
    over,
  };

  Options options;
  Instant since;       // when the client was last heard
  bool heard = false;  // since the last tick
  bool ended = false;  // end of file
  Mode mode = Mode::command;

  std::string input;  // not consumed yet, from `consumed` on
  std::size_t consumed = 0;
  std::string line;
  bool after_cr = false;

  bool greeted = false;
  bool in_mail = false;  // MAIL was accepted
  std::string sender;
  std::vector<std::string> recipients;
  DataReader data{0};

  int errors = 0;
  int idle_commands = 0;
  std::string output;
  std::deque<Event> events;

  void reply(std::string_view text) { output.append(text).append("\r\n"); }
  void reply_to_each(std::string_view text);
  void close(std::optional<Error> why);
  void give_up(std::string_view farewell, ErrorCode code, const char* why);
  void forget_mail();

  void run();
  std::size_t take_line(std::string_view bytes);
  std::size_t take_data(std::string_view bytes);
  void end_of_line();
  void end_of_data();
  void finish_mail();
  void settle_end();

  void obey(std::string_view text);
  void complain(std::string_view text);
  void idle_command(std::string_view text);
  void hello(Verb verb, std::string_view name);
  void mail(std::string_view argument);
  void rcpt(std::string_view argument);
  void begin_data(std::string_view argument);
  void quit();
};

// ---- replies and ends ----

void Session::State::reply_to_each(std::string_view text) {
  const std::size_t count = options.lmtp ? recipients.size() : 1;  // RFC 2033 4.2
  for (std::size_t i = 0; i < count; ++i) reply(text);
}

void Session::State::close(std::optional<Error> why) {
  if (mode == Mode::over) return;
  mode = Mode::over;
  forget_mail();
  std::string().swap(input);
  events.push_back(Closed{std::move(why)});
}

void Session::State::give_up(std::string_view farewell, ErrorCode code, const char* why) {
  reply(farewell);
  close(Error{code, why});
}

void Session::State::forget_mail() {
  in_mail = false;
  sender.clear();
  recipients.clear();
  data.drop();
}

// ---- input ----

void Session::State::run() {
  while (consumed < input.size() && mode != Mode::answering && mode != Mode::over) {
    const std::string_view rest = std::string_view(input).substr(consumed);
    consumed += mode == Mode::data ? take_data(rest) : take_line(rest);
  }
  if (mode == Mode::over) return;
  if (consumed >= input.size() - consumed) {  // less often would keep much, more often cost the square
    input.erase(0, consumed);
    consumed = 0;
  }
  if (input.size() - consumed > kBacklog) {
    give_up("421 4.7.0 too much at once", ErrorCode::protocol,
            "the client sent on without waiting for a reply");
  }
  settle_end();
}

/// Takes bytes up to the end of one line.
std::size_t Session::State::take_line(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (after_cr != (c == '\n')) {  // a CR without its LF, or a LF without its CR
      give_up("521 5.5.2 a line ends with CR LF", ErrorCode::protocol,
              "a bare CR or LF in a command");
      return i + 1;
    }
    if (after_cr) {
      after_cr = false;
      end_of_line();
      return i + 1;
    }
    after_cr = c == '\r';
    if (after_cr || mode == Mode::long_line) continue;
    line += c;
    if (line.size() + 2 > options.max_line) {
      line.clear();
      mode = Mode::long_line;
    }
  }
  return bytes.size();
}

void Session::State::end_of_line() {
  if (mode == Mode::long_line) {
    mode = Mode::command;
    complain("500 5.5.2 the line is too long");
    return;
  }
  std::string text;
  text.swap(line);
  obey(text);
}

std::size_t Session::State::take_data(std::string_view bytes) {
  const std::size_t taken = data.feed(bytes);
  if (data.size() > options.max_message) data.drop();  // only counted from here on
  if (data.done()) end_of_data();
  return taken;
}

void Session::State::end_of_data() {
  if (data.size() > options.max_message) {
    reply_to_each("552 5.3.4 the message is too large");
    finish_mail();
    return;
  }
  events.push_back(Mail{sender, recipients, data.take(), data.size()});
  mode = Mode::answering;
}

void Session::State::finish_mail() {
  forget_mail();
  idle_commands = 0;
  mode = Mode::command;
}

/// After the end of file everything that was sent before it is still obeyed; then it is over.
void Session::State::settle_end() {
  if (!ended || mode == Mode::answering || mode == Mode::over) return;
  if (!in_mail) return close(std::nullopt);
  close(Error{ErrorCode::network, "the client went away in the middle of a mail"});
}

// ---- commands ----

void Session::State::obey(std::string_view text) {
  const Command command = parse_command(text);
  switch (command.verb) {
    case Verb::lhlo:
    case Verb::ehlo:
    case Verb::helo: return hello(command.verb, command.argument);
    case Verb::mail: return mail(command.argument);
    case Verb::rcpt: return rcpt(command.argument);
    case Verb::data: return begin_data(command.argument);
    case Verb::rset: forget_mail(); return idle_command("250 2.0.0 forgotten");
    case Verb::noop: return idle_command("250 2.0.0 here");
    case Verb::vrfy: return idle_command("252 2.1.5 send it and see");
    case Verb::help: return idle_command("214 2.0.0 see RFC 2033 and RFC 5321");
    case Verb::quit: return quit();
    case Verb::not_offered: return complain("502 5.5.1 not offered here");
    case Verb::foreign:
      return give_up("421 4.7.0 this is a mail server", ErrorCode::protocol,
                     "the client does not speak SMTP but HTTP");
    case Verb::unknown: return complain("500 5.5.2 unknown command");
  }
}

void Session::State::complain(std::string_view text) {
  reply(text);
  if (++errors < options.max_errors) return;
  give_up("421 4.7.0 too many errors", ErrorCode::protocol,
          "the client sent too many wrong commands");
}

/// A command that brings no mail nearer: free a few times, not for ever.
void Session::State::idle_command(std::string_view text) {
  reply(text);
  if (++idle_commands < options.max_idle_commands) return;
  give_up("421 4.7.0 too many commands without a mail", ErrorCode::protocol,
          "the client sent too many idle commands");
}

void Session::State::hello(Verb verb, std::string_view name) {
  if (options.lmtp && verb != Verb::lhlo) return complain("500 5.5.1 this is LMTP, say LHLO");
  if (!options.lmtp && verb == Verb::lhlo) return complain("500 5.5.1 this is SMTP, say EHLO");
  if (name.empty()) return complain("501 5.5.4 say your name");
  greeted = true;
  forget_mail();
  if (verb == Verb::helo) return idle_command("250 " + options.name);
  for (const char* extension : {"PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", "SMTPUTF8"}) {
    if (extension == std::string_view("PIPELINING")) reply("250-" + options.name);
    reply(std::string("250-") + extension);
  }
  idle_command("250 SIZE " + std::to_string(options.max_message));
}

void Session::State::mail(std::string_view argument) {
  if (!greeted)
    return complain(options.lmtp ? "503 5.5.1 say LHLO first" : "503 5.5.1 say EHLO first");
  if (in_mail) return complain("503 5.5.1 there is a sender already");
  auto parsed = parse_mail(argument);
  if (!parsed) return complain(parsed.error());
  if (parsed->size.value_or(0) > options.max_message)
    return complain("552 5.3.4 the message is too large");
  in_mail = true;
  sender = std::move(parsed->sender);
  reply("250 2.1.0 sender taken");
}

void Session::State::rcpt(std::string_view argument) {
  if (!in_mail) return complain("503 5.5.1 say MAIL first");
  auto parsed = parse_rcpt(argument);
  if (!parsed) return complain(parsed.error());
  if (recipients.size() >= options.max_recipients)
    return reply("452 4.5.3 too many recipients");  // 4.5.3.1.10
  recipients.push_back(std::move(*parsed));
  reply("250 2.1.5 recipient taken");
}

void Session::State::begin_data(std::string_view argument) {
  if (!argument.empty()) return complain("501 5.5.4 DATA takes nothing");
  if (recipients.empty()) return complain("503 5.5.1 no recipient was taken");  // RFC 2033 4.2
  reply("354 end with a dot on a line of its own");
  data = DataReader(options.keep_message);
  mode = Mode::data;
}

void Session::State::quit() {
  reply("221 2.0.0 bye");
  close(std::nullopt);
}

// ---- the machine ----

Session::Session(Options options, Now now) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  state_->options.name = ascii_line(state_->options.name);
  state_->since = now.instant;
  state_->reply("220 " + state_->options.name + (state_->options.lmtp ? " LMTP" : " ESMTP") +
                " otpctl");
}

Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::feed(std::string_view bytes) {
  if (state_->mode == State::Mode::over || state_->ended) return;
  state_->heard = true;
  state_->input.append(bytes);
  state_->run();
}

void Session::feed_eof() {
  state_->ended = true;
  state_->settle_end();
}

void Session::tick(Now now) {
  State& state = *state_;
  if (state.heard) state.since = now.instant;
  state.heard = false;
  const auto due = deadline();
  if (!due || now.instant < *due) return;
  state.give_up("421 4.4.2 idle for too long", ErrorCode::timeout,
                "the client was silent for too long");
}

std::optional<Instant> Session::deadline() const {
  const State& state = *state_;
  if (state.mode == State::Mode::over || state.mode == State::Mode::answering) return std::nullopt;
  return state.since + state.options.idle;
}

std::optional<Event> Session::next() {
  if (state_->events.empty()) return std::nullopt;
  Event event = std::move(state_->events.front());
  state_->events.pop_front();
  return event;
}

std::string Session::take_output() {
  std::string output;
  output.swap(state_->output);
  return output;
}

void Session::taken() {
  if (state_->mode != State::Mode::answering) return;
  state_->reply_to_each("250 2.0.0 taken");
  state_->finish_mail();
  state_->heard = true;
  state_->run();
}

void Session::refused(int code, std::string_view why) {
  if (state_->mode != State::Mode::answering) return;
  if (code < 400 || code > 599) code = 451;
  const char* detail = code < 500 ? " 4.3.0 " : " 5.3.0 ";
  state_->reply_to_each(std::to_string(code) + detail + ascii_line(why));
  state_->finish_mail();
  state_->heard = true;
  state_->run();
}

}  // namespace otpctl::smtp
