// Drives a session as the driver does and writes down what came out.
#pragma once

#include "smtp/session.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::smtp {

inline Now at(int seconds) { return Now{Instant(std::chrono::seconds(seconds)), WallTime{}}; }

class Player {
 public:
  explicit Player(Options options = {}, bool answers = true)
      : session(options, at(0)),
        answers_(answers) {}

  /// Feeds, then answers each Mail with taken(); returns what the session said meanwhile.
  std::string send(std::string_view bytes) {
    session.feed(bytes);
    session.tick(at(now_));
    return collect();
  }
  std::string end() {
    session.feed_eof();
    session.tick(at(now_));
    return collect();
  }
  std::string pass(int seconds) {
    session.tick(at(now_ += seconds));
    return collect();
  }
  std::string collect() {
    while (auto event = session.next()) {
      if (auto* mail = std::get_if<Mail>(&*event)) {
        mails.push_back(std::move(*mail));
        if (answers_) session.taken();
      } else {
        closed.push_back(std::get<Closed>(*event));
      }
    }
    const std::string output = session.take_output();
    said += output;
    return output;
  }
  bool open() const { return closed.empty(); }

  Session session;
  std::vector<Mail> mails;
  std::vector<Closed> closed;
  std::string said;

 private:
  bool answers_;
  int now_ = 0;
};

/// The same events and output in one text, for comparing.
inline std::string account_of(const Player& player) {
  std::string text = player.said;
  for (const Mail& mail : player.mails) {
    text += "MAIL " + mail.sender + " " + std::to_string(mail.size) + " [" + mail.bytes + "]";
    for (const std::string& recipient : mail.recipients) text += " " + recipient;
    text += "\n";
  }
  for (const Closed& closed : player.closed)
    text += "CLOSED " + (closed.why ? closed.why->message : "") + "\n";
  return text;
}

}  // namespace otpctl::smtp
