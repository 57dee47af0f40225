#include "extract/marks.hpp"

#include "base/text.hpp"
#include "shared/cells.hpp"

#include <algorithm>
#include <utility>

namespace otpctl::apps::extract {

void Painted::add(std::string_view text, Tone tone) {
  text_ += text;
  shape_ += text;
  tones_.append(text.size(), static_cast<char>(tone));
}

void Painted::add_together(std::string_view text, Tone tone) {
  add(text, tone);
  std::replace(shape_.end() - static_cast<std::ptrdiff_t>(text.size()), shape_.end(), ' ', '_');
}

std::string Painted::painted(std::size_t begin, std::size_t end, bool color) const {
  if (!color) return text_.substr(begin, end - begin);
  std::string out;
  while (begin < end) {
    const std::size_t stop = std::min(tones_.find_first_not_of(tones_[begin], begin), end);
    out += apps::painted({text_.substr(begin, stop - begin), static_cast<Tone>(tones_[begin])}, true);
    begin = stop;
  }
  return out;
}

std::string Painted::lines(std::string_view first, std::string_view next, Shape shape) const {
  if (shape.columns == 0) return std::string(first) + painted(0, text_.size(), shape.color) + "\n";
  const int room = std::max(shape.columns - std::max(cells(first), cells(next)), 10);
  std::string out;
  std::size_t at = 0;
  for (const std::string& line : wrap(shape_, room, 0)) {
    at = shape_.find(line, at);  // behind the spaces at which it was broken
    out += std::string(out.empty() ? first : next) + painted(at, at + line.size(), shape.color) + "\n";
    at += line.size();
  }
  return out;
}

namespace {

class Marker {
 public:
  explicit Marker(std::string_view text) : text_(text), lines_(1) {}

  void show_until(std::size_t end, Tone tone, bool together = false) {
    while (pos_ < end) {
      const std::size_t stop = std::min(text_.find('\n', pos_), end);
      const std::string shown = printable(text_.substr(pos_, stop - pos_), stop - pos_);
      together ? lines_.back().add_together(shown, tone) : lines_.back().add(shown, tone);
      pos_ = stop;
      if (pos_ == end) return;
      lines_.emplace_back();
      ++pos_;
    }
  }

  void show(const Mark& mark) {
    if (mark.begin < pos_ || mark.end > text_.size() || mark.begin >= mark.end) return;
    show_until(mark.begin, Tone::plain);
    lines_.back().add(mark.before, mark.tone);
    show_until(mark.end, mark.tone, true);
    lines_.back().add(mark.after, mark.tone);
  }

  std::vector<Painted> take() {
    show_until(text_.size(), Tone::plain);
    return std::move(lines_);
  }

 private:
  std::string_view text_;
  std::size_t pos_ = 0;
  std::vector<Painted> lines_;
};

}  // namespace

std::vector<Painted> marked(std::string_view text, std::vector<Mark> marks) {
  std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.begin < b.begin; });
  Marker marker(text);
  for (const Mark& mark : marks) marker.show(mark);
  return marker.take();
}

}  // namespace otpctl::apps::extract
