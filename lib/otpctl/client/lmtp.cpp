#include "client/lmtp.hpp"

#include "base/text.hpp"
#include "client/channel.hpp"

#include <algorithm>

namespace otpctl::client {

namespace {

/// The dialogue: one command, one reply (perhaps of several lines).
class Dialogue {
 public:
  Dialogue(Channel channel, Duration within) : channel_(std::move(channel)), within_(within) {}
  void be_patient(Duration within) { within_ = within; }

  Result<LmtpReply> ask(const std::string& command) {
    if (auto sent = channel_.send(command, deadline()); !sent) return fail(sent.error());
    return reply();
  }
  Result<LmtpReply> reply() {
    LmtpReply reply;
    for (;;) {
      auto line = channel_.await_line(deadline());
      if (!line) return fail(line.error());
      const std::string_view text = trim(*line);
      if (text.size() < 3 || text.find_first_not_of("0123456789") < 3) return wrong();
      reply.code = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
      reply.text = printable(text.substr(std::min<std::size_t>(4, text.size())), 300);
      if (text.size() == 3 || text[3] != '-') return reply;
    }
  }

 private:
  Instant deadline() const { return BootClock::now() + within_; }
  static tl::unexpected<Error> wrong() {
    return fail(ErrorCode::protocol, "the LMTP socket speaks no LMTP");
  }

  Channel channel_;
  Duration within_;
};

/// No byte that could end the path or the command.
bool is_path(const std::string& address) {
  return std::none_of(address.begin(), address.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '<' || c == '>';
  });
}

std::string path_of(const std::string& address) { return "<" + address + ">"; }

}  // namespace

std::string to_lmtp_data(std::string_view message) {
  std::string data;
  data.reserve(message.size() + message.size() / 32 + 8);
  bool line_start = true;
  for (std::size_t i = 0; i < message.size(); ++i) {
    const char c = message[i];
    if (c == '\r' || c == '\n') {
      if (c == '\r' && i + 1 < message.size() && message[i + 1] == '\n') ++i;
      data += "\r\n";
      line_start = true;
      continue;
    }
    if (line_start && c == '.') data += '.';
    data += c;
    line_start = false;
  }
  if (!line_start) data += "\r\n";
  return data;
}

Result<void> check_addresses(const std::string& sender, const std::vector<std::string>& recipients) {
  for (const std::string& address : recipients) {
    if (address.empty() || !is_path(address))
      return fail(ErrorCode::usage, "'" + printable(address) + "' is no address");
  }
  if (!is_path(sender)) return fail(ErrorCode::usage, "'" + printable(sender) + "' is no address");
  return {};
}

Result<std::vector<LmtpReply>> deliver(const std::string& socket, const std::string& sender,
                                       const std::vector<std::string>& recipients,
                                       std::string_view message, const LmtpPatience& patience) {
  if (auto good = check_addresses(sender, recipients); !good) return fail(good.error());
  auto channel = Channel::connect(socket, BootClock::now() + patience.command);
  if (!channel) return fail(channel.error());
  Dialogue dialogue(std::move(*channel), patience.command);
  const auto refused = [](const LmtpReply& reply) {
    return fail(reply.code / 100 == 5 ? ErrorCode::protocol : ErrorCode::busy,
                "the agent refused: " + reply.text);
  };
  auto step = dialogue.reply();  // the greeting
  if (!step) return fail(step.error());
  if (step->code != 220) return refused(*step);
  for (const std::string& command :
       {std::string("LHLO localhost\r\n"), "MAIL FROM:" + path_of(sender) + "\r\n"}) {
    step = dialogue.ask(command);
    if (!step) return fail(step.error());
    if (step->code != 250) return refused(*step);
  }
  std::vector<LmtpReply> replies;
  std::vector<std::size_t> accepted;
  for (const std::string& recipient : recipients) {
    step = dialogue.ask("RCPT TO:" + path_of(recipient) + "\r\n");
    if (!step) return fail(step.error());
    step->recipient = recipient;
    if (step->code / 100 == 2) accepted.push_back(replies.size());
    replies.push_back(std::move(*step));
  }
  if (accepted.empty()) return replies;
  step = dialogue.ask("DATA\r\n");
  if (!step) return fail(step.error());
  if (step->code != 354) return refused(*step);
  // RFC 2033 4.2: after the dot one reply for each accepted recipient.
  dialogue.be_patient(patience.message);
  step = dialogue.ask(to_lmtp_data(message) + ".\r\n");
  for (const std::size_t index : accepted) {
    if (!step) return fail(step.error());
    step->recipient = replies[index].recipient;
    replies[index] = *step;
    if (index != accepted.back()) step = dialogue.reply();
  }
  return replies;
}

}  // namespace otpctl::client
