// What stands between a label and a number, or around a number. Places are in the folded text.
#pragma once

#include "code/fold.hpp"
#include "code/lexicon.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace otpctl::code {

enum class Link {
  none,
  delimiter,  // ':', '=', a dash between spaces
  copula,     // "is"
};

class Gaps {
 public:
  /// Both live as long as this.
  Gaps(std::string_view text, const Hits& hits);

  /// How [begin, end) ends, from a label's end to a number's begin; quotes and brackets left aside.
  Link link_before_number(std::size_t begin, std::size_t end) const;
  /// How it begins, from a number's end to a label's begin.
  Link link_after_number(std::size_t begin, std::size_t end) const;

  /// Nothing but white space, quotes, brackets and "no."/"#"/':' between.
  bool is_adjacent(std::size_t begin, std::size_t end) const;

  bool has_stop(std::size_t begin, std::size_t end) const;    // the end of a sentence
  bool has_line_end(std::size_t begin, std::size_t end) const;
  std::size_t count_words(std::size_t begin, std::size_t end) const;
  std::size_t count_lines(std::size_t begin, std::size_t end) const;  // non-empty lines that lie wholly between

  /// " and ", " or ", "/", …: two codes of one label.
  bool is_list_link(std::size_t begin, std::size_t end) const;

  /// "has expired", "is no longer valid": said of the number in [begin, end), in its sentence behind it or in its clause
  /// in front.
  bool is_expired(std::size_t begin, std::size_t end) const;

  /// A request stands right before or right behind the number in [begin, end): "use …".
  bool is_asked_for(std::size_t begin, std::size_t end) const;
  /// … in front of the label that begins at `begin`, at most two words between: "enter the code".
  bool is_label_asked_for(std::size_t begin) const;
  /// What for: "to sign in", in its sentence, or before it on its line.
  bool has_aim(std::size_t begin, std::size_t end) const;
  bool has_aim_behind(std::size_t end) const;   // directly
  bool has_life_behind(std::size_t end) const;  // "within", in its sentence

  /// Where the line begins in which `pos` stands, and where it ends, at most 160 characters away.
  std::size_t line_begin(std::size_t pos) const;
  std::size_t line_end(std::size_t pos) const;

  std::string_view between(std::size_t begin, std::size_t end) const {
    return begin < end ? text_.substr(begin, end - begin) : std::string_view();
  }

 private:
  bool is_stop(std::size_t pos, std::size_t end) const;
  std::size_t sentence_end(std::size_t pos, std::size_t most) const;

  std::string_view text_;
  const Hits& hits_;
  std::vector<std::uint32_t> stops_, feeds_;  // where sentences and lines end: asked for at every turn
};

/// Its last word has at most three letters ("order no", "ref"): a full stop behind it may be an
/// abbreviation's.
bool ends_short(std::string_view label);

}  // namespace otpctl::code
