// The rules of delivery over its rooms. One method a command; the files brain_*.cpp hold one
// subject each: arrive (messages come), give (a code goes to a waiter and back), choose (a person
// decides between several), wait, session, line (exclusive use), person, restore, withdraw (what
// was promised could not be written), events (what the timeline is told); explain says why a wait
// ended without a code.
#pragma once

#include "delivery/deadlines.hpp"
#include "delivery/delivery.hpp"
#include "delivery/interests.hpp"
#include "delivery/match.hpp"
#include "delivery/model.hpp"
#include "delivery/past.hpp"
#include "delivery/pending.hpp"
#include "delivery/pool.hpp"
#include "delivery/records.hpp"
#include "delivery/sources.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace otpctl::delivery {

class Brain {
 public:
  explicit Brain(Settings settings) : settings_(std::move(settings)) {}
  Brain(const Brain&) = delete;
  Brain& operator=(const Brain&) = delete;

  std::vector<Change> restore(const std::vector<Record>& records, Now now, std::size_t* unreadable);
  Effects apply(Command command, Now now);
  std::optional<Instant> deadline() const;
  void set_settings(Settings settings) { settings_ = std::move(settings); }

  Demand demand() const;
  std::vector<SessionInfo> sessions() const;
  std::vector<SessionInfo> sessions_after(const std::string& id, std::size_t most) const;
  Result<SessionInfo> session(const std::string& id_or_prefix) const;
  std::vector<WaiterInfo> waiters(bool with_candidates) const;
  const Sources& sources() const { return sources_; }
  int waiting() const;
  int sessions_open() const { return static_cast<int>(sessions_.size()); }
  std::size_t holders() const { return holds_.size(); }  // clients that hold a session
  int codes_pending() const;
  std::optional<WallTime> oldest_pending() const;
  std::uint64_t codes_delivered() const { return delivered_; }

 private:
  // ---- delivery.cpp ----
  void run(Register& command);
  void run(Wait& command);
  void run(Acknowledge& command);
  void run(ClientGone& command);
  void run(MarkSession& command);
  void run(RefreshSession& command);
  void run(CloseSession& command);
  void run(HoldSession& command);
  void run(Arrive& command);
  void run(Settled& command);
  void run(PersonEntry& command);
  void run(SourceUpdate& command);
  void run(SourceGone& command);
  void run(Synchronised& command);
  void run(PositionIs& command);
  void run(Withdraw& command);
  void run(Refused& command);
  void run(Stop& command);
  void run(Tick& command);

  void reply(RequestId request, Answer answer);
  void warn(RequestId request, std::string message, int contended = 0);
  void drop_needless_warnings();
  void put(RecordKind kind, std::string key, std::string value);
  void erase(RecordKind kind, std::string key);
  void flush();  // the records of what was touched
  Seq next_seq();
  void house_keeping();  // what runs out without anybody being told
  void forget_guards();

  // ---- brain_arrive.cpp ----
  Held read(Arrive& command);
  std::vector<Copy> copies_of(const Arrive& command) const;
  bool known(const Fingerprint& identity) const;
  bool is_at_known_place(const Held& held, const std::vector<Copy>& copies) const;
  std::vector<std::vector<Fingerprint>> take_new(Held& held, std::vector<Copy> copies,
                                                 std::string_view provider_id) const;
  void keep(Held held, std::vector<std::vector<Fingerprint>> known_by);
  void make_room();
  void note_passed(const Held& held);
  void settle(const std::string& source);
  void decide(const std::vector<Seq>& batch);
  void supersede_by(CopyRef ref);
  void guard(CopyRef ref);  // its message never counts again
  void fail_fast_on(CopyRef ref);
  void forget(Seq seq, std::string_view why);  // out of the pool and the store

  // ---- brain_give.cpp ----
  struct Candidate {
    CopyRef ref;
    code::Code code;
    std::string recipient;
  };
  Copy& copy_at(CopyRef ref) { return pool_.find(ref.seq)->copies[ref.index]; }
  const Copy& copy_at(CopyRef ref) const { return pool_.find(ref.seq)->copies[ref.index]; }
  /// For whom the copy counts now; nothing when nobody or several ask.
  std::optional<std::string> recipient_of(const Copy& copy) const;
  bool counts(const Waiter& waiter, const Held& held, const Copy& copy) const;
  std::optional<Candidate> candidate(const Waiter& waiter, CopyRef ref,
                                     std::string_view recipient) const;
  std::vector<Candidate> candidates(const Waiter& waiter) const;
  /// Free copies that name it, each with the recipient that it would be for.
  std::vector<std::pair<CopyRef, std::string_view>> free_for(const Waiter& waiter) const;
  /// Offers free copies, in order of arrival, to those who wait: the oldest first.
  bool offer(const std::vector<CopyRef>& refs);
  bool choose(Waiter& waiter, std::vector<Candidate> candidates);
  bool serve(Waiter& waiter) { return choose(waiter, candidates(waiter)); }
  void set_ambiguous(Waiter& waiter);
  void claim(Waiter& waiter, const std::vector<Candidate>& group);
  void hide_given(CopyRef ref);
  void hold(Waiter& waiter);
  Delivered delivered(const Waiter& waiter) const;
  void count_given(const std::string& session_id);
  void supersede(CopyRef older, CopyRef newer);
  void give_back(std::vector<CopyRef> refs, std::string_view why);
  void take(const std::vector<CopyRef>& refs);  // it stands on a stdout
  void touch(Seq seq) { touched_.insert(seq); }
  bool late_acknowledge(const Acknowledge& command);

  // ---- brain_choose.cpp ----
  Pick pick_of(const Waiter& waiter, CopyRef ref) const;
  std::vector<Candidate> prevailing(std::vector<Candidate> all) const;
  Seq decision_over(const std::vector<Candidate>& group) const;
  std::vector<Candidate> to_choose(const Waiter& waiter) const;
  std::vector<code::Code> several_of(const Waiter& waiter, CopyRef ref,
                                     std::string_view recipient) const;
  void offer_choice(CopyRef ref);
  std::optional<std::string> take_choice(Waiter& waiter, std::string_view value);
  std::vector<HeldCandidate> shown(const std::vector<Candidate>& all) const;

  // ---- brain_wait.cpp ----
  void admit(Wait& command, Now since);
  std::vector<CopyRef> leave_behind(const Wait& command);
  Mark implicit_mark(const Wait& command) const;
  void take_floors(Waiter& waiter) const;
  void take_up(Waiter& waiter, const Resume& resume) const;
  void join(Waiter& waiter, const Wait& command);
  int contenders_but(std::string_view recipient, const Waiter& waiter) const;
  static std::string names_of(const Waiter& waiter);
  static std::optional<WallTime> look_back_of(const Waiter& waiter);
  void begin(Waiter& waiter);
  void go_on(Waiter& waiter);
  void set_clock(Waiter& waiter, const Wait& command);
  void start_waiting(Waiter& waiter);
  void stop_waiting(Waiter& waiter);
  void tell_joined(const Waiter& waiter, int others);
  Waiting waiting_notice(const Waiter& waiter) const;
  void end(Waiter& waiter, std::optional<WaitEnd> end);
  void leave(Waiter& waiter);
  void put_floor(std::string_view recipient);
  void set_floor(const std::string& recipient, Mark mark, Instant ends);
  std::optional<ExitCode> cause(const Waiter& waiter) const;
  void fail_fast_on_sources();

  // ---- brain_session.cpp ----
  void admit(Register& command);
  void start_mark(Session& session, std::vector<RequestId> requests);
  std::uint64_t open(Round round, Duration limit, std::optional<WallTime> since);
  void finish(std::uint64_t token);
  void finish_mark(Round round);
  void answered(const std::string& source);  // it cannot say where it stands
  Result<Session*> find_session(const std::string& id_or_prefix) const;
  SessionInfo info(const Session& session, SessionState state) const;
  static SessionState state_of(const Session& session);
  void keep_alive(Session& session);
  void let_go(Session& session);  // nobody waits on it or holds it any more: its ttl begins to run
  void release_holds(ClientId client);
  void set_expiry(Session& session, std::optional<Instant> expires);
  void set_mark(Session& session, Mark mark);
  void end(Session& session, SessionState state);
  void end_waits(Session& session, const std::string& why);
  void remove(Session& session, const std::string& why);
  void touch(Session& session) { touched_sessions_.insert(&session); }

  // ---- brain_line.cpp ----
  /// Whoever keeps `self` from one of the recipients; `ticket`: its place in the line, if it has
  /// one already.
  std::optional<std::string> obstacle(const std::vector<std::string>& recipients,
                                      std::string_view self, bool exclusive,
                                      std::optional<std::uint64_t> ticket) const;
  /// True when it may not come in now: it stands in line or was refused.
  bool held_up(const std::variant<Register, Wait>& command, std::vector<std::string> recipients,
               std::string_view self, bool exclusive);
  void refuse(const std::variant<Register, Wait>& command, const std::string& holder);
  InLine leave_line(std::uint64_t ticket);
  void move_line();

  // ---- brain_target.cpp ----
  struct PersonTarget {
    std::string recipient;
    Session* session = nullptr;  // for it alone, or
    Waiter* waiter = nullptr;    // for it alone
  };
  struct Fits {  // recipients that a part names
    struct Served {
      std::string recipient;
      const PastWait* past = nullptr;
    };
    std::vector<std::string> asking;
    std::vector<Served> served;  // a moment ago; they ask no more
  };
  Result<PersonTarget> person_target(const PersonEntry& command) const;
  Result<std::optional<PersonTarget>> target_by_id(const std::string& id) const;
  Fits fits_of(const std::string& wanted) const;
  std::string list_of_all(const Fits& fits) const;
  std::vector<Waiter*> waiting_for(const PersonTarget& target) const;
  bool expected(const PersonTarget& target) const;

  // ---- brain_late.cpp ----
  void remember(const Waiter& waiter, std::string how, bool served = false);
  std::string giver(CopyRef ref) const;
  std::string ago(const PastWait& past) const;
  bool is_recent(const PastWait& past) const { return past.when > now_.instant - settings_.late; }
  Error too_late(const PersonTarget& target) const;
  Error served_already(const std::string& name, const Fits::Served& one) const;
  std::optional<Error> just_served(const PersonTarget& target) const;
  Error nobody_named(const std::string& target) const;

  // ---- brain_person.cpp ----
  Held entry_for(const PersonTarget& target, const std::string& code);
  std::optional<Error> cannot_take(const PersonTarget& target, const Held& entry) const;
  Error no_choice(const PersonTarget& target) const;

  // ---- brain_restore.cpp ----
  void restore_session(const Record& record, std::size_t& unreadable);
  void restore_message(const Record& record, std::size_t& unreadable);
  void restore_floor(const Record& record, std::size_t& unreadable);
  void restore_guard(const Record& record, std::size_t& unreadable);
  void reserve_claims();
  static bool is_named(std::string_view delivery, CopyRef ref);

  // ---- brain_withdraw.cpp ----
  void promise(Seq seq);
  void promise(const Session& session);
  std::set<std::string> claims_by(Seq seq) const;
  void unclaim(const std::string& delivery);
  void ask_again(Waiter& waiter);
  void withdraw_message(Seq seq);
  void note_refused(const Held& held, std::vector<std::vector<Fingerprint>> known_by);
  int refused_for(const Waiter& waiter) const;
  void withdraw_session(const Promise& promise);
  void go_on_after_withdrawal();

  // ---- explain.cpp ----
  struct Look {
    std::vector<Seen> seen;
    std::vector<std::string> senders;  // of the candidates that differ
  };
  struct Sight;  // a Look that is being taken
  Look look(const Waiter& waiter) const;
  void look_at(const Waiter& waiter, CopyRef ref, std::string_view recipient, Sight& sight) const;
  void look_at_passed(const Waiter& waiter, Sight& sight) const;
  /// Copies that name it, each with the recipient that it would be for.
  std::vector<std::pair<CopyRef, std::string_view>> all_for(const Waiter& waiter) const;
  std::string shown_sender(const Waiter& waiter, CopyRef ref) const;
  std::optional<Unmatched> unmatched(const Waiter& waiter, CopyRef ref,
                                     std::string_view recipient) const;
  WaitEnd explain(const Waiter& waiter) const;
  /// How each source stands that could bring its code, for people.
  std::string sources_stand(const Waiter& waiter) const;
  std::string choice(const Waiter& waiter) const;
  ExitCode exit_of(const Waiter& waiter, const Look& look) const;
  std::string line(const Waiter& waiter, const Look& look, Duration waited) const;

  // ---- brain_events.cpp ----
  Event& tell(EventType type, std::string_view state, std::string_view reason = {}, Seq about = 0);
  void tell_source(const SourceStatus& status);
  void tell_source_gone(const std::string& name);
  void tell_session(std::string_view state, const Session& session, std::string_view reason = {},
                    int pid = 0);
  Event& tell_wait(std::string_view state, const Waiter& waiter, std::string_view reason = {});
  void tell_ambiguous(Waiter& waiter);
  void tell_end(const Waiter& waiter, ExitCode exit, std::string_view reason);
  void tell_end_of(const Copy& claimed);  // of the last agent's wait
  Event* tell_line(std::string_view state, const std::variant<Register, Wait>& command,
                   std::string_view reason);
  void tell_end(const InLine& in_line, ExitCode exit, std::string_view reason);
  void tell_message(const Held& held, const Arrive& command,
                    const std::vector<std::string>& recipients, std::string_view state);
  Event& tell_code(std::string_view state, CopyRef ref, std::string_view reason = {});
  void hide_what_was_told(std::string_view value);
  void tell_claimed(const Waiter& waiter);
  void tell_entry(const std::string& recipient, std::string_view reason, Seq about);

  static constexpr std::string_view kNobodyAsked = "nobody asked for it in time";

  static bool wants_email(const Waiter& waiter) { return !waiter.address().empty(); }
  static bool wants_sms(const Waiter& waiter) { return !waiter.number().empty(); }

  Settings settings_;
  Now now_;
  Effects out_;
  std::vector<Event> restored_;  // what the timeline is told of the restart
  bool stopped_ = false;
  Seq last_seq_ = 0;
  std::uint64_t last_token_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::uint64_t delivered_ = 0;

  Pool pool_;
  Interests interests_;
  Sources sources_;
  struct ToldSource {
    SourceState state = SourceState::starting;
    std::set<std::string> words;  // of this trouble
  };
  std::map<std::string, ToldSource> told_sources_;
  PastWaits past_;
  std::map<std::string, std::vector<Seq>> unsettled_;  // by source
  std::array<Passed, 2> passed_;                       // e-mail, SMS

  std::map<std::string, std::unique_ptr<Session>> sessions_;
  std::map<std::string, WallTime>
      ended_sessions_;  // for a while: "expired" says more than "not found"
  std::map<std::string_view, std::unique_ptr<Waiter>> waiters_;  // key: the waiter's own id
  std::unordered_multimap<ClientId, Waiter*> by_client_;
  std::unordered_map<ClientId, std::set<std::string>> holds_;  // ids of living sessions: as Session::holders
  std::set<Waiter*, Older> impatient_;  // --fail-fast
  std::multiset<WallTime> look_back_;
  int waiting_email_ = 0;
  int waiting_sms_ = 0;

  std::map<std::string, std::vector<CopyRef>> claims_;  // by delivery
  std::map<std::string, std::string> reserved_;  // waiter → delivery: claims of the last agent
  std::map<std::uint64_t, Round> rounds_;
  std::map<std::uint64_t, InLine> line_;  // in order of arrival
  std::map<std::string, std::set<std::uint64_t>, std::less<>> line_for_;
  std::set<std::string> freed_;  // recipients that somebody has left
  struct Floor {
    Mark mark;
    Instant ends{};
  };
  std::map<std::string, Floor, std::less<>> floors_;
  std::map<Fingerprint, Instant> guards_;
  std::deque<std::pair<Instant, Fingerprint>> guard_order_;

  Deadlines<Waiter*, Older> wait_deadlines_;
  Deadlines<Session*, Older> session_deadlines_;
  Deadlines<Seq> message_deadlines_;
  Deadlines<std::string> floor_deadlines_;
  Deadlines<std::string> reservations_;  // deliveries of the last agent
  Deadlines<std::uint64_t> round_deadlines_;
  Deadlines<std::uint64_t> line_deadlines_;

  std::set<Seq> touched_;
  std::set<Session*> touched_sessions_;
  std::vector<std::string> doomed_;  // waiters that --fail-fast ends after this command
  struct Refusal {  // of a message that could not be written
    Seq seq = 0;
    std::vector<std::string> recipients;
    std::vector<Fingerprint> known_by;
  };
  std::deque<Refusal> refusals_;  // the latest
  std::set<CopyRef> freed_copies_;     // of a Withdraw: they may be given to somebody else
  std::set<std::string> unserved_;     // of a Withdraw: waiters for which it has changed
};

}  // namespace otpctl::delivery
