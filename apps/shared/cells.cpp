#include "shared/cells.hpp"

#include "base/text.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <numeric>
#include <locale.h>
#include <cwchar>

namespace otpctl::apps {

namespace {

constexpr int kGap = 2;
constexpr int kNarrowest = 8;  // a column that grows is not made narrower before it is left out itself

/// wcwidth() by the tables of C.UTF-8, whatever the locale of the process is.
class WidthTables {
 public:
  WidthTables() : before_(uselocale(tables())) {}
  ~WidthTables() { uselocale(before_); }
  WidthTables(const WidthTables&) = delete;
  WidthTables& operator=(const WidthTables&) = delete;

  /// -1: not to be shown.
  int of(char32_t point) const {
    if (point >= 0x20 && point < 0x7F) return 1;
    return wcwidth(static_cast<wchar_t>(point));
  }

 private:
  static locale_t tables() {
    static const locale_t found = newlocale(LC_CTYPE_MASK, "C.UTF-8", static_cast<locale_t>(nullptr));
    return found;  // 0 where there is none: uselocale(0) changes nothing, and only ASCII is shown
  }

  locale_t before_;
};

/// Emoji presentation and joiners: terminals disagree on how wide they make their neighbours.
bool is_joiner(char32_t point) { return point == 0x200D || (point >= 0xFE00 && point <= 0xFE0F); }

/// Whatever a terminal shows as nothing but room.
bool is_blank(char32_t point) {
  return point == ' ' || point == 0xA0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200B) || point == 0x202F ||
         point == 0x205F || point == 0x3000 || point == 0x2800 || point == 0x115F || point == 0x1160 ||
         point == 0x3164 || point == 0xFFA0 || point == 0xFEFF;
}

void append_ascii(std::string& out, char32_t point, std::string_view bytes) {
  if (point < 0x80) {
    out += bytes;
  } else if (point == U'…') {
    out += "...";
  } else {
    out += '?';
  }
}

/// The longest beginning of `text` that takes at most `columns`.
std::string_view beginning(std::string_view text, int columns) {
  const WidthTables widths;
  int used = 0;
  std::size_t pos = 0;
  while (pos < text.size()) {
    const Utf8Char c = utf8_at(text, pos);
    used += std::max(widths.of(c.point), 0);
    if (used > columns) break;
    pos += c.size;
  }
  return text.substr(0, pos);
}

}  // namespace

int cells(std::string_view text) {
  const WidthTables widths;
  int used = 0;
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_at(text, pos);
    used += std::max(widths.of(c.point), 0);
    pos += c.size;
  }
  return used;
}

std::string shown(std::string_view text, bool utf8, std::size_t limit) {
  const std::string safe = printable(text, limit);
  const WidthTables widths;
  std::string out;
  out.reserve(safe.size());
  for (std::size_t pos = 0; pos < safe.size();) {
    const Utf8Char c = utf8_at(safe, pos);
    const std::string_view bytes = std::string_view(safe).substr(pos, c.size);
    pos += c.size;
    if (is_joiner(c.point)) continue;
    if (!utf8) {
      append_ascii(out, c.point, bytes);
    } else {
      out += widths.of(c.point) < 0 ? "?" : bytes;
    }
  }
  return out;
}

std::string fit(std::string_view text, int columns, bool utf8) {
  columns = std::max(columns, 0);
  if (static_cast<int>(text.size()) <= columns || cells(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  return std::string(beginning(text, columns - 1)) + (utf8 ? "…" : "~");
}

std::string fit_middle(std::string_view text, int columns, bool utf8) {
  columns = std::max(columns, 0);
  if (cells(text) <= columns || columns < 3) return fit(text, columns, utf8);
  const std::string_view head = beginning(text, columns / 2);
  const int room = columns - cells(head) - 1;
  std::size_t tail = text.size();
  for (std::size_t pos = head.size(); pos < text.size(); pos += utf8_at(text, pos).size) {
    if (cells(text.substr(pos)) > room) continue;
    tail = pos;
    break;
  }
  return std::string(head) + (utf8 ? "…" : "~") + std::string(text.substr(tail));
}

std::string without_blanks(std::string_view text) {
  std::string out;
  bool blank = false;
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_at(text, pos);
    if (is_blank(c.point)) {
      blank = true;
    } else {
      if (blank && !out.empty()) out += ' ';
      blank = false;
      out += text.substr(pos, c.size);
    }
    pos += c.size;
  }
  return out;
}

std::string pad(std::string_view text, int columns, bool utf8) {
  std::string out = fit(text, columns, utf8);
  out.append(static_cast<std::size_t>(std::max(columns - cells(out), 0)), ' ');
  return out;
}

std::vector<std::string> wrap(std::string_view text, int columns, int indent) {
  columns = std::max(columns, 2);  // a wide character must fit
  indent = std::min(indent, columns / 4);
  std::vector<std::string> lines;
  std::string head;
  while (!text.empty() || lines.empty()) {
    const int room = columns - static_cast<int>(head.size());
    std::string_view taken = beginning(text, std::max(room, 2));
    if (taken.size() < text.size()) {
      const std::size_t space = text.substr(0, taken.size() + 1).rfind(' ');
      if (space != text.npos && space > taken.size() / 3) taken = text.substr(0, space);
    }
    text.remove_prefix(taken.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    lines.push_back(head + std::string(taken));
    head.assign(static_cast<std::size_t>(indent), ' ');
  }
  return lines;
}

namespace {

int sum_of(const std::vector<int>& widths) {
  int columns = -kGap;
  for (const int each : widths) columns += each < 0 ? 0 : each + kGap;
  return columns;
}

/// -1: left out.
std::vector<int> widths_for(const std::vector<Column>& what, const std::vector<std::vector<std::string>>& rows,
                            int columns) {
  std::vector<int> widths;
  for (std::size_t i = 0; i < what.size(); ++i) {
    int widest = cells(what[i].title);
    for (const auto& row : rows) widest = std::max(widest, cells(row[i]));
    widths.push_back(widest);
  }
  // What stays always keeps half of the line, others a few characters.
  const auto least_of = [&](std::size_t i) {
    const int narrowest = what[i].drop == 0 ? std::max(kNarrowest, columns / 2) : kNarrowest;
    return what[i].grows ? std::min(widths[i], narrowest) : widths[i];
  };
  std::vector<std::size_t> by_drop(what.size());
  std::iota(by_drop.begin(), by_drop.end(), std::size_t{0});
  std::stable_sort(by_drop.begin(), by_drop.end(),
                   [&](std::size_t a, std::size_t b) { return what[a].drop < what[b].drop; });
  int used = -kGap;
  for (const std::size_t i : by_drop) {
    const int more = least_of(i) + kGap;
    if (what[i].drop > 0 && used + more > columns) {
      widths[i] = -1;
    } else {
      used += more;
    }
  }
  const auto shorten = [&](std::size_t i, int least) {
    if (widths[i] >= 0 && sum_of(widths) > columns)
      widths[i] = std::max(widths[i] - (sum_of(widths) - columns), least);
  };
  for (std::size_t i = what.size(); i-- > 0;) shorten(i, least_of(i));
  for (std::size_t i = what.size(); i-- > 0;) {
    if (what[i].grows) shorten(i, std::min(widths[i], kNarrowest));
  }
  return widths;
}

}  // namespace

std::vector<std::string> in_columns(const std::vector<Column>& what, const std::vector<std::vector<std::string>>& rows,
                                    int columns, bool utf8) {
  const std::vector<int> widths = widths_for(what, rows, columns);
  const auto line_of = [&](const auto& text_of) {
    std::string line;
    for (std::size_t i = 0; i < what.size(); ++i) {
      if (widths[i] < 0) continue;
      if (!line.empty()) line += std::string(kGap, ' ');
      line += pad(text_of(i), widths[i], utf8);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return fit(line, columns, utf8);
  };
  std::vector<std::string> lines{line_of([&](std::size_t i) { return what[i].title; })};
  for (const auto& row : rows) lines.push_back(line_of([&](std::size_t i) { return row[i]; }));
  return lines;
}

}  // namespace otpctl::apps
