// What the rooms of delivery pass around: held messages, sessions, waiters. Plain data; the rules
// are elsewhere.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"
#include "code/code.hpp"
#include "code/pattern.hpp"
#include "delivery/delivery.hpp"
#include "delivery/mark.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::delivery {

// ---- messages ----

/// One recipient's claim to a message. A message has one copy for each recipient that a server has
/// stamped; the addresses of a To and Cc share one copy, because it goes to one of them only.
struct Copy {
  enum class State { free, claimed, superseded, taken };
  std::vector<std::string>
      candidates;             // "" = any phone (an SMS that does not say for which number it came)
  bool mailbox_last = false;  // the last candidate is the mailbox's own address
  State state = State::free;
  bool given_back = false;
  int attempts = 0;       // how often it was claimed
  std::string delivery;   // of the last claim
  std::string waiter;     // of the last claim
  std::string recipient;  // it was claimed for
  std::string session;    // explicit, of the last claim
  std::string value;      // what the last claim gave
  code::Kind kind = code::Kind::digits;
  int replaced = 0;  // earlier codes that this one superseded
  Seq decided = 0;   // when a person said that it is the one; of an entry: when it was made
};

struct CopyRef {
  Seq seq = 0;
  std::uint32_t index = 0;
  auto operator<=>(const CopyRef&) const = default;
};

struct Held {
  Held() = default;
  Held(Held&&) = default;
  Held& operator=(Held&&) = default;
  ~Held() { wipe_content(); }

  void wipe_content() {
    for (code::Code& code : codes) {
      wipe(code.value);
      wipe(code.raw);
    }
    for (Copy& copy : copies) wipe(copy.value);
    codes.clear();
    wipe(subject);
    wipe(text);
  }

  Arrival arrival;
  std::string sender;        // as it came: for filters, fingerprints and whoever gets the code
  std::string shown_sender;  // for all else: shown.hpp
  std::string shown_id;      // of message_id
  std::string sender_key;  // what the later one supersedes by: the From domain, or the SMS sender
  std::string subject;
  std::string text;
  std::string message_id;
  code::Outcome outcome = code::Outcome::none;
  std::vector<code::Code> codes;
  std::string only_session;  // a person's entry for one session, or for one wait
  bool settled = false;      // false: its source has more to bring first
  bool stored = false;       // the store has a record of it
  Instant expires{};
  WallTime expires_wall{};
  std::vector<Copy> copies;
};

/// When a person decided for it; 0: nobody did.
inline Seq decision(const Held& held, const Copy& copy) {
  const bool entry = held.arrival.channel == message::Channel::person;
  return std::max(copy.decided, entry ? held.arrival.seq : 0);
}

/// A code, or what a person made one out of an ambiguous message.
inline bool has_code(const Held& held, const Copy& copy) {
  return held.outcome == code::Outcome::code || copy.decided != 0;
}

// ---- who asks ----

/// Filters with their pattern compiled.
struct Gate {
  Filters filters;
  std::optional<code::Pattern> pattern;
};

struct Waiter;

/// In the order in which they came.
struct Older {
  template <class T>
  bool operator()(const T* a, const T* b) const {
    return a->order < b->order || (a->order == b->order && a->id < b->id);
  }
};

struct Session {
  std::string id;
  std::string email;
  std::string phone;
  Gate gate;
  std::string country;
  std::string metadata;
  Seq order = 0;
  WallTime created{};
  Mark mark;
  bool degraded = false;
  Duration ttl{};
  std::optional<Instant> expires;  // none while somebody waits on it
  WallTime expires_wall{};
  bool exclusive = false;
  int codes_given = 0;
  bool received = false;  // since its mark
  Seq decided = 0;  // of a person's decision: what was there then and is not it does not count
  std::set<Waiter*, Older> waiters;
  std::set<ClientId> holders;  // it lives as long as one of them is there
  std::uint64_t round = 0;  // its mark waits for the mailboxes
  bool promised = false;    // its caller was told that it is there
};

struct Floors {
  std::optional<Mark> email;
  std::optional<Mark> phone;
};

/// What a waiter holds from the moment it has a code until it acknowledges it.
struct Claim {
  std::string delivery;
  std::vector<CopyRef> copies;      // of one code; the first is the message that is shown
  std::optional<Instant> deadline;  // its waiter's, before
  Seq decided_before = 0;           // its session's, before
  std::string ended_session;        // the one that ended meanwhile
};

struct Waiter {
  enum class State : std::uint8_t { synchronising, blocked, claimed };
  std::string id;
  Session* session = nullptr;  // explicit; else the four below
  std::string email;
  std::string phone;
  Mark mark;
  std::unique_ptr<Floors> floors;
  std::unique_ptr<Gate> gate;  // its own filters
  std::unique_ptr<Claim> claim;  // of 10,000 waiters hardly one has one
  RequestId request = 0;
  ClientId client = 0;
  Seq order = 0;
  Instant started{};
  WallTime started_wall{};
  std::optional<Instant> deadline;
  std::uint64_t round = 0;
  std::array<std::uint64_t, 2> arrivals_before{};  // e-mail, SMS: for "came for others"
  int pid = 0;
  State state = State::blocked;
  bool ambiguous = false;       // different codes of different senders
  bool told_ambiguous = false;  // the timeline has it
  bool fail_fast = false;
  bool at_once = false;  // --timeout 0
  bool exclusive = false;

  const std::string& address() const { return session ? session->email : email; }
  const std::string& number() const { return session ? session->phone : phone; }
  bool outlived_session() const { return claim && !claim->ended_session.empty(); }
  bool holds(std::string_view delivery) const { return claim && claim->delivery == delivery; }
  const std::string& party() const { return session ? session->id : id; }  // what others know it by
};

/// The recipients of a session or waiter: one or two.
inline std::vector<std::string_view> recipients_of(std::string_view email, std::string_view phone) {
  std::vector<std::string_view> all;
  if (!email.empty()) all.push_back(email);
  if (!phone.empty()) all.push_back(phone);
  return all;
}
inline std::vector<std::string_view> recipients_of(const Waiter& waiter) {
  return recipients_of(waiter.address(), waiter.number());
}
inline std::vector<std::string_view> recipients_of(const Session& session) {
  return recipients_of(session.email, session.phone);
}

/// False for a person's entry that is for another session or wait.
inline bool is_for(const Held& held, const Waiter& waiter) {
  return held.only_session.empty() || held.only_session == waiter.party() ||
         held.only_session == waiter.id;
}

inline std::string wait_name(const std::string& id) { return "wait " + id.substr(0, 8); }

/// What a session or waiter is called by.
inline const std::string& first_of(const std::string& email, const std::string& phone) {
  return email.empty() ? phone : email;
}

/// "session 1a2b3c4d"
inline std::string short_name(const std::string& session) {
  return "session " + session.substr(0, 8);
}

}  // namespace otpctl::delivery
