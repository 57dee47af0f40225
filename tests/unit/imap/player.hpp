// Plays a transcript (tests/transcripts/README.md) on an imap::Session.
#pragma once

#include "imap/session.hpp"
#include "../../support/transcript.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace otpctl::test {

/// Cuts the bytes of one write into the pieces that feed() gets.
using Cut = std::function<std::vector<std::string>(const std::string&)>;

std::vector<std::string> uncut(const std::string& bytes);
std::vector<std::string> byte_by_byte(const std::string& bytes);
/// Two pieces, the first one `at` bytes long (at modulo the size).
Cut cut_at(std::size_t at);

/// What an event says, as the `E:` lines write it; "" for Alive.
std::string describe(const imap::Event& event);

class Player {
 public:
  explicit Player(const Transcript& transcript);

  Cut cut = uncut;
  bool tick_between = false;  // tick() after every piece, not only after the last

  /// Plays all steps; returns the first difference with its line, "" when there is none.
  std::string play();

  /// Plays the inputs before step `end` without looking at what comes; with `half`, also the first
  /// half of that step's bytes.
  void play_until(std::size_t end, bool half = false);

  imap::Session& session() { return session_; }
  void advance(Duration by);
  /// Everything that came, in order.
  const std::vector<std::string>& events() const { return all_events_; }
  const std::string& output() const { return all_output_; }
  void collect();
  Now now() const { return now_; }

 private:
  void input(const Step& step);
  void feed(const std::string& bytes);
  void act(const std::string& action);
  std::string check(const Step& step);
  std::string leftover(const Step& before) const;

  const Transcript& transcript_;
  Now now_;
  imap::Session session_;
  std::deque<std::string> events_;  // not yet matched
  std::string output_;              // not yet matched
  std::vector<std::string> all_events_;
  std::string all_output_;
};

bool is_input(const Step& step);

}  // namespace otpctl::test
