#include "imap/look_back.hpp"

#include "imap/commands.hpp"
#include "imap/wire.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace otpctl::imap {

namespace {

constexpr std::size_t kNewest = 500;           // mails that are looked at
constexpr std::uint32_t kSearchWindow = 2000;  // messages searched: their UIDs fit in one line
constexpr std::size_t kStep = 100;  // UIDs a command: a line near 1,000 bytes (RFC 2683 3.2.1.5)

/// INTERNALDATE has whole seconds: a mail of 12:00:00.9 says 12:00:00.
bool came_after(WallTime internal_date, WallTime since) {
  return internal_date + std::chrono::seconds(1) > since;
}

}  // namespace

std::optional<LookBack::Step> LookBack::step(const Folder& folder) {
  if (phase_ == Phase::none && !asked_.empty()) begin(folder);
  switch (phase_) {
    case Phase::none: return std::nullopt;
    case Phase::search: {
      std::string window;
      if (folder.exists() > kSearchWindow)
        window = std::to_string(folder.exists() - kSearchWindow + 1) + ":* ";
      return Step{Question::search,
                  "UID SEARCH " + window + "SINCE " + search_date(since_ - std::chrono::days(1))};
    }
    case Phase::dates_by_number:
      return Step{Question::dates,
                  "FETCH " + std::to_string(first_number_) + ":* (UID INTERNALDATE)"};
    case Phase::dates:
      return Step{Question::dates, "UID FETCH " + next_set() + " (UID INTERNALDATE)"};
    case Phase::mails:
      return Step{Question::mails, "UID FETCH " + next_set() + ' ' + message_items(fetch_limit_)};
  }
  return std::nullopt;
}

void LookBack::begin(const Folder& folder) {
  answering_ = std::exchange(asked_, {});
  since_ = *std::min_element(answering_.begin(), answering_.end());
  found_.clear();
  todo_.clear();
  cut_ = reached_ = refused_ = false;
  first_number_ =
      folder.exists() > kNewest ? folder.exists() - static_cast<std::uint32_t>(kNewest) + 1 : 1;
  phase_ = Phase::search;
  if (folder.exists() == 0) finish();
}

void LookBack::take(const SearchResult& result) {
  if (phase_ != Phase::search) return;
  for (std::uint32_t uid : result.numbers) {
    if (uid != 0) found_.insert(uid);
    if (found_.size() > kSearchWindow) found_.erase(found_.begin());
  }
}

bool LookBack::take(const Fetch& fetch) {
  if (!fetch.uid) return false;
  switch (phase_) {
    case Phase::none:
    case Phase::search: return false;
    case Phase::dates:
      if (asking_.count(*fetch.uid) == 0) return false;
      [[fallthrough]];
    case Phase::dates_by_number:
      if (!fetch.internal_date) return false;
      if (!came_after(*fetch.internal_date, since_)) {
        reached_ = true;
      } else if (found_.size() < kNewest) {
        found_.insert(*fetch.uid);
      }
      return false;
    case Phase::mails: return fetch.body && asking_.erase(*fetch.uid) == 1;
  }
  return false;
}

void LookBack::end(bool good) {
  refused_ = refused_ || (!good && phase_ != Phase::search);
  switch (phase_) {
    case Phase::none: return;
    case Phase::search:
      cut_ = good ? found_.size() > kNewest : first_number_ > 1;
      while (found_.size() > kNewest) found_.erase(found_.begin());
      return enter(good ? Phase::dates : Phase::dates_by_number);
    case Phase::dates_by_number: return enter(Phase::mails);
    case Phase::dates:
      if (todo_.empty()) enter(Phase::mails);
      return;
    case Phase::mails:
      if (todo_.empty()) finish();
      return;
  }
}

void LookBack::enter(Phase phase) {
  phase_ = phase;
  if (phase == Phase::dates_by_number) {
    found_.clear();
    return;
  }
  todo_.assign(found_.begin(), found_.end());
  found_.clear();
  if (todo_.empty()) finish();
}

void LookBack::finish() {
  bool complete = !refused_ && (!cut_ || reached_);
  for (WallTime since : answering_) finished_.push_back({since, complete});
  answering_.clear();
  phase_ = Phase::none;
}

std::string LookBack::next_set() {
  std::size_t count = std::min(kStep, todo_.size());
  std::vector<std::uint32_t> uids(todo_.begin(),
                                  todo_.begin() + static_cast<std::ptrdiff_t>(count));
  todo_.erase(todo_.begin(), todo_.begin() + static_cast<std::ptrdiff_t>(count));
  asking_ = std::set<std::uint32_t>(uids.begin(), uids.end());
  return uid_set(uids);
}

std::vector<LookedBack> LookBack::take_finished() { return std::exchange(finished_, {}); }

}  // namespace otpctl::imap
