// What delivery promises, written down once more the slow way: lists that are walked from end to
// end, no index, no record, no shared code with lib/agent/delivery but its plain value types. The
// simulation compares the two.
#pragma once

#include "base/time.hpp"
#include "delivery/delivery.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace otpctl::delivery::test {

class NaiveModel {
 public:
  struct Point {  // a mark or floor
    WallTime time{};
    std::optional<long> index;
    std::optional<std::uint32_t> uid_next;  // of the one mailbox
  };
  enum class State { pending, free, claimed, superseded, taken };
  struct Message {
    int id = 0;          // what it is known by; 0: nothing (a person's entry)
    char channel = 'm';  // m, s, p
    bool from_mailbox = false;
    std::uint32_t uid = 0;
    WallTime received{};
    std::optional<WallTime> sent;
    std::vector<std::string> to;
    bool stamped = true;
    std::string sender_key;
    std::string value;  // empty: no code
    std::vector<std::string> choices;  // it names several: a person may choose one
    std::string only;                  // an entry for one session or wait
    // the model's own
    long index = 0;
    State state = State::pending;
    bool given_back = false;
    long decided = 0;  // index of a person's decision for it
    Instant expires{};
    int delivery = 0;  // of the last claim
    bool primary = false;
    std::string waiter;  // of the last claim
    std::string recipient;
    std::string session;
  };
  struct Session {
    std::string id;
    std::string recipient;
    std::string from;
    Point mark;
    std::optional<Instant> expires;
    bool marking = false;
    bool received = false;
    long decided = 0;
    std::vector<RequestId> requests;
  };
  struct Wait {
    RequestId request = 0;
    ClientId client = 0;
    std::string id;
    std::string recipient;
    std::string session;
    std::string from;  // sender key, or empty
    Point mark;
    std::optional<Point> floor;
    long order = 0;
    std::optional<Instant> deadline;
    bool at_once = false;
    bool asking = false;  // its mailbox has not answered yet
    bool ambiguous = false;
    int delivery = 0;  // > 0: claimed
  };
  struct Round {
    std::string session;  // or
    std::string waiter;
    Instant deadline{};
    std::uint64_t token = 0;
  };
  struct Outcome {
    enum Kind { code, ended, closed, known, unknown, duplicate, fresh, session, refused } kind = code;
    std::string value;
    std::string recipient;
    int delivery = 0;
  };

  explicit NaiveModel(Settings with) : settings(with) {}

  Settings settings;
  Now now;
  std::map<RequestId, Outcome> out;  // since the caller emptied it

  void tick();
  void arrive(RequestId request, Message message, bool more);
  void settle_mailbox();
  void wait(Wait wait, std::optional<Duration> since, std::optional<Duration> timeout,
            const Wait* resumed);
  void acknowledge(RequestId request, int delivery, const std::string& waiter);
  void client_gone(ClientId client);
  void open(RequestId request, const std::string& id, const std::string& recipient,
            const std::string& from);
  void mark(RequestId request, const std::string& id);
  void refresh(const std::string& id);
  void close(const std::string& id);
  /// A person; `only`: for one session or wait.
  void enter(RequestId request, const std::string& recipient, const std::string& only,
             const std::string& value, bool waiting_only);
  void mailbox(bool live);
  void position(std::uint32_t uid_next);
  void synchronised(std::uint64_t token, std::uint32_t uid_next);
  void tick_after_kill();  // restart: what had run out meanwhile, then what the store brings back

  int pending_codes() const;
  std::vector<std::string> held_for(const Wait& wait) const;  // values to choose from
  const Wait* find_wait(const std::string& id) const;
  const Session* find_session(const std::string& id) const;
  const std::vector<Session>& sessions() const { return sessions_; }
  const std::vector<Wait>& waits() const { return waits_; }
  const std::vector<Message>& messages() const { return messages_; }
  std::vector<Round>& rounds() { return rounds_; }

 private:
  bool asked(const std::string& recipient) const;
  std::string meant_for(const Message& message) const;
  bool after(const Message& message, const Point& point) const;
  bool counts(const Message& message, const Wait& wait) const;
  bool fits(const Message& message, const Wait& wait) const;
  static long decision(const Message& message);
  std::vector<long> prevailing(std::vector<long> indices) const;
  std::vector<std::pair<long, std::string>> offered(const Wait& wait) const;
  void give(Wait& wait, const std::vector<long>& group, long primary, const std::string& value);
  static bool newer(const Message& a, const Message& b);
  void supersede(Message& older);
  void replace_by(long index);
  void offer(const std::vector<long>& indices);
  bool choose(Wait& wait, std::vector<long> indices);
  void settle(bool from_mailbox);
  bool is_late(const std::string& recipient, const std::string& only) const;
  bool take_from_the_held(Wait& wait, const std::string& value);
  void give_back(const std::vector<long>& indices);
  void leave(const std::string& wait);
  void floor(const std::string& recipient);
  void go_on(const std::string& wait);
  void finish(const std::string& session);
  void end_session(const std::string& id);
  Point here() const;
  Message& at(long index);
  const Message& at(long index) const { return const_cast<NaiveModel*>(this)->at(index); }
  Wait* wait_by(const std::string& id);
  /// The ids of these waits, the one that began first in front.
  template <class Which>
  std::vector<std::string> in_line(Which which) const {
    std::set<std::pair<long, std::string>> line;
    for (const Wait& wait : waits_) {
      if (which(wait)) line.emplace(wait.order, wait.id);
    }
    std::vector<std::string> ids;
    for (const auto& [order, id] : line) ids.push_back(id);
    return ids;
  }
  Session* session_by(const std::string& id);

  std::vector<Message> messages_;
  std::vector<Wait> waits_;
  std::vector<Session> sessions_;
  std::vector<Round> rounds_;
  struct Reserved {
    int delivery = 0;
    std::string waiter;
    Instant until{};
  };
  std::vector<Reserved> reserved_;
  struct Served {
    std::string waiter;
    std::string recipient;
    std::string session;
    Instant when{};
  };
  std::vector<Served> served_;
  std::map<int, Instant> guards_;
  std::map<std::string, std::pair<Point, Instant>> floors_;
  bool live_ = false;
  std::optional<std::uint32_t> uid_next_;  // reported since it is live
  long index_ = 0;
  long orders_ = 0;
  int deliveries_ = 0;
};

}  // namespace otpctl::delivery::test
