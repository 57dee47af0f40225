#include "imap/folder.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace otpctl::imap {

void Folder::opened() {
  known_ = told_;
  hint_ = false;
}

void Folder::resume_at(std::uint32_t uid_next) {
  hint_ = uid_next_ == 0 || uid_next < uid_next_;
  uid_next_ = uid_next;
}

void Folder::exists(std::uint32_t count) {
  told_ = count;
  known_ = std::min(known_, told_);  // fewer without EXPUNGE: a server's slip
}

void Folder::recent(std::uint32_t count) {
  // Usually it only repeats what EXISTS said a moment ago.
  if (count > recent_ && told_ == known_) hint_ = true;
  recent_ = count;
}

void Folder::expunged() {
  if (told_ > 0) --told_;
  if (known_ > 0) --known_;
  if (run_.announced > 0) --run_.announced;
}

bool Folder::saw(std::uint32_t uid) {
  if (uid < uid_next_ || told_uids_.count(uid) != 0) return false;
  checked_ = std::max(checked_, uid);
  hint_ = true;
  return true;
}

void Folder::begin_fetch() {
  run_ = Run{told_, 0, std::exchange(checked_, 0), std::exchange(hint_, false), false};
}

bool Folder::take(const Fetch& fetch) {
  if (!fetch.uid || *fetch.uid < uid_next_) return false;
  if (!fetch.body && !fetch.body_nil) return false;  // somebody changed a flag
  highest_ = std::max(highest_, *fetch.uid);
  if (!fetch.body) {
    run_.empty_body = true;
    return false;
  }
  if (!told_uids_.insert(*fetch.uid).second) return false;
  ++run_.got;
  return true;
}

bool Folder::end_fetch(bool good) {
  std::uint32_t expected = run_.announced > known_ ? run_.announced - known_ : 0;
  bool unseen = run_.wanted >= uid_next_ && run_.wanted > 0 && told_uids_.count(run_.wanted) == 0;
  bool missing = run_.got < expected || unseen || run_.empty_body || !good;
  if (missing && !retried_) {
    retried_ = true;
    hint_ = true;
    checked_ = std::max(checked_, run_.wanted);
    if (!run_.by_hint) known_ += std::min(run_.got, expected);
    return false;
  }
  retried_ = false;
  // Mail beyond what was announced is what a later EXISTS is about to announce.
  std::uint32_t surplus = run_.by_hint || run_.got < expected ? 0 : run_.got - expected;
  known_ = std::min(told_, run_.announced + surplus);
  constexpr auto kLast = std::numeric_limits<std::uint32_t>::max();
  if (good) highest_ = std::max(highest_, run_.wanted);
  if (highest_ >= uid_next_) uid_next_ = highest_ == kLast ? kLast : highest_ + 1;
  told_uids_.erase(told_uids_.begin(), told_uids_.lower_bound(uid_next_));
  highest_ = 0;
  return true;
}

}  // namespace otpctl::imap
