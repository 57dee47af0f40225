// LookBack: finds the mail that came after a time, in three questions: which messages are of that
// day or later (SEARCH knows days only, in a zone of its own), when exactly did they come, then the
// mails themselves. So a look-back of 30 s does not fetch the mail of two days.
#pragma once

#include "imap/folder.hpp"
#include "imap/response.hpp"
#include "imap/session.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace otpctl::imap {

class LookBack {
 public:
  explicit LookBack(std::uint32_t fetch_limit) : fetch_limit_(fetch_limit) {}

  void ask(WallTime since) { asked_.push_back(since); }

  enum class Question { search, dates, mails };
  struct Step {
    Question question;
    std::string command;  // without tag and CRLF
  };
  /// The next question; nothing when there is none. Its answer comes by take(), then end().
  std::optional<Step> step(const Folder& folder);

  void take(const SearchResult& result);
  /// True: tell this message.
  bool take(const Fetch& fetch);
  void end(bool good);

  /// Answers that are complete, each once.
  std::vector<LookedBack> take_finished();

 private:
  enum class Phase { none, search, dates_by_number, dates, mails };

  void begin(const Folder& folder);
  void enter(Phase phase);
  void finish();
  std::string next_set();

  std::uint32_t fetch_limit_;
  std::vector<WallTime> asked_;      // for the next run
  std::vector<WallTime> answering_;  // by this run
  std::vector<LookedBack> finished_;

  Phase phase_ = Phase::none;
  WallTime since_{};               // the oldest of answering_
  std::uint32_t first_number_ = 1;  // of the newest 500, for servers that refuse to search
  std::deque<std::uint32_t> todo_;      // UIDs still to ask for in this phase
  std::set<std::uint32_t> asking_;      // … asked for in this step
  std::set<std::uint32_t> found_;       // came after since_
  bool cut_ = false;      // messages were left out …
  bool reached_ = false;  // … but only such as came before since_
  bool refused_ = false;
};

}  // namespace otpctl::imap
