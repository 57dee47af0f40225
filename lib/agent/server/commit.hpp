// Commit before you answer: collects what delivery decided during one turn of the loop, writes all of it in one
// transaction, and only then lets the answers go. A full disk holds codes back; it never loses or doubles them, and what
// it let nobody promise has not happened.
#pragma once

#include "base/result.hpp"
#include "delivery/delivery.hpp"
#include "io/loop.hpp"
#include "store/store.hpp"

#include <functional>
#include <vector>

namespace otpctl::server {

class Commit {
 public:
  struct Outlets {
    std::function<void(const delivery::Notice&)> notice;
    std::function<void(delivery::Reply&)> reply;
    /// Behind the answers of each commit: what happened by it, in order, and when it was on disk. What is not on disk
    /// has not happened.
    std::function<void(std::vector<Event>, Instant)> committed = {};
    /// The store cannot be written (told once), or can be again (null).
    std::function<void(const Error*)> trouble = {};
    /// What could not be written was promised to somebody who is refused now: delivery takes it back.
    std::function<delivery::Effects(delivery::Withdraw)> withdraw = {};
  };
  Commit(io::Loop& loop, store::Store& store, Outlets outlets);

  void add(delivery::Effects effects);
  /// Calls back when everything added so far is on disk (survives a power cut), or could not be written.
  void when_durable(std::function<void(const Result<void>&)> on_safe);

  /// Writes what is collected now; at the end of a turn it happens by itself.
  void flush();
  const std::optional<Error>& trouble() const { return trouble_; }

 private:
  struct Told {
    Event event;
    std::uint64_t about = 0;  // see delivery::Effects
  };
  void collect(delivery::Effects effects);
  void schedule();
  void refuse(const Error& error);
  void withdraw();
  std::vector<Event> take_events();

  io::Loop& loop_;
  store::Store& store_;
  Outlets outlets_;
  io::Timer retry_;
  std::vector<delivery::Change> changes_;
  std::vector<delivery::Notice> notices_;
  std::vector<delivery::Reply> replies_;
  std::vector<Told> events_;
  std::vector<delivery::Promise> promises_;  // made by what is collected
  std::vector<std::function<void(const Result<void>&)>> waiting_for_disk_;
  bool scheduled_ = false;
  std::optional<Error> trouble_;
};

}  // namespace otpctl::server
