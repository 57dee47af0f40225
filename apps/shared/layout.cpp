#include "shared/layout.hpp"

#include "base/text.hpp"
#include "shared/cells.hpp"
#include "shared/output.hpp"
#include "shared/terminal.hpp"

#include <algorithm>

namespace otpctl::apps {

namespace {

constexpr int kGap = 2;
constexpr int kLeastOfLast = 24;   // a last column narrower than this is no column any more
constexpr int kLeastOfValue = 50;  // of pairs: values are paths, which have no spaces
using Rows = std::vector<std::vector<std::string>>;

/// Where the last column begins.
int left_of_last(const Rows& rows) {
  int left = 0;
  for (std::size_t i = 0; i + 1 < rows.front().size(); ++i) {
    int widest = 0;
    for (const auto& row : rows) widest = std::max(widest, cells(row[i]));
    left += widest + kGap;
  }
  return left;
}

bool fits(const Rows& rows, int columns) {
  const int left = left_of_last(rows);
  return std::all_of(rows.begin(), rows.end(),
                     [&](const auto& row) { return left + cells(row.back()) <= columns; });
}

/// The last cells broken, what follows in rows of its own.
std::string with_broken_last(const Rows& rows, int columns) {
  const int room = columns - left_of_last(rows);
  Rows broken;
  for (const auto& row : rows) {
    const std::vector<std::string> lines = wrap(row.back(), room, 0);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      std::vector<std::string> next = i == 0 ? row : std::vector<std::string>(row.size());
      next.back() = lines[i];
      broken.push_back(std::move(next));
    }
  }
  return table(broken);
}

std::string in_lines(const std::string& text, int columns, int indent) {
  std::string out;
  for (const std::string& line : wrap(text, columns - indent, 0))
    out += std::string(static_cast<std::size_t>(indent), ' ') + line + "\n";
  return out;
}

std::string laid_out(const Rows& rows, int columns, int least, std::string (*stacked)(const Rows&, int)) {
  if (columns == 0 || rows.empty() || fits(rows, columns)) return table(rows);
  if (columns - left_of_last(rows) >= least) return with_broken_last(rows, columns);
  return stacked(rows, columns);
}

std::string stacked_table(const Rows& rows, int columns) {
  std::string text;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    std::string rest;
    for (std::size_t k = 1; k < rows[i].size(); ++k)
      rest += (k > 1 ? ", " : "") + to_lower(rows.front()[k]) + " " + rows[i][k];
    text += in_lines(rows[i].front(), columns, 0) + in_lines(rest, columns, kGap);
  }
  return text;
}

std::string stacked_pairs(const Rows& rows, int columns) {
  std::string text;
  for (const auto& row : rows) text += in_lines(row.front(), columns, 0) + in_lines(row.back(), columns, kGap);
  return text;
}

}  // namespace

int columns_of_errors(const Context& context) { return context.err_tty ? size_of(context, context.err).columns : 0; }

int columns_of(const Context& context) { return looks_of(context).terminal ? size_of(context).columns : 0; }

std::string folded(const std::string& text, int columns) {
  if (columns == 0) return text;
  std::string out;
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t end = std::min(text.find('\n', pos), text.size());
    const std::string line = text.substr(pos, end - pos);
    const auto indent = static_cast<int>(std::min(line.find_first_not_of(' '), line.size()));
    for (const std::string& each : wrap(line, columns, indent + kGap)) out += each + "\n";
    pos = end + 1;
  }
  return out;
}

std::string table_in(const Rows& rows, int columns) { return laid_out(rows, columns, kLeastOfLast, stacked_table); }

std::string pairs_in(const Rows& rows, int columns) { return laid_out(rows, columns, kLeastOfValue, stacked_pairs); }

}  // namespace otpctl::apps
