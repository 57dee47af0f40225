#include "manual/manual.hpp"

#include "base/secret.hpp"
#include "base/text.hpp"
#include "client/client.hpp"
#include "shared/agent.hpp"
#include "shared/output.hpp"

#include <algorithm>
#include <termios.h>

namespace otpctl::apps::manual {

const Command<Options> kCommand{"manual",
                                "  otpctl manual bot5@example.com              # asks for the code\n"
                                "  echo 482913 | otpctl manual bot5\n"
                                "  otpctl manual 1c8f 482913                   # others may see it in ps(1)\n",
                                add, run};

void add(CLI::App& app, Options& options) {
  add_text(app, "TARGET", "TARGET", options.target, "session id or recipient; a unique part of either is enough");
  add_text(app, "CODE", "CODE", options.code, "the code; without it it is read from standard input");
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

/// Echo of the terminal off as long as it lives.
class NoEcho {
 public:
  explicit NoEcho(int fd) : fd_(fd) {
    if (tcgetattr(fd_, &before_) != 0) return;
    termios quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    changed_ = tcsetattr(fd_, TCSAFLUSH, &quiet) == 0;
  }
  ~NoEcho() {
    if (changed_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;

 private:
  int fd_;
  termios before_{};
  bool changed_ = false;
};

Result<std::string> read_code(const Options& options, Context& context) {
  if (!options.code.empty()) return options.code;
  if (!context.in_tty) return context.in.read_line(kLongestCode);
  static_cast<void>(context.err.write("code for " + printable(options.target) + ": "));
  Result<std::string> code = fail(ErrorCode::internal, "");
  {
    const NoEcho quiet(context.in.fd());
    code = context.in.read_line(kLongestCode);
  }
  static_cast<void>(context.err.write("\n"));
  return code;
}

std::string in_words(const rpc::ManualResult& result) {
  const std::string recipient = printable(result.recipient);
  if (result.delivered) return "handed over to a wait for " + recipient + "\n";
  return "kept for the next wait for " + recipient + "\n";
}

}  // namespace

ExitCode run(const Options& options, Context& context) {
  if (options.target.empty()) {
    return report(context, Error{ErrorCode::usage, "whose code is it? name a session or recipient (see otpctl status)"},
                  options.json);
  }
  const auto code = read_code(options, context);
  if (!code) return report(context, code.error(), options.json);
  rpc::Manual entry{options.target, normalise(*code)};
  if (entry.code.empty() || printable(entry.code, kLongestCode) != entry.code) {
    return report(context, Error{ErrorCode::usage, "no code was given: it is one printable line"}, options.json);
  }
  const auto connection = agent_options(context, client::Start::never);
  if (!connection) return report(context, connection.error(), options.json);
  const auto result = client::Client(*connection).ask<rpc::ManualResult>(entry);
  wipe(entry.code);
  if (!result) return report(context, result.error(), options.json);
  if (options.json) return answer_json(context, *result);
  return answer(context, in_words(*result), false);
}

}  // namespace otpctl::apps::manual
