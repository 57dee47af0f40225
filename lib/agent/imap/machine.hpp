// Machine: the states of a Session. docs/imap-session.md has the table; the three .cpp files follow
// it: machine.cpp (bytes, time, replies), machine_opening.cpp (greeting to EXAMINE),
// machine_watching.cpp.
//
// Two things make a state: `state_`, and the commands whose tagged reply is still owed, in the
// order they were sent. Only the first of those may be replied to; data between belongs to it.
#pragma once

#include "imap/folder.hpp"
#include "imap/login.hpp"
#include "imap/look_back.hpp"
#include "imap/response.hpp"
#include "imap/session.hpp"
#include "imap/splitter.hpp"
#include "imap/timer.hpp"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::imap {

class Machine {
 public:
  Machine(Options options, Credentials credentials, Now now);

  void feed(std::string_view bytes);
  void feed_eof();
  void tick(Now now);
  std::optional<Event> next();
  std::string take_output();
  std::optional<Position> position() const;
  Duration longest_silence() const;
  std::optional<Instant> deadline() const;

  void set_demand(bool somebody_waits);
  void synchronise(std::uint64_t token);
  void look_back(WallTime since);
  void stop();

 private:
  enum class State {
    greeting,          // the server speaks first
    capability,        // CAPABILITY sent
    signing_in,        // AUTHENTICATE or LOGIN sent
    capability_again,  // CAPABILITY sent: what is offered changes with the login
    opening,           // EXAMINE sent
    finding_end,       // the server gave no UIDNEXT: the highest UID is asked for
    working,           // open; commands are under way, perhaps IDLE without its "+"
    idling,            // open; IDLE has its "+"
    resting,           // open; nothing under way until the next poll
    leaving,           // LOGOUT sent
    over,              // Failed or Closed was told
  };
  enum class Command {
    capability, sign_in, capability_again, examine, find_end, find_end_by_number,
    fetch_new,  // UID FETCH n:* with the bytes
    fetch_one,  // UID FETCH n with the bytes: Options::only
    check,      // UID FETCH n:* (UID): is there news?
    noop, idle,
    search, fetch_dates, fetch_mails,  // look-back
    logout,
  };
  struct Pending {
    Command command;
    std::string tag;
  };

  // ---- machine.cpp ----
  void begin();
  void handle(Response response);
  void on(StatusResponse&& status);
  void on(Continuation&& continuation);
  void on(CapabilityList&& list);
  void on(Exists&& exists);
  void on(Recent&& recent);
  void on(Expunge&& expunge);
  void on(Vanished&&) {}
  void on(Fetch&& fetch);
  void on(SearchResult&& result);
  void on(FolderStatus&&) {}
  void on(OtherData&&) {}
  void on(Malformed&& malformed);
  void on_notice(const StatusResponse& status);  // untagged OK, NO, BAD
  void on_bye(const StatusResponse& status);
  void on_reply(const StatusResponse& status);
  void dispatch(Command command, const StatusResponse& status);

  void send(Command command, std::string_view text);
  void reply_owed_changed();
  bool owes(Command command) const;          // somewhere in the queue
  bool owes_first(Command command) const;    // data belongs to this command
  void emit(Event event) { events_.push_back(std::move(event)); }
  void show_alert(const StatusResponse& status);
  void fail(Error error, std::optional<Duration> retry_after = std::nullopt);
  void surprise(std::string_view what);      // Failed{protocol}
  void close();
  void end();

  // ---- machine_opening.cpp ----
  void ask_capability();
  void sign_in();
  void answer_sign_in();
  void signed_in(const StatusResponse& status);
  void ready();
  void note_opening(const StatusResponse& status);
  void examined(const StatusResponse& status);
  void find_end(Command command);
  void found_end(Command command, bool good);
  bool resume_fits() const;
  void fetch_only(Place place);
  void fetched_only(const StatusResponse& status);
  void opened(bool guessed);

  // ---- machine_watching.cpp ----
  bool watching() const;
  bool idle_offered() const;
  bool aims_at_idle() const;
  bool at_rest() const;                      // commands may be sent
  void go_on();                              // after everything that came in: answer, then plan
  void plan();
  bool send_next_step();                     // false: IDLE is not to follow in the same write
  void send_fetch();
  void send_check();
  void send_noop_for_answers();
  void send_look_back(const LookBack::Step& step);
  void say_done();
  void rest();
  void leave();
  void take_mail(Fetch&& fetch, bool live);
  void fetched(const StatusResponse& status);
  void checked(const StatusResponse& status);
  void idle_ended(const StatusResponse& status);
  void tell_answers();
  void tell_synchronised();

  Options options_;
  std::optional<Credentials> credentials_;   // until signed in
  std::string folder_argument_;

  State state_ = State::greeting;
  std::deque<Pending> owed_;
  std::uint64_t last_tag_ = 0;
  bool done_sent_ = false;                   // DONE for the IDLE at the front of owed_

  Splitter splitter_;
  std::deque<Event> events_;
  std::string output_;
  bool alive_ = false;
  int alerts_ = 0;

  Instant seen_{};                           // by the last tick()
  Timer reply_;                              // the first of owed_, or the greeting
  Timer check_;
  Timer poll_;
  Timer leave_;

  CapabilityList capabilities_;
  bool capabilities_fresh_ = false;          // came with the command that asked for or changed them
  std::deque<Secret> answers_;               // to "+" while signing in
  std::string dismissal_;
  bool dismissed_ = false;

  Folder folder_;
  std::uint32_t server_uid_next_ = 0;        // of EXAMINE; 0 = none given
  std::uint32_t end_ = 0;                    // highest UID found by find_end
  LookBack look_back_;
  bool only_told_ = false;                   // the message of Options::only

  bool demand_ = false;
  bool stopping_ = false;
  bool idle_works_ = true;
  bool check_wanted_ = false;
  bool poll_wanted_ = false;
  std::vector<std::uint64_t> asked_;         // tokens of synchronise(): not yet on their way,
  std::vector<std::uint64_t> checking_;      // covered by the EXAMINE, check or fetch sent,
  std::vector<std::uint64_t> checked_;       // told as soon as what was known by then is fetched
};

}  // namespace otpctl::imap
