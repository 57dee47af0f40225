// Who waits, as an operator sees it: the list with its numbers, what became of those in it since, and who is meant by
// what was typed. Pure.
#pragma once

#include "base/time.hpp"
#include "shared/terminal.hpp"

#include <otpctl/types.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otpctl::apps::manual {

/// Digits, as few as a number of a list of `count` has (two at least): meant as one, in the list or not.
bool is_number_of_list(std::string_view text, std::size_t count);

class Board {
 public:
  Board() = default;
  explicit Board(std::vector<WaiterInfo> waiters);

  bool empty() const { return rows_.empty(); }
  std::size_t size() const { return rows_.size(); }
  const WaiterInfo& waiter(std::size_t index) const { return rows_[index].waiter; }
  /// Why it cannot be helped any more ("got its code from main/INBOX"), or "".
  const std::string& gone(std::size_t index) const { return rows_[index].gone; }
  bool all_gone() const;

  struct News {
    std::optional<std::size_t> about;  // nothing: somebody who is not listed
    std::string text;                  // printable
    bool of_recipient = false;         // about all who wait for the same
  };
  /// What the event changes for those who are listed; of those who come, the first since the list was made.
  std::optional<News> hear(const Event& event);

  bool concerns(const News& news, std::size_t index) const;

  /// Who is meant: a number of the list, the beginning of an id, a recipient, the beginning of one, a part of one; ""
  /// when only one is left. The first of these ways that fits anybody counts. Those who are gone are found as well.
  std::vector<std::size_t> fitting(std::string_view text) const;

  /// A number as short as those of the list that is not in it. It is never taken for a part of a name.
  bool is_beyond(std::string_view text) const;

 private:
  struct Row {
    WaiterInfo waiter;
    std::string gone;
  };
  std::optional<News> end(std::size_t index, std::string why);
  std::optional<News> hear_message(const Event& event);
  std::vector<std::size_t> of_session(const std::string& session) const;

  std::vector<Row> rows_;
  bool told_of_another_ = false;
};

/// How wide, and whether UTF-8 may be shown. 0 columns: lines are not broken.
struct View {
  int columns = 0;
  bool utf8 = true;
};

/// Those of the list with their numbers: for whom, since when, how long left, what came and did not match, and where
/// it is ambiguous the codes to choose from. `only`: these, all when it is empty.
std::vector<Line> in_lines(const Board& board, const std::vector<std::size_t>& only, WallTime now, View view);

/// The candidates of one, numbered.
std::vector<Line> candidates_in_lines(const WaiterInfo& waiter, WallTime now, View view);

}  // namespace otpctl::apps::manual
