// Session: the client end of one IMAP connection that watches ONE folder. Bytes in, events and
// bytes out: no socket, no clock, no thread, no callback, no randomness. docs/imap-session.md has
// the state table; RFC 3501 (IMAP4rev1), 2177 (IDLE), 4959 (SASL-IR), 7628 (OAUTHBEARER), 5530
// (response codes).
//
// The driver's loop, in this order, after every wake-up:
//
//   session.feed(bytes) or session.feed_eof();
//   session.tick(now);                      // after feed; neither drops what the other brought
//   while (auto event = session.next()) …;  // before output: a mail is worth more than a command
//   send(session.take_output());
//   sleep until readable or session.deadline();
//
// Every session ends with exactly one Failed or Closed; after it all input is ignored and the
// connection is to be dropped. Not thread safe; movable. Time is only what tick() was told: timers
// that start inside feed() begin to run at the next tick().
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace otpctl::imap {

// ---- what the session is told at its start ----

struct Password {
  std::string user;
  Secret password;
};
struct Bearer {  // an OAuth 2.0 access token
  std::string user;
  Secret token;
};
using Credentials = std::variant<Password, Bearer>;

/// Where an earlier session on this folder stood.
struct Position {
  std::uint32_t uid_validity = 0;  // 0: the server gave none
  std::uint32_t uid_next = 0;      // every message below was told
  bool operator==(const Position&) const = default;
};

/// One message of a folder.
struct Place {
  std::uint32_t uid_validity = 0;
  std::uint32_t uid = 0;
};

struct Options {
  std::string folder = "INBOX";  // UTF-8; CR, LF and NUL are refused
  std::string tag_prefix = "A";  // letters and digits, random for each connection: a tag that
                                 // nobody can foresee cannot be forged
  std::string host;              // told to the server by OAUTHBEARER only
  std::uint16_t port = 993;

  bool tls_active = false;       // the stream below is encrypted and its certificate was verified
  bool insecure = false;         // credentials may go over a clear-text stream
  bool expect_greeting = false;  // not read yet (libcurl's CONNECT_ONLY reads it)

  /// Fetch exactly what came since. Not used when the folder's UIDVALIDITY is another one by now.
  std::optional<Position> resume;
  /// As if look_back() were called at the start; not done when `resume` fits (nothing is unknown
  /// then).
  std::optional<WallTime> look_back;
  /// Set: while somebody waits, ask with NOOP at this interval instead of a silent IDLE (Dovecot
  /// holds notices of IDLE back for 500 ms, a NOOP answers at once).
  std::optional<Duration> probe;

  /// Not to watch: this message alone is fetched (Mail, live = false), then LOGOUT and Closed. It is gone, or the folder
  /// has another UIDVALIDITY: Failed with `not_found`. There is no Opened; wishes but stop() change nothing.
  std::optional<Place> only;

  /// After a long absence only the newest UIDs are fetched: older mail is older than any mark of ours.
  std::uint32_t resume_limit = 1'000;

  /// Bytes of a message that are fetched; at most 1 MiB (the literal limit).
  std::uint32_t fetch_limit = 262'144;

  /// NATs forget silent flows, servers end IDLE after 30 min.
  Duration idle_renewal = std::chrono::minutes(5);
  /// While somebody waits: there are servers that never push EXISTS.
  Duration safety_poll = std::chrono::seconds(15);
  /// One check so long after opening and after each fetch: a mail that comes between FETCH and IDLE
  /// is told by no notice on some servers.
  Duration settle = std::chrono::milliseconds(500);
  Duration poll = std::chrono::seconds(3);         // no IDLE, somebody waits
  Duration quiet_poll = std::chrono::seconds(60);  // no IDLE, nobody waits

  Duration greeting_limit = std::chrono::seconds(16);
  Duration command_limit = std::chrono::seconds(60);  // a tagged reply; bytes of a FETCH renew it
  Duration done_limit = std::chrono::seconds(15);     // the reply to DONE and NOOP, the "+" of IDLE
  Duration leave_limit = std::chrono::seconds(5);     // stop() waits so long for good manners
};

// ---- what comes out ----

/// Signed in.
struct Ready {
  bool idle = false;    // else the session polls
  bool notify = false;  // the server has NOTIFY (RFC 5465); not used yet
};

/// IDLE was offered but refused or ended by the server; from now on this connection polls.
struct Polling {
  std::string words;  // the server's, printable
};

/// The folder is open (EXAMINE: read-only, nothing is ever marked as seen).
struct Opened {
  std::uint32_t uid_validity = 0;  // 0: the server gave none
  std::uint32_t uid_next = 0;      // mail from here on is told as live; `resume`'s, if it fits
  std::uint32_t exists = 0;        // messages in the folder
  bool uid_next_guessed = false;   // the server gave no UIDNEXT
  bool validity_changed = false;   // `resume` did not fit: UIDs of before mean nothing now
};

struct Mail {
  std::uint32_t uid = 0;
  std::uint32_t uid_validity = 0;
  std::optional<WallTime> internal_date;  // when the server took it
  std::uint64_t size = 0;                 // of the whole message, says the server; 0: it did not
  std::string bytes;                      // the first `fetch_limit` bytes, or all of it
  bool truncated = false;
  bool live = true;  // true: UID at or above the position (live, or since `resume`), told once;
                     // false: from a look-back, may have been told before
};

/// Answer to synchronise(): all mail that the server had at some moment after the call was told
/// before.
struct Synchronised {
  std::uint64_t token = 0;
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 0;  // a mark: later mail has this UID or a higher one
};

/// Answer to look_back(); the mails came before.
struct LookedBack {
  WallTime since{};
  bool complete = true;  // false: older mail was left out (over 500), or the server refused
};

/// The server sent something: proof of life. At most one between two calls of feed().
struct Alive {};

/// The server asks to show this to the user (RFC 3501 7.1). At most 16 a session.
struct Alert {
  std::string text;  // printable
};

/// The server refused the credentials. Closed follows.
struct LoginRefused {
  std::string words;          // the server's own, printable
  std::string response_code;  // "AUTHENTICATIONFAILED", "" = none
  bool permanent = true;      // false: the same may work later (UNAVAILABLE, LIMIT, INUSE, …)
};

/// The connection is of no use any more; `error.code` says why:
///   network    end of the stream, BYE (with the server's words)
///   protocol   the server broke IMAP or a limit, or greets with PREAUTH
///   timeout    no reply in time
///   throttled  the server asked for a pause
///   tls        credentials were not sent over clear text
///   auth_rejected  no sign-in that both sides know (LOGINDISABLED); not a refusal of the password
///   not_found  also: the message of Options::only is not there
///   not_found, permission, busy   the folder cannot be opened (busy: later perhaps). `permission`
///              with a retry_after also is Exchange's "User is authenticated but not connected"
///   config     options or credentials that cannot be sent (NUL, CR, LF)
struct Failed {
  Error error;
  std::optional<Duration> retry_after;  // not before; the server's wish, or ours; at most 5 min
};

struct Closed {};  // after stop() or LoginRefused

using Event = std::variant<Ready, Polling, Opened, Mail, Synchronised, LookedBack, Alive, Alert,
                           LoginRefused, Failed, Closed>;

class Machine;

class Session {
 public:
  Session(Options options, Credentials credentials, Now now);
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // ---- in ----
  /// Bytes of the server, cut anywhere. May be called with what was read behind the greeting
  /// already.
  void feed(std::string_view bytes);
  void feed_eof();
  void tick(Now now);

  // ---- out ----
  std::optional<Event> next();
  /// Everything that is to be sent, once. May hold credentials: wipe it after sending.
  std::string take_output();
  /// When to call tick() at the latest; nothing once the session is over.
  std::optional<Instant> deadline() const;
  /// While the folder is watched: the longest time without a byte before the connection is given up. What is asked
  /// how often at the moment, and how long its reply may take.
  Duration longest_silence() const;
  /// Where a later session can resume: every message below was told. Nothing before the folder is open.
  std::optional<Position> position() const;

  // ---- wishes of the mailbox source ----
  // No call fails, each works through later output and events. All may be called in every state,
  // also before the folder is open.

  /// Somebody waits for mail: check at once and then every safety_poll, or probe. Off: silent IDLE.
  void set_demand(bool somebody_waits);
  /// Asks for Synchronised{token}. Several may be under way; one check answers them together.
  void synchronise(std::uint64_t token);
  /// Asks for the mail whose INTERNALDATE + 1 s lies after `since`, newest 500, then LookedBack.
  void look_back(WallTime since);
  /// LOGOUT, then Closed (also when the server does not answer, or fails meanwhile).
  void stop();

 private:
  std::unique_ptr<Machine> machine_;
};

}  // namespace otpctl::imap
