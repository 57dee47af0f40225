// otpctl manual on a terminal: lists who waits, asks whose code it is, asks for the code, and tells meanwhile who has got
// one elsewhere. Lines only: the cursor is never moved and the terminal never changed, so it works over ssh from a phone
// and with a screen reader, and has nothing to put right, however it ends. Who may be in the middle of a line when there is
// nothing left to type it for is asked for Enter: the rest of a code must not become a command of the shell, nor the code
// of somebody else.
#pragma once

#include "client/client.hpp"
#include "client/follower.hpp"
#include "manual/board.hpp"
#include "manual/manual.hpp"
#include "shared/signals.hpp"

namespace otpctl::apps::manual {

class Conversation {
 public:
  Conversation(const Options& options, Context& context, const client::Options& agent);

  /// Until a code is handed over (done), nobody waits any more or the person leaves (no), or the agent ends. Nothing:
  /// nobody waits for the target, but a code can be kept for it.
  std::optional<ExitCode> run();

 private:
  void begin();
  void without_agent(const Error& why);
  void list();
  void list_of_target(const std::vector<WaiterInfo>& all);
  void wait_for_somebody();
  std::optional<std::size_t> ask_who();
  void ask_code(std::size_t index);
  bool hand_over(const WaiterInfo& waiter, const std::string& code, bool picked);  // false: ask again

  /// The next line that is typed. Nothing: the conversation has ended, or the list is no longer worth answering, because
  /// `about` is gone, everybody is, or (of an empty list) somebody has come.
  std::optional<std::string> line(const std::string& prompt, std::optional<std::size_t> about = {});
  bool tell(const rpc::EventsResult& page, std::optional<std::size_t> about, const std::string& prompt);
  void take_signal(int number, const std::string& prompt);
  void read_typed();
  std::optional<std::string> typed_line();
  void forget_typed();
  bool may_be_typing() const;
  void swallow_line(const std::string& prompt);
  void end(ExitCode exit) { exit_ = exit; }
  void fail_with(const Error& error);

  template <class T>
  Result<T> ask(const rpc::Request& request);
  Result<std::vector<WaiterInfo>> waiters();

  void say(const std::string& text);
  void say(const std::vector<Line>& lines);
  void say_wrapped(const std::string& text);
  void new_line_behind_prompt();
  View view() const;
  std::string name_of(const WaiterInfo& waiter) const;

  const Options& options_;
  Context& context_;
  Signals signals_;
  client::Client agent_;
  client::Follower feed_;
  Board board_;
  std::string typed_;
  bool prompted_ = false;
  bool mid_line_ = false;  // what was asked for is over, and the answer to it may still be being typed
  bool listed_ = false;
  bool said_away_ = false;
  bool keep_ = false;
  std::optional<ExitCode> exit_;
};

}  // namespace otpctl::apps::manual
