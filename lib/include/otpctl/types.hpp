// The values that travel between the agent and whoever asks it: the answers of the commands with --json are
// these, written by rpc/json. Plain data, no behaviour, copyable, thread-compatible. No third-party types.
#pragma once

#include <otpctl/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otpctl {

using Duration = std::chrono::microseconds;
using WallTime = std::chrono::sys_time<Duration>;  // UTC

/// What a wait or session lets through. Empty or 0 = everything.
struct Filters {
  std::string from = {};     // glob over the sender, ASCII case ignored
  std::string subject = {};  // glob over the subject
  std::string pattern = {};  // regular expression with one group: the code is what the group matches
  int length_min = 0;   // characters of the code
  int length_max = 0;
  bool operator==(const Filters&) const = default;
};

/// Who is asked for: at least one of the two, as a person writes it; the agent normalises.
struct Target {
  std::string email = {};
  std::string phone = {};
  bool operator==(const Target&) const = default;
};

enum class SessionState { open, waiting, received, expired, closed };

struct SessionInfo {
  std::string id;  // UUID version 4
  SessionState state = SessionState::open;
  Target target;  // normalised
  Filters filters;
  std::string country;
  std::string metadata;  // JSON object as text, "{}" when none
  WallTime created{};
  WallTime marked{};                // codes that arrived after this count
  std::optional<WallTime> expires;  // nothing while a waiter keeps it alive
  int waiters = 0;
  int codes_given = 0;
  bool degraded = false;  // a source could not say where it stands when the mark was taken
  int contended = 0;      // how many sessions, and waits without one, ask for one of its recipients; 0 = nobody else
};

/// A code on its way to one waiter. It is claimed until it is acknowledged or the connection ends.
struct Delivered {
  std::string delivery;  // id to acknowledge
  std::string session;   // the session it was for (an implicit one too)
  std::string code;      // one printable line, 1 to 64 characters
  std::string kind;      // "digits", "alphanumeric", "phrase"
  std::string recipient;
  std::string channel;  // "email", "sms", "person"
  std::string sender;
  std::string subject;
  std::string source;      // "main/INBOX", "lmtp", "pipe", "person"
  std::string message_id;  // of the mail, or the provider's id of the SMS
  std::optional<WallTime> sent;     // as the message says
  WallTime received{};              // mail: INTERNALDATE when known, else when it reached the agent
  std::optional<Duration> expires_in;
  double confidence = 0;
  int superseded = 0;  // earlier unclaimed codes of the same sender that this one replaced
};

/// Why a message that was seen did not end a wait.
enum class Unmatched {
  no_code,
  ambiguous_code,       // two different codes in one message
  ambiguous_sender,     // different codes of different senders, nothing to choose by
  other_recipient,
  ambiguous_recipient,  // its To/Cc names several that are asked for
  before_mark,
  filtered,
  taken,       // went to another wait, of the same session or not
  superseded,  // a later one of the same sender counts
};

struct Seen {
  Unmatched reason = Unmatched::no_code;
  int count = 0;
  std::string sender;  // of the latest; never a subject: it may hold a code
  WallTime latest{};
};

enum class SourceState { starting, live, unreachable, signed_out, throttled };

struct SourceStatus {
  std::string name;  // "main/INBOX"
  std::string kind;  // "imap", "lmtp", "pipe"
  SourceState state = SourceState::starting;
  std::string detail;                  // one printable line: the server's words, or how it is watched
  WallTime since{};                    // in this state since
  std::optional<WallTime> last_alive;  // the last byte that proved life
  std::optional<WallTime> retry_at;
  std::uint64_t messages = 0;    // since the agent started
  std::uint64_t reconnects = 0;
};

/// A wait that ended without a code.
struct WaitEnd {
  ExitCode exit = ExitCode::timed_out;
  std::string message;  // one line: what happened and what to do
  Duration waited{};
  std::vector<Seen> seen;
  std::vector<SourceStatus> sources;
  int more = 0;  // entries of the two lists that did not fit into one line
};

/// A code that is held because an ambiguous waiter has others to choose from as well. It is the only place but a
/// delivery where a code leaves the agent: shown to the person who chooses, never logged.
struct HeldCandidate {
  std::string code;
  std::string channel;
  std::string sender;
  WallTime received{};
};

struct WaiterInfo {
  std::string session;  // of a bare wait: the wait's own id
  Target target;
  int pid = 0;
  WallTime since{};
  std::optional<WallTime> deadline;
  bool queued = false;     // stands behind an exclusive holder
  bool ambiguous = false;  // held: candidates differ, an operator may choose
  std::vector<Seen> seen;
  std::vector<HeldCandidate> candidates;  // in the list for operators only, and when `ambiguous`
};

struct AgentStatus {
  std::string version;
  int protocol = 0;
  int pid = 0;
  WallTime started{};
  std::string home;    // the store's folder
  std::string socket;
  std::string config;  // path, or empty: the embedded default
  std::vector<SourceStatus> sources;
  std::vector<WaiterInfo> waiters;
  int sessions = 0;
  int codes_pending = 0;
  std::uint64_t codes_delivered = 0;
  int more = 0;  // entries of the two lists that did not fit into one line
};

/// What the timeline is made of (docs/events.md has each type with its states and members).
enum class EventType {
  agent,
  source,
  session,
  wait,
  message,
  code,
  entry,
  other,  // of a newer agent, not known to this library: its id, time, state and reason are good, all else may be empty
};

/// One entry of the timeline of `watch` and `log`. Metadata and verdicts: never a code, subject or text of a message.
/// Members that say nothing for its type are empty.
struct Event {
  std::uint64_t id = 0;  // grows by one or more; unique in the life of a store
  WallTime at{};
  EventType type = EventType::agent;
  std::string state;  // what happened: "registered", "ended", "claimed" …
  std::string session;
  Target target;                        // session, wait: who is asked for
  std::vector<std::string> recipients;  // message, code, entry: whom it was for, at most 8
  int pid = 0;                          // session, wait: of the caller
  std::string source;                   // "main/INBOX"
  std::string channel;                  // "email", "sms", "person"
  std::string sender;
  std::string message_id;
  std::uint32_t uid_validity = 0;  // message: where it lies in its mailbox, 0 = nowhere
  std::uint32_t uid = 0;
  std::string verdict;   // message: "code", "none", "ambiguous"
  std::string shape;     // "6 digits"
  std::string reason;    // one line for people: why, or the server's words
  std::string delivery;  // code: id of the hand-over
  std::optional<ExitCode> exit;    // wait ended
  std::optional<Duration> waited;  // wait ended; code claimed
  std::optional<WallTime> sent;      // message: as it says
  std::optional<WallTime> received;  // message: INTERNALDATE, else when the agent got it
  std::optional<WallTime> retry_at;  // source
};

/// How one source did: its state and the last 24 hours.
struct SourceHealth {
  SourceStatus status;
  std::optional<WallTime> down_since;  // nothing while it is live; stays over every new try until it is live again
  std::optional<Duration> alive_age;   // of the last byte that was due: what the watchdog looks at
  Duration due_every{};                // a byte is due at least that often; 0: nothing is ever due (doors)
  std::uint64_t messages = 0;          // in 24 hours, as the three below
  std::uint64_t errors = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t processed = 0;   // that the two below were measured on
  Duration processing_mean{};    // from the bytes being here to the decision being on disk
  Duration processing_p95{};
};

struct HealthReport {
  std::string version;
  int pid = 0;
  WallTime started{};
  std::vector<SourceHealth> sources;
  int waiters = 0;
  int sessions = 0;
  int codes_pending = 0;
  std::optional<Duration> oldest_pending;
  std::uint64_t codes_delivered = 0;  // since the agent started
  std::uint64_t messages = 0;         // in 24 hours, all sources
  std::string store_trouble;          // empty: the store can be written
  int more = 0;                       // sources that did not fit into one line
};

}  // namespace otpctl
