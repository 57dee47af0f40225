#include "manual/manual.hpp"

#include "base/secret.hpp"
#include "base/text.hpp"
#include "client/client.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"

#include <array>
#include <csignal>
#include <termios.h>

namespace otpctl::apps::manual {

const Command<Options> kCommand{
    "manual",
    "  otpctl manual bot5@example.com              # asks for the code\n"
    "  echo 482913 | otpctl manual bot5\n"
    "  otpctl manual 1c8f 482913                   # others may see it in ps(1)\n",
    add, run};

void add(CLI::App& app, Options& options) {
  add_text(app, "TARGET", "TARGET", options.target,
           "session id or recipient; a unique part of either is enough");
  add_text(app, "CODE", "CODE", options.code,
           "the code; without it it is read from standard input");
  add_json(app, options.json);
}

std::string normalise(const std::string& code) {
  const std::string text(trim(code));
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (c != ' ' && c != '-' && c != '.' && c != '\t') {
      return text;
    }
  }
  return digits.empty() ? text : digits;
}

namespace {

constexpr std::size_t kLongestCode = 256;

// What a signal puts right before it ends the process: tcsetattr(3) may be called from a handler.
termios g_terminal_before{};
int g_terminal = -1;

void restore_and_end(int signal) {
  tcsetattr(g_terminal, TCSANOW, &g_terminal_before);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

/// Echo of the terminal off as long as it lives; a signal that ends the process turns it on again.
/// One at a time.
class NoEcho {
 public:
  explicit NoEcho(int fd) {
    if (tcgetattr(fd, &g_terminal_before) != 0) return;
    g_terminal = fd;
    for (const int signal : kEndings) std::signal(signal, restore_and_end);
    termios quiet = g_terminal_before;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(fd, TCSAFLUSH, &quiet);
  }
  ~NoEcho() {
    if (g_terminal < 0) return;
    tcsetattr(g_terminal, TCSAFLUSH, &g_terminal_before);
    for (const int signal : kEndings) std::signal(signal, SIG_DFL);
    g_terminal = -1;
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  static constexpr std::array kEndings{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
};

Result<std::string> read_code(const Options& options, Context& context) {
  if (!options.code.empty()) return options.code;
  if (!context.in_tty) return context.in.read_line(kLongestCode);
  Result<std::string> code = fail(ErrorCode::internal, "");
  {
    const NoEcho quiet(context.in.fd());  // before the prompt: it throws away what was typed so far
    static_cast<void>(context.err.write("code for " + printable(options.target) + ": "));
    code = context.in.read_line(kLongestCode);
  }
  static_cast<void>(context.err.write("\n"));
  return code;
}

/// The code itself is never repeated.
Result<void> check(const std::string& code) {
  if (code.empty()) return fail(ErrorCode::usage, "no code was given");
  if (code.size() > kLongestCode || printable(code, kLongestCode) != code) {
    return fail(ErrorCode::usage, "that is no code: it is one printable line of at most " +
                                      std::to_string(kLongestCode) + " bytes");
  }
  return {};
}

std::string in_words(const rpc::ManualResult& result) {
  const std::string recipient = printable(result.recipient);
  if (result.delivered) return "handed over to a wait for " + recipient + "\n";
  return "kept for the next wait for " + recipient + "\n";
}

}  // namespace

ExitCode run(const Options& options, Context& context) {
  if (options.target.empty()) {
    return report(context,
                  Error{ErrorCode::usage,
                        "whose code is it? name a session or recipient (see otpctl status)"},
                  options.json);
  }
  const auto code = read_code(options, context);
  if (!code) return report(context, code.error(), options.json);
  rpc::Manual entry{options.target, normalise(*code)};
  if (const auto good = check(entry.code); !good)
    return report(context, good.error(), options.json);
  const auto connection = agent_options(context, client::Start::never);
  if (!connection) return report(context, connection.error(), options.json);
  const auto result = client::Client(*connection).ask<rpc::ManualResult>(entry);
  wipe(entry.code);
  if (!result) return report(context, result.error(), options.json);
  if (options.json) return answer_json(context, *result);
  return answer(context, in_words(*result), false);
}

}  // namespace otpctl::apps::manual
