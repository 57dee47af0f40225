// The one brain: sessions, waiters, codes, marks, exactly-once, expiry. Pure: apply(command, now) → effects.
// The rules, their reasons and the test of each: docs/delivery.md.
//
// Contract with the caller (server/): commit `Effects::changes` in one transaction BEFORE sending any reply of
// the same Effects; then replies and notices in order, then `synchronise`. When they cannot be written: Withdraw what
// they promised and refuse it, keep the rest and try again. Call tick() when deadline() has come.
// One thread. Built for 10,000 blocked waiters: every command costs what it touches, not what exists.
#pragma once

#include "base/time.hpp"
#include "code/code.hpp"
#include "delivery/record.hpp"
#include "message/message.hpp"

#include <otpctl/types.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace otpctl::delivery {

using RequestId = std::uint64_t;  // chosen by the server, unique in an agent's life; 0 = no answer wanted
using ClientId = std::uint64_t;   // one connection; unique in an agent's life

struct Settings {
  Duration since = std::chrono::seconds(30);    // look-back of a wait without session
  Duration timeout = std::chrono::seconds(120); // of a wait that names none
  Duration ttl = std::chrono::seconds(600);     // life of a session that nobody waits on
  Duration keep = std::chrono::minutes(10);     // how long a code for nobody is kept
  Duration guard_life = std::chrono::hours(24); // how long a delivered message is known again
  Duration register_wait = std::chrono::seconds(2);  // for watermarks, then degraded
  Duration sync_wait = std::chrono::seconds(5);      // --timeout 0
  Duration resume_grace = std::chrono::seconds(10);  // after a restart a claimed code waits for its waiter
  Duration late = std::chrono::seconds(30);  // so long after a code was given an operator's entry is taken for one too late
  bool recipients_all = false;  // several asked-for addresses in To/Cc: each gets the code
  std::size_t max_sessions = 20'000;
  std::size_t max_messages = 5'000;           // held; the oldest go first
  std::size_t max_text = 16 * 1024;           // of one message, kept for --pattern of later waiters
  std::size_t max_text_total = 32 * 1024 * 1024;
};

// ---- commands ----

struct SessionSpec {
  std::string email;  // normalised (message/address.hpp) or empty
  std::string phone;
  Filters filters;
  std::string country;
  std::string metadata = "{}";
};

struct Register {
  RequestId request = 0;
  SessionSpec spec;
  std::string id;                 // UUID for the new session
  std::optional<Duration> ttl;    // Settings::ttl when absent
  bool exclusive = false;         // nobody else may wait for its recipients while it lives …
  std::optional<Duration> queue;  // … stand in line that long; absent: 75 at once with the holder's name
  int pid = 0;
  ClientId client = 0;  // only while it stands in line: gone → leaves the line
};

struct Wait {
  RequestId request = 0;
  ClientId client = 0;
  int pid = 0;
  std::string waiter;       // UUID chosen by the client, the same after a reconnect
  std::string session;      // id or unique prefix; empty: an implicit session of spec
  SessionSpec spec;         // without session; its filters also narrow an explicit session
  std::optional<Duration> since;  // look-back; 0 = from now; absent: Settings::since
  std::string resume;       // the opaque mark of a wait that is taken up again (Waiting::resume), or empty
  bool no_limit = false;
  std::optional<Duration> timeout;  // 0: what is there; absent: Settings::timeout unless no_limit
  bool exclusive = false;
  std::optional<Duration> queue;
  bool fail_fast = false;
};

struct Acknowledge {  // the code stands on the waiter's stdout. Also after a reconnect; idempotent
  RequestId request = 0;
  std::string delivery;
  std::string waiter;
};

/// Its waiters end, unacknowledged codes go to the next. A registration of it that stands in line is refused; of its waits
/// the caller knows.
struct ClientGone { ClientId client = 0; };
struct MarkSession { RequestId request = 0; std::string session; };  // from now on
struct RefreshSession { RequestId request = 0; std::string session; std::optional<Duration> ttl; };
struct CloseSession { RequestId request = 0; std::string session; };
/// It lives until `client` is gone; then its ttl begins to run. Several clients may hold one.
struct HoldSession { RequestId request = 0; ClientId client = 0; std::string session; };

/// A message of any source. With `more_to_come` nothing is decided before Settled of that source: a fetch
/// that brings several must not hand out the older one first.
struct Arrive {
  RequestId request = 0;
  std::string source;
  message::Message message;
  code::Verdict verdict;
  struct Place {  // mail from a mailbox
    std::uint32_t uid_validity = 0;
    std::uint32_t uid = 0;
    std::optional<WallTime> internal_date;
  };
  std::optional<Place> place;
  std::string mailbox_address;  // of the source, normalised; what Recipients::to_mailbox_itself stands for
  std::string provider_id;      // SMS
  bool more_to_come = false;
};
struct Settled { std::string source; };

struct PersonEntry {  // `otpctl manual TARGET CODE`
  RequestId request = 0;
  std::string target;     // session id prefix, id of a wait, recipient, or a unique prefix or substring of a recipient
                          // asked for
  std::string recipient;  // `target` normalised, when it is a whole address or number; else empty
  std::string code;       // the value of a candidate that is held for an ambiguous waiter: that one is given
  bool waiting_only = false;  // nobody is blocked on it any more: `not_found`, and nothing is kept
  bool settle = false;        // only whom it would be for; there is no code yet
  bool choice = false;        // the value of a candidate or nothing: `no_code`, and nothing is kept
};

struct SourceUpdate { SourceStatus status; bool brings_email = false; bool brings_sms = false; };
struct SourceGone { std::string source; };  // reload took it out

/// A source answers Effects::Synchronise: all that it had when asked has been Arrived and Settled.
struct Synchronised {
  std::uint64_t token = 0;
  std::string source;
  std::optional<Position> position;  // none: it could not say
};
/// The position moved on (a mail was fetched); keeps the last-known watermark for ends of waits.
struct PositionIs { std::string source; Position position; };

/// What the caller was to be told is taken and exists nowhere else: a door's message, a person's entry or choice, a new
/// session. It stands and falls with the commit of its effects.
struct Promise {
  std::uint64_t seq = 0;  // of the message, choice or session; what Effects::about names
  std::string session;    // its id; empty: it is a message or a choice
  bool told = false;      // of a session: earlier effects have told the timeline of it
};
/// The effects that promised these could not be written, and none of their replies was sent: it has not happened.
/// Whoever was to get a code of them waits on.
struct Withdraw { std::vector<Promise> promises; };
/// A message that was refused before it was decided on, because nothing can be written. Only whoever waits for it is told.
struct Refused { Arrive what; };

struct Stop {};  // SIGTERM, `agent stop`: every waiter is answered with 69
struct Tick {};

using Command = std::variant<Register, Wait, Acknowledge, ClientGone, MarkSession, RefreshSession, CloseSession,
                             HoldSession, Arrive, Settled, PersonEntry, SourceUpdate, SourceGone, Synchronised, PositionIs,
                             Withdraw, Refused, Stop, Tick>;

/// What waits and those who stand in line are told when their client has ended its sending side (ClientGone): it could
/// not acknowledge a code.
Error sending_side_ended();

// ---- effects ----

struct Accepted {  // of Arrive and PersonEntry
  bool duplicate = false;
  bool delivered = false;   // a blocked waiter got it
  std::string recipient;    // PersonEntry: whom it was for
  int waiting = 0;          // PersonEntry: how many still wait for the recipient
};
struct Acknowledged { bool known = true; };  // false: was acknowledged before or given back meanwhile

using Answer = std::variant<SessionInfo, Delivered, WaitEnd, Accepted, Acknowledged, Error>;
struct Reply { RequestId request = 0; Answer answer; };

/// Comes to a wait before its reply.
struct Waiting {  // it is registered and blocks (or begins to synchronise)
  std::string session;
  std::string resume;  // opaque; sent back in Wait::resume after a reconnect
  std::optional<Duration> remaining;
};
struct Warning {  // for people, one line; `contended` > 0 when somebody else waits for the same recipient
  std::string message;
  int contended = 0;
};
struct Notice { RequestId request = 0; std::variant<Waiting, Warning> what; };

struct Synchronise {
  std::uint64_t token = 0;
  std::vector<std::string> sources;
  std::optional<WallTime> since;  // look back at least that far first
};

struct Effects {
  std::vector<Change> changes;
  std::vector<Reply> replies;
  std::vector<Notice> notices;
  std::vector<Synchronise> synchronise;
  std::vector<Event> events;  // for the timeline, in order, without id; never a code, subject or text
  std::vector<std::uint64_t> about;  // of each event: the Promise without which it has not happened, or 0
  std::vector<Promise> promises;
  std::vector<RequestId> unsaid;  // of Withdraw: what they were to be given before is void
};

/// What the mailboxes are told: watch harder while somebody waits, look back as far as the oldest mark asks.
struct Demand {
  bool email = false;  // somebody is blocked on an address
  bool sms = false;
  std::optional<WallTime> look_back;  // oldest mark of a blocked waiter or live session that asks for mail
  bool operator==(const Demand&) const = default;
};

class Delivery {
 public:
  explicit Delivery(Settings settings);
  ~Delivery();
  Delivery(Delivery&&) noexcept;
  Delivery& operator=(Delivery&&) noexcept;

  /// Once, before the first apply: the records of the store, in any order. Unreadable ones are skipped and
  /// counted. Returns changes that bring the store up to date (expired records erased).
  std::vector<Change> restore(const std::vector<Record>& records, Now now, std::size_t* unreadable = nullptr);

  Effects apply(Command command, Now now);

  /// When Tick is due at the latest; nothing when nothing runs out.
  std::optional<Instant> deadline() const;

  /// Reload: for what comes from now on.
  void set_settings(Settings settings);

  // ---- queries, no effect ----
  Demand demand() const;
  /// At most `most` explicit ones whose id is greater than `id`, by their ids: pages that hold when sessions come and go.
  std::vector<SessionInfo> sessions_after(const std::string& id, std::size_t most, Now now) const;
  std::vector<SessionInfo> sessions(Now now) const;                                 // explicit ones, oldest first
  Result<SessionInfo> session(const std::string& id_or_prefix, Now now) const;      // not_found, ambiguous, expired
  std::vector<WaiterInfo> waiters(Now now) const;                                   // oldest first
  /// As waiters(), with the candidates of the ambiguous ones. For an operator: it holds codes.
  std::vector<WaiterInfo> waiters_to_choose(Now now) const;
  std::optional<Position> position(const std::string& source) const;                // last known: resume after a restart
  int waiting() const;  // as many as waiters() tells of, without telling
  int sessions_open() const;
  int codes_pending() const;
  std::optional<WallTime> oldest_pending() const;  // when the oldest of them came
  std::uint64_t codes_delivered() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace otpctl::delivery
