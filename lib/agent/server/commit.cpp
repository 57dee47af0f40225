#include "server/commit.hpp"

#include "io/log.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace otpctl::server {
namespace {

constexpr std::ptrdiff_t kMostEvents = 5'000;  // held while the store cannot be written

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

/// A code, and what follows it.
bool must_be_written(const delivery::Answer& answer) {
  return std::holds_alternative<Delivered>(answer) || std::holds_alternative<delivery::Acknowledged>(answer);
}

/// "It is taken": a message, an entry, a session.
bool promises(const delivery::Answer& answer) {
  return std::holds_alternative<delivery::Accepted>(answer) || std::holds_alternative<SessionInfo>(answer);
}

}  // namespace

Commit::Commit(io::Loop& loop, store::Store& store, Outlets outlets)
    : loop_(loop), store_(store), outlets_(std::move(outlets)), retry_(loop) {}

void Commit::add(delivery::Effects effects) {
  collect(std::move(effects));
  schedule();
}

void Commit::collect(delivery::Effects effects) {
  append(changes_, std::move(effects.changes));
  append(notices_, std::move(effects.notices));
  append(replies_, std::move(effects.replies));
  append(promises_, std::move(effects.promises));
  effects.about.resize(effects.events.size());
  for (std::size_t i = 0; i < effects.events.size(); ++i)
    events_.push_back({std::move(effects.events[i]), effects.about[i]});
}

std::vector<Event> Commit::take_events() {
  std::vector<Event> events;
  for (Told& told : std::exchange(events_, {})) events.push_back(std::move(told.event));
  return events;
}

void Commit::when_durable(std::function<void(const Result<void>&)> on_safe) {
  waiting_for_disk_.push_back(std::move(on_safe));
  schedule();
}

// At the end of the turn: a burst of 150 mails is one transaction.
void Commit::schedule() {
  if (scheduled_ || trouble_) return;
  scheduled_ = true;
  loop_.post([this] {
    scheduled_ = false;
    flush();
  });
}

void Commit::flush() {
  if (!changes_.empty() || !waiting_for_disk_.empty()) {
    // After a trouble, what was refused then may be what is promised now: all of it for good.
    const auto written = store_.commit(changes_, !waiting_for_disk_.empty() || trouble_);
    if (!written) {
      refuse(written.error());
      return;
    }
  }
  const auto written_at = BootClock::now();  // the loop's reading is of the wake-up that brought the messages
  if (trouble_) {
    io::log_info("the store can be written again");
    if (outlets_.trouble) outlets_.trouble(nullptr);
  }
  trouble_.reset();
  changes_.clear();
  promises_.clear();
  // All is taken out first: what is called here may decide and add more, and that is not written yet.
  auto safe = std::exchange(waiting_for_disk_, {});
  auto notices = std::exchange(notices_, {});
  auto replies = std::exchange(replies_, {});
  auto events = take_events();
  for (auto& on_safe : safe) on_safe({});
  for (auto& notice : notices) outlets_.notice(notice);
  for (auto& reply : replies) outlets_.reply(reply);
  if (outlets_.committed) outlets_.committed(std::move(events), written_at);
}

// It is as if the message or entry had not come: a wait that was to get it goes on, and it comes again or it does not.
void Commit::withdraw() {
  if (promises_.empty() || !outlets_.withdraw) return;
  delivery::Withdraw what{std::exchange(promises_, {})};
  std::erase_if(events_, [&](const Told& told) {
    return std::any_of(what.promises.begin(), what.promises.end(),
                       [&](const delivery::Promise& promise) { return promise.seq == told.about; });
  });
  auto effects = outlets_.withdraw(std::move(what));
  std::erase_if(replies_, [&](const delivery::Reply& reply) {
    const auto& unsaid = effects.unsaid;
    return std::holds_alternative<Delivered>(reply.answer) &&
           std::find(unsaid.begin(), unsaid.end(), reply.request) != unsaid.end();
  });
  collect(std::move(effects));
}

// Whoever hands us a message or registers keeps it and tries again; another waiter's code stays claimed and is written a second
// later; an end and an error promise nothing and are told at once.
void Commit::refuse(const Error& error) {
  if (!trouble_) {
    io::log_error("cannot write the store, codes are held back: " + error.message);
    if (outlets_.trouble) outlets_.trouble(&error);
  }
  trouble_ = error;
  withdraw();
  if (events_.size() > kMostEvents) events_.erase(events_.begin(), events_.end() - kMostEvents);
  for (auto& on_safe : std::exchange(waiting_for_disk_, {})) on_safe(fail(error));
  for (auto& notice : std::exchange(notices_, {})) outlets_.notice(notice);
  std::vector<delivery::Reply> kept;
  for (auto& reply : std::exchange(replies_, {})) {
    if (must_be_written(reply.answer)) {
      kept.push_back(std::move(reply));
      continue;
    }
    if (promises(reply.answer)) {
      reply.answer = Error{ErrorCode::storage, "not taken, try again: " + error.message};
    }
    outlets_.reply(reply);
  }
  kept.insert(kept.end(), std::make_move_iterator(replies_.begin()), std::make_move_iterator(replies_.end()));
  replies_ = std::move(kept);
  retry_.set(loop_.now().instant + std::chrono::seconds(1), [this] { flush(); });
}

}  // namespace otpctl::server
