// Text in columns of a terminal. Pure: no locale of the process is asked or changed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace otpctl::apps {

/// Columns that `text` (valid UTF-8, printable) takes: wide characters two, combining ones none.
int cells(std::string_view text);

/// Text from outside as a terminal may show it: printable(), without characters whose width terminals disagree on, and
/// in ASCII alone where `utf8` is false ("?" for what has no name there).
std::string shown(std::string_view text, bool utf8, std::size_t limit = 200);

/// At most `columns`; what is cut ends with "…" ("~" without UTF-8).
std::string fit(std::string_view text, int columns, bool utf8);

/// At most `columns`, cut in the middle: of a name the beginning and the end tell most.
std::string fit_middle(std::string_view text, int columns, bool utf8);

/// `text` (valid UTF-8) with one space for each run of blanks, none at its ends: what others have named cannot be laid out
/// so that it looks like a line of ours.
std::string without_blanks(std::string_view text);

/// fit() and spaces up to exactly `columns`.
std::string pad(std::string_view text, int columns, bool utf8);

/// Lines of at most `columns`, broken at spaces where there are some; all but the first begin with `indent` spaces
/// (fewer where the terminal is narrow). At least one line.
std::vector<std::string> wrap(std::string_view text, int columns, int indent);

/// A column of a table. What is left out first in a narrow terminal has the highest `drop`; 0 stays always.
struct Column {
  std::string title;
  int drop = 0;
  bool grows = false;  // takes what is left, and is shortened first
};

/// Rows (of as many texts as columns, shown() already) in lines of at most `columns`; the titles are the first.
std::vector<std::string> in_columns(const std::vector<Column>& what, const std::vector<std::vector<std::string>>& rows,
                                    int columns, bool utf8);

}  // namespace otpctl::apps
