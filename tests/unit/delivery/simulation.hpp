// Random steps against the naive model: who gets what, when a wait ends, what is known, what is
// kept; and on top of that the promises themselves, checked without the model.
#pragma once

#include "unit/delivery/naive_model.hpp"
#include "unit/delivery/world.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace otpctl::delivery::test {

Settings quick();  // short lives, so that much ends

class Simulation {
 public:
  explicit Simulation(unsigned seed) : random_(seed), world_(quick()), model_(quick()) {
    come_up();
  }

  /// A step is one command and what it does.
  void run(long steps) {
    while (steps_ < steps && !failed_) step();
  }
  bool failed() const { return failed_; }
  std::string failure() const { return failure_; }
  long delivered() const { return delivered_; }
  long acknowledged() const { return acknowledged_; }
  long restarts() const { return restarts_; }
  long choices() const { return choices_; }

 private:
  struct Client {  // what the program `otpctl wait` knows
    NaiveModel::Wait wait;
    std::string resume;
    std::string delivery;  // real id
    int number = 0;        // the model's
    bool connected = true;
  };

  using Message = NaiveModel::Message;
  using Outcome = NaiveModel::Outcome;

  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  bool chance(int percent) { return pick(100) < percent; }
  template <class All>
  const typename All::value_type& one_of(const All& all) {
    return all[static_cast<std::size_t>(pick(static_cast<int>(all.size())))];
  }
  Now& now() { return world_.now; }
  std::string recipient() {
    static const std::vector<std::string> kAll{"a@example.com", "b@example.com", "c@example.com",
                                               kPhone};
    return one_of(kAll);
  }

  void step();
  void move_on(Duration duration);
  void apply(Command command);
  void fail_with(const std::string& what);
  void restart();

  // ---- simulation_mail.cpp ----
  void come_up();
  void toggle_mailbox();
  Message new_mail();
  void land();
  void fetch();
  void through_a_door();
  void replay();
  void arrive(const Message& message, bool more);
  Arrive command_for(const Message& message, bool more);
  void answer_mailbox();

  // ---- simulation_people.cpp ----
  void wait();
  void start(Client client, std::optional<Duration> since, std::optional<Duration> timeout,
             const NaiveModel::Wait* resumed);
  Wait command_for(const Client& client);
  void acknowledge();
  void die();
  void session_command();
  void person();

  // ---- simulation_checks.cpp ----
  void compare();
  void compare_one(RequestId request, const Delivered& answer, const Outcome& want);
  void compare_one(RequestId request, const WaitEnd& answer, const Outcome& want);
  void compare_one(RequestId request, const Acknowledged& answer, const Outcome& want);
  void compare_one(RequestId request, const Accepted& answer, const Outcome& want);
  void compare_one(RequestId request, const SessionInfo& answer, const Outcome& want);
  void compare_one(RequestId request, const Error& answer, const Outcome& want);
  void follow();
  void follow_wait(const Event& event);
  void follow_code(const Event& event);
  void check_delivered(RequestId request, const Delivered& delivered, bool again);
  void check_store();
  std::string check_choices() const;

  std::mt19937 random_;
  World world_;
  NaiveModel model_;
  std::vector<Message> server_;  // mails that were not fetched yet
  std::vector<Message> recent_;
  std::vector<Client> clients_;
  std::map<RequestId, std::string> waiter_of_;
  std::map<std::string, std::string> party_of_;  // a wait → its session, or itself
  std::map<std::string, int> waiting_;           // as the timeline tells it
  std::set<std::string> on_its_way_;             // deliveries, the same
  std::map<std::string, int> number_of_;  // real delivery id → the model's
  std::map<int, Instant> landed_;         // mail: when it was on the server
  std::map<int, std::vector<std::string>> to_;
  std::set<int> done_;                     // acknowledged
  std::map<std::string, Instant> marked_;  // sessions whose mark the mailbox has confirmed
  std::vector<Synchronise> asked_;
  std::uint32_t uid_ = 1;
  int id_ = 0;
  int names_ = 0;
  ClientId client_ = 0;
  bool live_ = false;
  bool failed_ = false;
  std::string failure_;
  std::string doing_;
  long delivered_ = 0, acknowledged_ = 0, restarts_ = 0, choices_ = 0, steps_ = 0;
};

}  // namespace otpctl::delivery::test
