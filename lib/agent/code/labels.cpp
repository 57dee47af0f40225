#include "code/labels.hpp"

#include "code/fold.hpp"

#include <algorithm>
#include <array>

namespace otpctl::code {

namespace {

constexpr std::size_t kInflection = 8;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || c == kOtherLetter; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The entries by their first byte, longest first.
class Index {
 public:
  Index() {
    for (const auto& table : {english_labels(), turkish_labels(), german_labels()}) {
      for (const LabelEntry& entry : table) bucket(entry.text[0]).push_back(entry);
    }
    for (auto& entries : buckets_) {
      std::stable_sort(
          entries.begin(), entries.end(),
          [](const LabelEntry& a, const LabelEntry& b) { return a.text.size() > b.text.size(); });
    }
  }
  const std::vector<LabelEntry>& at(char first) const {
    return buckets_[static_cast<unsigned char>(first)];
  }

 private:
  std::vector<LabelEntry>& bucket(char first) {
    return buckets_[static_cast<unsigned char>(first)];
  }
  std::array<std::vector<LabelEntry>, 256> buckets_;
};

const Index& index() {
  static const Index once;
  return once;
}

/// Behind the gap that a space of an entry stands for; `pos` itself when there is none.
std::size_t skip_gap(std::string_view text, std::size_t pos) {
  std::size_t end = pos;
  bool line = false;
  while (end < text.size() && end - pos < 4 &&
         (text[end] == ' ' || text[end] == '-' || (text[end] == '\n' && !line))) {
    line = line || text[end] == '\n';
    ++end;
  }
  return end;
}

/// Where `entry` ends in `text` when it begins at `pos`, or 0.
std::size_t match(std::string_view text, std::size_t pos, std::string_view entry) {
  for (const char c : entry) {
    if (c == '*') {
      const std::size_t limit = std::min(text.size(), pos + kInflection);
      while (pos < limit && is_letter(text[pos])) ++pos;
    } else if (c == ' ') {
      const std::size_t next = skip_gap(text, pos);
      if (next == pos) return 0;
      pos = next;
    } else {
      if (pos >= text.size() || text[pos] != c) return 0;
      ++pos;
    }
  }
  return pos < text.size() && is_letter(text[pos]) ? 0 : pos;
}

}  // namespace

std::vector<Label> find_labels(std::string_view folded) {
  std::vector<Label> out;
  for (std::size_t pos = 0; pos < folded.size();) {
    const bool word_begin = pos == 0 || !(is_letter(folded[pos - 1]) || is_digit(folded[pos - 1]));
    std::size_t end = 0;
    if (word_begin) {
      for (const LabelEntry& entry : index().at(folded[pos])) {
        end = match(folded, pos, entry.text);
        if (end == 0) continue;
        out.push_back({pos, end, entry.sense});
        break;
      }
    }
    pos = std::max(end, pos + 1);
  }
  return out;
}

}  // namespace otpctl::code
