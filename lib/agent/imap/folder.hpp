// Folder: what the server has told of the folder, and which of it we have fetched. It alone decides
// whether another fetch is needed and whether a message is news.
//
// EXISTS is a count, never a name: `told_` follows it, `known_` is how many of those need no fetch.
// The folder is behind while told_ > known_. A message is named by its UID only; `uid_next_` is the
// watermark.
#pragma once

#include "imap/response.hpp"
#include "imap/session.hpp"

#include <cstdint>
#include <optional>
#include <set>

namespace otpctl::imap {

class Folder {
 public:
  // ---- opening ----
  void set_uid_validity(std::uint32_t value) { uid_validity_ = value; }
  void set_uid_next(std::uint32_t value) { uid_next_ = value; }
  /// All that is there now needs no fetch.
  void opened();
  /// After opened(): what has this UID or a higher one was never told after all.
  void resume_at(std::uint32_t uid_next);

  std::uint32_t uid_validity() const { return uid_validity_; }
  std::uint32_t uid_next() const { return uid_next_; }  // 0 = not known yet
  std::uint32_t exists() const { return told_; }

  // ---- what the server tells ----
  void exists(std::uint32_t count);
  void recent(std::uint32_t count);
  void expunged();
  /// A check saw this UID. True when it is news, which makes the folder behind.
  bool saw(std::uint32_t uid);

  bool behind() const { return told_ > known_ || hint_; }

  // ---- fetching `uid_next():*` ----
  /// The server is at the FETCH now: all that it told before is covered by it, what comes later is
  /// not.
  void begin_fetch();
  /// One FETCH response of it. True when it is a new message with its bytes: tell it.
  bool take(const Fetch& fetch);
  /// The tagged reply; `good` is OK. What was announced and did not come (moved, expunged) is asked
  /// for once more, then given up; after a second NO it stays above the watermark, for the next
  /// check to see. False: one more fetch is needed.
  bool end_fetch(bool good);
  /// True: more messages in one fetch than anybody means.
  bool overrun() const { return told_uids_.size() > kFetchLimit; }

 private:
  static constexpr std::size_t kFetchLimit = 100'000;

  struct Run {  // of one fetch
    std::uint32_t announced = 0;  // told_ when it began
    std::uint32_t got = 0;
    std::uint32_t wanted = 0;     // highest UID that a check saw
    bool by_hint = false;
    bool empty_body = false;
  };

  std::uint32_t uid_validity_ = 0;
  std::uint32_t uid_next_ = 0;
  std::uint32_t told_ = 0;
  std::uint32_t known_ = 0;
  std::uint32_t recent_ = 0;
  std::uint32_t highest_ = 0;          // UID of a message that came, or is known to have no bytes
  std::uint32_t checked_ = 0;          // highest UID that a check saw and no fetch has asked for
  std::set<std::uint32_t> told_uids_;  // at or above uid_next_, already told
  bool hint_ = false;                  // something other than EXISTS says that there is news
  bool retried_ = false;
  Run run_;
};

}  // namespace otpctl::imap
