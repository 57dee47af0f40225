// A Delivery with a clock of its own, a store, a mailbox server that counts UIDs, and short words
// for what happens. The store is checked after each command: a Delivery restored from it must be
// able to read every record. So is the timeline: no event may tell a code, a subject or a text.
#pragma once

#include "delivery/delivery.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace otpctl::delivery::test {

using namespace std::chrono_literals;

inline const std::string kBot = "bot5@example.com";
inline const std::string kOther = "bot6@example.com";
inline const std::string kPhone = "+905550000001";
inline const std::string kMain = "main/INBOX";

struct Asked {  // a wait, register or entry that was asked
  RequestId request = 0;
  ClientId client = 0;
  std::string id;  // waiter or session
};

struct Mail {
  std::string to = kBot;               // stamped; empty: none
  std::vector<std::string> claimed{};  // To, Cc
  bool to_mailbox = false;
  std::string from = "noreply@shop.example";
  std::string code = "482913";       // empty: none
  std::vector<std::string> codes{};  // two or more: ambiguous
  std::string subject = "Your sign-in";
  std::string text{};
  std::string message_id{};
  std::string source = kMain;  // "lmtp": through the door
  std::uint32_t uid = 0;       // 0: the next of the mailbox
  std::uint32_t uid_validity = 1;
  Duration age{};                  // INTERNALDATE lies that long before now, cut to seconds
  std::optional<WallTime> date{};  // Date: header
  bool more = false;
  bool bounce = false;
};

struct Text {  // an SMS
  std::string to = kPhone;
  std::string from = "SHOP";
  std::string code = "482913";
  std::string text{};
  std::string id{};
  std::optional<Duration> sent_ago{};
};

class World {
 public:
  explicit World(Settings with = {});

  Now now;
  Settings settings;
  Delivery delivery;
  std::map<std::pair<RecordKind, std::string>, std::string> store;
  std::map<RequestId, Answer> answers;
  std::map<RequestId, std::vector<Notice>> notices;
  Effects last;
  std::vector<Event> told;  // the timeline, since the test emptied it

  const Effects& apply(Command command);
  void pass(Duration duration);      // with a Tick whenever the deadline says so
  void restart(Duration away = 0s);  // the store's records → a new Delivery

  // ---- sources ----
  void source(const std::string& name, const std::string& kind, SourceState state,
              bool email = true, bool sms = false);
  void mailbox(SourceState state = SourceState::live, const std::string& name = kMain) {
    source(name, "imap", state);
  }
  void door() { source("lmtp", "lmtp", SourceState::live); }
  void position(std::uint32_t uid_next, const std::string& name = kMain,
                std::uint32_t validity = 1);
  /// The mailboxes answer what they were last asked with their next UID.
  void synchronised();
  std::uint32_t next_uid = 100;

  // ---- what happens ----
  Asked wait(Wait spec);
  Asked wait(const std::string& recipient = kBot);
  Asked wait_on(const Asked& session);
  Asked again(const Asked& wait, const std::string& recipient = kBot, bool with_mark = true);
  Asked register_for(SessionSpec spec);
  Asked register_for(const std::string& recipient = kBot) { return register_for(spec(recipient)); }
  Accepted mail(const Mail& mail);
  Accepted sms(const Text& text);
  Answer hold(const Asked& session, ClientId client);
  void settled(const std::string& name = kMain) { apply(Settled{name}); }
  Answer person(const std::string& target, const std::string& code,
                const std::string& recipient = {}, bool waiting_only = false);
  Answer late_person(const std::string& target, const std::string& code,
                     const std::string& recipient = {}) {
    return person(target, code, recipient, true);
  }
  bool acknowledge(const Asked& wait);  // Acknowledged::known
  bool acknowledge(const std::string& delivery, const std::string& waiter);
  void gone(const Asked& wait) { apply(ClientGone{wait.client}); }

  // ---- what came of it ----
  const Delivered* got(const Asked& wait) const;
  std::string code(const Asked& wait) const;  // "" = none yet
  const WaitEnd* end(const Asked& wait) const;
  std::optional<ExitCode> exit(const Asked& wait) const;  // of its WaitEnd
  const Error* error(const Asked& asked) const;
  const SessionInfo* session(const Asked& asked) const;
  std::optional<Unmatched> first_reason(const Asked& wait) const;
  bool blocks(const Asked& wait) const { return answers.count(wait.request) == 0; }
  std::string warning(const Asked& asked) const;  // all of them, one line each
  int contended(const Asked& asked) const;
  std::string resume(const Asked& wait) const;
  std::size_t records(RecordKind kind) const;
  std::vector<std::string> candidates(std::size_t waiter = 0) const;  // codes in the operator's list
  /// "message arrived", "code claimed" …: the timeline in short, and emptied.
  std::vector<std::string> story();
  const Event* event(EventType type, const std::string& state) const;  // the last one

  static SessionSpec spec(const std::string& recipient);
  RequestId next_request() { return ++request_; }

 private:
  void learn(const Command& command);
  void check_events();
  std::deque<std::string> secrets_;
  RequestId request_ = 0;
  ClientId client_ = 0;
  std::map<RequestId, Wait> asked_;
  std::vector<Synchronise> asked_mailboxes_;
};

/// A wait that names itself.
inline Wait with_id(const std::string& id, const std::string& recipient = kBot) {
  Wait wait;
  wait.waiter = id;
  wait.spec = World::spec(recipient);
  return wait;
}

/// An error whose line holds `words`.
inline bool mentions(const Answer& answer, const std::string& words) {
  return std::get<Error>(answer).message.find(words) != std::string::npos;
}

}  // namespace otpctl::delivery::test
