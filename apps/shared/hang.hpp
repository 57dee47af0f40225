// Help in a narrow terminal. Of ASCII, and in a header: the dispatcher links nothing for it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace otpctl::apps {

/// `text` broken at spaces into lines of at most `columns`; the first begins with `indent` spaces, the others with
/// `hang`.
inline std::string broken(std::string_view text, std::size_t columns, std::size_t indent, std::size_t hang) {
  std::string out;
  for (; !text.empty(); indent = hang) {
    const std::size_t room = columns > indent + 8 ? columns - indent : 8;
    std::size_t size = text.size();
    if (size > room) {
      const std::size_t space = text.substr(0, room + 1).rfind(' ');
      size = space == text.npos || space == 0 ? room : space;
    }
    out += std::string(indent, ' ') + std::string(text.substr(0, size)) + "\n";
    text.remove_prefix(size);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
  return out;
}

constexpr std::size_t kBelow = 6;

/// The lines of a help text, each at most `columns` wide (0: as they are): a second column ("  -q --quiet   no
/// progress") is broken into its own column, or stands below the first where that leaves it no half of the terminal.
inline std::string hung(std::string_view text, int width) {
  if (width <= 0) return std::string(text);
  const auto columns = static_cast<std::size_t>(width);
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
    const std::size_t gap = line.find("  ", first);
    const std::size_t second = gap == line.npos ? line.npos : line.find_first_not_of(' ', gap);
    if (line.size() <= columns && first <= columns / 2) {
      out += std::string(line) + "\n";
    } else if (second == line.npos) {
      const std::size_t indent = first <= columns / 2 ? first : kBelow;
      out += broken(line.substr(first), columns, indent, indent == 0 ? 2 : indent < kBelow ? indent + 4 : indent);
    } else if (second <= columns / 2) {
      out += std::string(line.substr(0, second)) + broken(line.substr(second), columns, second, second).substr(second);
    } else {
      out += broken(line.substr(first, gap - first), columns, first, first + 4);
      out += broken(line.substr(second), columns, kBelow, kBelow);
    }
  }
  return out;
}

}  // namespace otpctl::apps
